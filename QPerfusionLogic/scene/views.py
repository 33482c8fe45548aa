"""What is seen of a study: stress and rest flow side by side with the reserve, and the chart below."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk

from QPerfusionLogic.study import FloatArray

from .filling import SceneStudy
from .volumes import as_array, as_vtk_matrix, image_of

LAYOUT = 4711
"""Number of the layout among Slicer's; those below 1000 are Slicer's own."""

VIEWS = {
    "QPerfusionStress": ("stress", "#d55e00"),
    "QPerfusionRest": ("rest", "#0072b2"),
    "QPerfusionMpr": ("", "#666666"),
}
"""Name of each slice view -> state of the map in it ("" for the reserve) and its colour."""

POLAR_VIEWS = {
    "QPerfusionPolarStress": ("stress", "QPerfusionStress"),
    "QPerfusionPolarRest": ("rest", "QPerfusionRest"),
    "QPerfusionPolarMpr": ("mpr", "QPerfusionMpr"),
}
"""Name of each view of a polar map -> the polar map in it and the view of the map above it."""

_EVERYDAY_VIEWS = ("Red", "Green", "Yellow")
"""Slicer's own slice views, in which everything stays visible."""

_MARGIN, _POLAR_MARGIN = 2.4, 1.1
"""Width of a view in widths of the heart, or of the polar map."""


def layout_description() -> str:
    """Return the layout as Slicer's layout manager reads it: three maps above their polar maps and a plot."""
    maps = "".join(_view(name, color) for name, (_, color) in VIEWS.items())
    polar = "".join(_view(name, VIEWS[above][1]) for name, (_, above) in POLAR_VIEWS.items())
    plot = '<item><view class="vtkMRMLPlotViewNode" singletontag="QPerfusionPlot"/></item>'
    return (
        '<layout type="vertical" split="true">'
        f'<item><layout type="horizontal">{maps}</layout></item>'
        f'<item><layout type="horizontal">{polar}{plot}</layout></item></layout>'
    )


def _view(name: str, color: str) -> str:
    return (
        f'<item><view class="vtkMRMLSliceNode" singletontag="{name}">'
        f'<property name="orientation" action="default">Axial</property>'
        f'<property name="viewlabel" action="default">{name.removeprefix("QPerfusion")[0]}</property>'
        f'<property name="viewcolor" action="default">{color}</property></view></item>'
    )


def show_study(scene: Any, study: SceneStudy) -> None:
    """Switch to the layout of QPerfusion and show the maps of a study in it."""
    layout = scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    if layout is not None:
        if layout.IsLayoutDescription(LAYOUT):
            layout.SetLayoutDescription(LAYOUT, layout_description())
        else:
            layout.AddLayoutDescription(LAYOUT, layout_description())
        layout.SetViewArrangement(LAYOUT)
    for state, views in (("stress", ("QPerfusionStress", "QPerfusionMpr")), ("rest", ("QPerfusionRest",))):
        for role in ("segmentation", "insertion_points"):
            _show_only_in(study.nodes.get((state, role)), (*views, *_EVERYDAY_VIEWS))
    for name, (state, _) in VIEWS.items():
        show_labels(scene, name, None)
        volume = study.nodes.get((state, "view:mbf" if state else "map:mpr"))
        under = study.nodes.get((state or "stress", "volume:registered"))
        show_in_view(scene, name, volume, under, study.nodes.get((state or "stress", "segments")))
    for name, (quantity, _) in POLAR_VIEWS.items():
        show_in_view(scene, name, study.node(f"polar:{quantity}"), margin=_POLAR_MARGIN)
        _show_only_in(study.node(f"polar:{quantity}:numbers"), (name,))


