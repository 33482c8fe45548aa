"""Arrays on the pixel grid and scalar or label volumes of the scene, with their place in the patient.

Slicer reverses the slices of a left-handed stack when it reads a volume from a file
(vtkMRMLVolumeArchetypeStorageNode::ReadDataInternal; some versions those of a sequence, too), and some of its
algorithms need a right-handed one. So stacks are stored right-handed. An attribute of the node lists the slices in the
order of the series, and so does all that is noted for each slice; whatever is read comes in that order.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util import numpy_support

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.slice_stacks import INDEX_TO_LPS, in_series_order, is_right_handed, reversed_stack
from QPerfusionLogic.errors import InputError

from .marks import as_json

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def add_volume(scene: Any, name: str, image: NDArray[Any], geometry: Geometry, *, labels: bool = False) -> Any:
    """Add a scalar (or label) volume node to the scene.

    Parameters
    ----------
    image : (slices, rows, columns) array
    geometry : Geometry
        Its stack becomes the IJK to RAS matrix; the exact matrix of every slice is kept on the node.

    Returns
    -------
    vtkMRMLScalarVolumeNode or vtkMRMLLabelMapVolumeNode
    """
    class_name = "vtkMRMLLabelMapVolumeNode" if labels else "vtkMRMLScalarVolumeNode"
    node = scene.AddNewNodeByClass(class_name, scene.GenerateUniqueName(name))
    set_image(node, image, geometry)
    note_slices(node, geometry)
    node.CreateDefaultDisplayNodes()
    return node


def note_slices(node: Any, geometry: Geometry) -> None:
    """Keep on a node where every slice lies, in the order of the series."""
    node.SetAttribute(INDEX_TO_LPS, json.dumps(geometry.index_to_lps.tolist()))


def set_image(node: Any, image: NDArray[Any], geometry: Geometry) -> None:
    """Put an image (slices, rows, columns) and its geometry into a volume node, as a right-handed stack."""
    slices, rows, columns = image.shape
    stack = geometry.stack_to_lps
    if not is_right_handed(stack):
        image, stack = image[::-1], reversed_stack(stack, slices)
    contiguous = np.ascontiguousarray(image)
    if contiguous.dtype == bool:
        contiguous = contiguous.astype(np.uint8)
    data = vtk.vtkImageData()
    data.SetDimensions(columns, rows, slices)
    scalars = numpy_support.numpy_to_vtk(contiguous.ravel(), deep=True)
    scalars.SetName("ImageScalars")
    data.GetPointData().SetScalars(scalars)
    node.SetIJKToRASMatrix(as_vtk_matrix(LPS_TO_RAS @ stack))
    node.SetAndObserveImageData(data)


def image_of(node: Any) -> NDArray[Any]:
    """Return a copy (slices, rows, columns) of the pixels of a volume node, in the order of `geometry_of_volume`.

    Raises
    ------
    InputError
        When the node holds no image.
    """
    image = np.array(stored_image(node))
    return image[::-1] if is_reversed(node) else image


def stored_image(node: Any) -> NDArray[Any]:
    """Return the pixels (slices, rows, columns) of a volume node as it keeps them, without a copy.

    Raises
    ------
    InputError
        When the node holds no image.
    """
    data = node.GetImageData()
    scalars = data.GetPointData().GetScalars() if data is not None else None
    if scalars is None:
        raise InputError(f"no image in the node {node.GetName()}", action="choose a volume that has been loaded")
    columns, rows, slices = data.GetDimensions()
    found: NDArray[Any] = numpy_support.vtk_to_numpy(scalars).reshape(slices, rows, columns)
    return found


def geometry_of_volume(node: Any) -> Geometry:
    """Return where a volume node, or the frames of a sequence, lie: slices as noted unless moved, else the matrix."""
    return _placed(node)[0]


def is_reversed(node: Any) -> bool:
    """Return whether a volume node, or a sequence, keeps its slices in the opposite order to its notes."""
    return _placed(node)[1]


def stored_slice(node: Any, slice_index: int, slices: int) -> int:
    """Return where a volume node, or a sequence in its frames, keeps a slice of the series."""
    return slices - 1 - slice_index if is_reversed(node) else slice_index


def _placed(node: Any) -> tuple[Geometry, bool]:
    """Return the geometry of a node in the order of its notes, and whether its pixels are in the opposite order."""
    volume = node.GetNthDataNode(0) if node.IsA("vtkMRMLSequenceNode") else node
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    stack = LPS_TO_RAS @ as_array(matrix)
    data = volume.GetImageData()
    slices = data.GetDimensions()[2] if data is not None else 1
    return in_series_order(stack, slices, as_json(node.GetAttribute(INDEX_TO_LPS)))


def as_vtk_matrix(matrix: FloatArray) -> Any:
    """Return a vtkMatrix4x4 with the values of a (4, 4) array."""
    result = vtk.vtkMatrix4x4()
    result.DeepCopy(np.asarray(matrix, dtype=float).ravel())
    return result


def as_array(matrix: Any) -> FloatArray:
    """Return the (4, 4) array of a vtkMatrix4x4."""
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def set_units(node: Any, quantity: tuple[str, str, str], unit: tuple[str, str, str]) -> None:
    """Say what the pixel values are: (value, scheme, meaning) of the quantity and of its unit."""
    node.SetVoxelValueQuantity(_coded(quantity))
    node.SetVoxelValueUnits(_coded(unit))


def _coded(code: tuple[str, str, str]) -> Any:
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning(*code)
    return entry
