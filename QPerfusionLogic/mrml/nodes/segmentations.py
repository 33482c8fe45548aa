"""The heart's labels as a segmentation node with names, colours and terminology, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE, BoolArray, LabelArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.slice_stacks import nearest_index, on_grid
from QPerfusionLogic.data.study import LabelMap
from QPerfusionLogic.errors import InputError

from .volumes import LPS_TO_RAS, as_array, geometry_of_volume, image_of, set_image


@dataclass(frozen=True)
class Structure:
    """A label of the heart: its value, name, colour (0 to 1) and SNOMED CT code and meaning."""

    label: int
    segment_id: str
    name: str
    color: tuple[float, float, float]
    code: str
    meaning: str


STRUCTURES = (
    Structure(MYOCARDIUM, "Myocardium", "Myocardium", (0.78, 0.45, 0.35), "74281007", "Myocardium"),
    Structure(LEFT_VENTRICLE, "LeftVentricle", "LV blood pool", (0.85, 0.20, 0.20), "87878005", "Left ventricle"),
    Structure(RIGHT_VENTRICLE, "RightVentricle", "RV blood pool", (0.25, 0.45, 0.85), "53085002", "Right ventricle"),
)
TERMINOLOGY_NAME = "Segmentation category and type - QPerfusion"
"""Name of the context in Resources/Terminology/SegmentationCategoryTypeModifier-QPerfusion.term.json."""
_CATEGORY = ("123037004", "SCT", "Anatomical Structure")
_BINARY = "Binary labelmap"
_KNOWN_NAMES = {
    MYOCARDIUM: ("myocardium", "myo", "lv myocardium"),
    LEFT_VENTRICLE: ("leftventricle", "lv", "lv blood pool", "left ventricle", "lv blood"),
    RIGHT_VENTRICLE: ("rightventricle", "rv", "rv blood pool", "right ventricle", "rv blood"),
}


def add_segmentation(scene: Any, name: str, labels: LabelArray, geometry: Geometry, reference: Any = None) -> Any:
    """Add a segmentation node with one segment for each of myocardium, LV and RV blood pool.

    Parameters
    ----------
    labels : (slices, rows, columns) array
        1 myocardium, 2 LV blood, 3 RV blood; segments of absent labels are added empty, ready to be drawn.
    reference : vtkMRMLScalarVolumeNode, optional
        Volume whose grid becomes the reference geometry.

    Returns
    -------
    vtkMRMLSegmentationNode
    """
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", scene.GenerateUniqueName(name))
    node.CreateDefaultDisplayNodes()
    segmentation = node.GetSegmentation()
    for structure in STRUCTURES:
        segment = slicer.vtkSegment()
        segment.SetName(structure.name)
        segment.SetColor(*structure.color)
        segment.SetLabelValue(structure.label)
        segment.SetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), _terminology(structure))
        mask = np.where(labels == structure.label, structure.label, 0).astype(np.uint8)
        segment.AddRepresentation(_BINARY, oriented_image(mask, geometry))
        segmentation.AddSegment(segment, structure.segment_id)
    segmentation.CollapseBinaryLabelmaps(False)
    if reference is not None:
        node.SetReferenceImageGeometryParameterFromVolumeNode(reference)
    display = node.GetDisplayNode()
    display.SetVisibility2DFill(False)
    display.SetVisibility3D(False)
    return node


AIF_REGION = "AifRegion"
"""Id of the segment whose blood pixels the arterial input is read from; it overlaps the LV blood pool."""


def add_aif_region(node: Any, region: BoolArray, geometry: Geometry) -> None:
    """Add the AIF region (slices, rows, columns) as a segment of a segmentation node."""
    segment = slicer.vtkSegment()
    segment.SetName("AIF region")
    segment.SetColor(0.95, 0.85, 0.20)
    segment.AddRepresentation(_BINARY, oriented_image(region.astype(np.uint8), geometry))
    node.GetSegmentation().AddSegment(segment, AIF_REGION)


def aif_region_of(node: Any, geometry: Geometry, image_shape: tuple[int, int, int]) -> BoolArray | None:
    """Return the AIF region (slices, rows, columns) of a segmentation node, None when it has no such segment."""
    if node.GetSegmentation().GetSegment(AIF_REGION) is None:
        return None
    return segment_mask(node, AIF_REGION, geometry, image_shape)


def labels_of(node: Any, geometry: Geometry, image_shape: tuple[int, int, int]) -> LabelMap:
    """Return the labels of a segmentation or label-map node.

    Segments are recognised by their id or name (myocardium, LV or left ventricle, RV or right ventricle).

    Parameters
    ----------
    geometry, image_shape : Geometry and (slices, rows, columns)
        The grid of the series that the labels are read on, by their place in the patient.

    Raises
    ------
    InputError
        When the segmentation has no segment that is recognised, or a label map lies beside the series.
    """
    if node.IsA("vtkMRMLSegmentationNode"):
        return LabelMap(_labels_of_segmentation(node, geometry, image_shape), geometry, source=node.GetName())
    return LabelMap(_labels_of_volume(node, geometry, image_shape), geometry, source=node.GetName())


def oriented_image(mask: LabelArray, geometry: Geometry) -> Any:
    """Return a mask (slices, rows, columns) as a vtkOrientedImageData."""
    holder, matrix = slicer.vtkMRMLLabelMapVolumeNode(), vtk.vtkMatrix4x4()
    set_image(holder, mask, geometry)
    holder.GetIJKToRASMatrix(matrix)
    image = slicer.vtkOrientedImageData()
    image.ShallowCopy(holder.GetImageData())
    image.SetGeometryFromImageToWorldMatrix(matrix)
    return image


def _labels_of_volume(node: Any, geometry: Geometry, image_shape: tuple[int, int, int]) -> LabelArray:
    labels, own = np.round(image_of(node)).astype(np.uint8), geometry_of_volume(node)
    if labels.shape == image_shape and not own.has_position:
        return labels
    found = on_grid(labels, own, geometry, image_shape)
    if labels.any() and not found.any():
        raise InputError(
            f"no label of {node.GetName()} on the series",
            expected="a label map at the place of the series",
            action="draw or resample the mask on the series",
        )
    return found


def _labels_of_segmentation(node: Any, geometry: Geometry, image_shape: tuple[int, int, int]) -> LabelArray:
    segmentation = node.GetSegmentation()
    ids = list(segmentation.GetSegmentIDs())
    found = {}
    for label, names in _KNOWN_NAMES.items():
        for segment_id in ids:
            if {segment_id.lower(), segmentation.GetSegment(segment_id).GetName().lower()} & set(names):
                found[label] = segment_id
                break
    if not found:
        raise InputError(
            f"the segments {', '.join(ids) or '(none)'} in {node.GetName()}",
            expected="segments named Myocardium, LV blood pool, RV blood pool",
            action="rename the segments",
        )
    labels = np.zeros(image_shape, dtype=np.uint8)
    for label in (RIGHT_VENTRICLE, MYOCARDIUM, LEFT_VENTRICLE):
        if label in found:
            labels[segment_mask(node, found[label], geometry, image_shape)] = label
    return labels


def segment_mask(node: Any, segment_id: str, geometry: Geometry, image_shape: tuple[int, int, int]) -> BoolArray:
    """Return a segment (slices, rows, columns) on a grid; False everywhere when it is empty."""
    source = slicer.vtkOrientedImageData()
    node.CreateBinaryLabelmapRepresentation()
    if not node.GetBinaryLabelmapRepresentation(segment_id, source) or source.GetNumberOfPoints() == 0:
        return np.zeros(image_shape, dtype=bool)
    matrix = vtk.vtkMatrix4x4()
    source.GetImageToWorldMatrix(matrix)
    found = nearest_index(np.linalg.inv(LPS_TO_RAS @ as_array(matrix)), geometry, image_shape)
    extent = np.array(source.GetExtent()).reshape(3, 2)
    inside = ((found >= extent[:, 0]) & (found <= extent[:, 1])).all(axis=-1)
    columns, rows, slices = np.moveaxis(found[inside] - extent[:, 0], -1, 0)
    pixels = numpy_support.vtk_to_numpy(source.GetPointData().GetScalars())
    pixels = pixels.reshape(source.GetDimensions()[::-1])
    mask = np.zeros(image_shape, dtype=bool)
    mask[inside] = pixels[slices, rows, columns] > 0
    return mask


def _terminology(structure: Structure) -> str:
    nothing = ("", "", "")
    return str(
        slicer.vtkSlicerTerminologiesModuleLogic.SerializeTerminologyEntry(
            TERMINOLOGY_NAME,
            *_CATEGORY,
            *(structure.code, "SCT", structure.meaning),
            *nothing,
            "",
            *nothing,
            *nothing,
        )
    )