def show_in_view(
    scene: Any, view: str, volume: Any, under: Any = None, heart: Any = None, margin: float = _MARGIN
) -> None:
    """Show a map over an image in one slice view, in the plane it was acquired in, as large as `heart` allows."""
    composite = _of_view(scene, "vtkMRMLSliceCompositeNode", view)
    if composite is None:
        return
    composite.SetBackgroundVolumeID(under.GetID() if under is not None else None)
    composite.SetForegroundVolumeID(volume.GetID() if volume is not None else None)
    composite.SetForegroundOpacity(1.0)
    slice_node = _of_view(scene, "vtkMRMLSliceNode", view)
    if slice_node is not None and volume is not None:
        face_slice(slice_node, heart or volume, volume.GetImageData().GetDimensions()[2] // 2, margin)


def _show_only_in(node: Any, views: tuple[str, ...]) -> None:
    display = node.GetDisplayNode() if node is not None else None
    if display is not None:
        display.SetViewNodeIDs([f"vtkMRMLSliceNode{view}" for view in views])


def face_slice(slice_node: Any, volume: Any, index: int, margin: float = _MARGIN) -> None:
    """Turn a slice view to one slice of a volume as it was acquired: rows down, columns to the right, heart large.

    Slicer's own `RotateToVolumePlane` takes the axis of the volume nearest to the present view, which need not be the
    plane of the slices.
    """
    centre, size = _heart_of(image_of(volume))
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    ijk_to_ras = as_array(matrix)
    right = ijk_to_ras[:3, 0] / np.linalg.norm(ijk_to_ras[:3, 0])
    up = -ijk_to_ras[:3, 1] / np.linalg.norm(ijk_to_ras[:3, 1])
    slice_to_ras = np.eye(4)
    slice_to_ras[:3, 0], slice_to_ras[:3, 1], slice_to_ras[:3, 2] = right, up, np.cross(right, up)
    slice_to_ras[:3, 3] = (ijk_to_ras @ [centre[1], centre[0], index, 1.0])[:3]
    slice_node.GetSliceToRAS().DeepCopy(as_vtk_matrix(slice_to_ras))
    width, height, _ = slice_node.GetDimensions()
    field = margin * size * max(np.linalg.norm(ijk_to_ras[:3, 0]), np.linalg.norm(ijk_to_ras[:3, 1]))
    slice_node.SetFieldOfView(field * width / max(height, 1), field, slice_node.GetFieldOfView()[2])
    slice_node.UpdateMatrices()


def _heart_of(image: FloatArray) -> tuple[tuple[float, float], float]:
    """Return centre (row, column) and size in pixels of the part of an image that is not empty."""
    rows, columns = np.nonzero(np.isfinite(image).any(axis=0) & (np.nan_to_num(image) != 0).any(axis=0))
    if rows.size == 0:
        rows, columns = np.array([0, image.shape[1] - 1]), np.array([0, image.shape[2] - 1])
    size = max(np.ptp(rows), np.ptp(columns)) + 1
    return (float(rows.min() + rows.max()) / 2, float(columns.min() + columns.max()) / 2), float(size)


def show_labels(scene: Any, view: str, labels: Any) -> None:
    """Show a label map over what a slice view shows; None takes it away."""
    composite = _of_view(scene, "vtkMRMLSliceCompositeNode", view)
    if composite is not None:
        composite.SetLabelVolumeID(labels.GetID() if labels is not None else None)
        composite.SetLabelOpacity(0.6)


def show_motion(scene: Any, study: SceneStudy, state: str) -> None:
    """Show the raw, the registered and the gadolinium series of a state side by side, for the player."""
    segments = study.node("segments", state)
    for view, role in zip(VIEWS, ("tissue", "registered", "gadolinium"), strict=True):
        show_labels(scene, view, None)
        show_in_view(scene, view, study.node(f"volume:{role}", state), None, segments)


def set_overlay_opacity(scene: Any, opacity: float) -> None:
    """Let the images show through the maps, 0 (images only) to 1 (maps only)."""
    for view in VIEWS:
        composite = _of_view(scene, "vtkMRMLSliceCompositeNode", view)
        if composite is not None:
            composite.SetForegroundOpacity(opacity)


def _of_view(scene: Any, class_name: str, view: str) -> Any:
    for index in range(scene.GetNumberOfNodesByClass(class_name)):
        node = scene.GetNthNodeByClass(index, class_name)
        if node.GetLayoutName() == view:
            return node
    return None
