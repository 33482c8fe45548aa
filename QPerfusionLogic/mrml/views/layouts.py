"""What is seen of a study: stress and rest flow side by side with the reserve, and the chart below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import vtk

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.mrml.nodes.landmarks import show_point_names
from QPerfusionLogic.mrml.nodes.marks import ROLE, STATE, STUDY, read_note
from QPerfusionLogic.mrml.nodes.polar_map_volume import centre_numbers
from QPerfusionLogic.mrml.nodes.volumes import as_array, as_vtk_matrix, image_of
from QPerfusionLogic.mrml.study.filling import SceneStudy

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
"""Shorter side of a view in widths of the heart, or of the polar map."""


def layout_description(area: tuple[int, int] | None = None) -> str:
    """Return the layout as Slicer's layout manager reads it: three maps and a chart two by two, and three polar maps.

    The polar maps have a quarter of the area: a column at its right, or a row below where the area is tall. A slice
    view is at least as wide as its bar, some 314 points, and three side by side do not fit every screen.

    Parameters
    ----------
    area : (width, height), optional
        Points that the views have together.
    """
    tall = area is not None and area[1] > area[0]
    stress, rest, reserve = (_view(name, color) for name, (_, color) in VIEWS.items())
    polar = "".join(_view(name, VIEWS[above][1]) for name, (_, above) in POLAR_VIEWS.items())
    chart = '<item splitSize="1000"><view class="vtkMRMLPlotViewNode" singletontag="QPerfusionPlot"/></item>'
    rows = "".join(
        f'<item splitSize="1000">{_split("horizontal", row)}</item>' for row in (stress + rest, reserve + chart)
    )
    return _split(
        "vertical" if tall else "horizontal",
        f'<item splitSize="3000">{_split("vertical", rows)}</item>'
        f'<item splitSize="1000">{_split("horizontal" if tall else "vertical", polar)}</item>',
    )


def _split(direction: str, items: str) -> str:
    return f'<layout type="{direction}" split="true">{items}</layout>'


def _view(name: str, color: str) -> str:
    return (
        f'<item splitSize="1000"><view class="vtkMRMLSliceNode" singletontag="{name}">'
        f'<property name="orientation" action="default">Axial</property>'
        f'<property name="viewlabel" action="default">{name.removeprefix("QPerfusion")[0]}</property>'
        f'<property name="viewcolor" action="default">{color}</property></view></item>'
    )


@dataclass(frozen=True)
class Content:
    """What a slice view shows: a map over an image, in the plane of `heart`, which fills a share of the view."""

    view: str
    volume: Any
    under: Any = None
    heart: Any = None
    margin: float = _MARGIN


def show_study(scene: Any, study: SceneStudy, area: tuple[int, int] | None = None) -> tuple[Content, ...]:
    """Switch to the layout of QPerfusion, show the maps of a study in it and return what the views show.

    The images below the maps are of one phase of the bolus in every state. Marks of other studies are hidden. `area`:
    width and height that the views have together.
    """
    layout = scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    if layout is not None:
        if layout.IsLayoutDescription(LAYOUT):
            layout.SetLayoutDescription(LAYOUT, layout_description(area))
        else:
            layout.AddLayoutDescription(LAYOUT, layout_description(area))
        layout.SetViewArrangement(LAYOUT)
    show_marks_of(scene, study)
    for state in ("stress", "rest"):
        show_enhancement(study, state)
    contents = []
    for name, (state, _) in VIEWS.items():
        show_labels(scene, name, None)
        volume = study.nodes.get((state, "view:mbf" if state else "map:mpr"))
        under = study.nodes.get((state or "stress", "volume:registered"))
        contents.append(Content(name, volume, under, study.nodes.get((state or "stress", "segments"))))
    for name, (quantity, _) in POLAR_VIEWS.items():
        contents.append(Content(name, study.node(f"polar:{quantity}"), margin=_POLAR_MARGIN))
    _show(scene, contents)
    return tuple(contents)


def show_marks_of(scene: Any, study: SceneStudy) -> None:
    """Show contours, insertion points and polar numbers of a study in its views; those of other studies are hidden."""
    views_of = {"": ("QPerfusionStress", "QPerfusionMpr"), "rest": ("QPerfusionRest",)}
    polar = {f"polar:{quantity}:numbers": (name,) for name, (quantity, _) in POLAR_VIEWS.items()}
    for index in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(index)
        role, state = node.GetAttribute(ROLE) or "", node.GetAttribute(STATE) or ""
        if role not in polar and role not in ("segmentation", "insertion_points"):
            continue
        display = node.GetDisplayNode()
        if display is None:
            continue
        display.SetVisibility(node.GetAttribute(STUDY) == study.name)
        if role in polar:
            centre_numbers(node)
        if role == "insertion_points":
            show_point_names(node, False)
        shown_in = polar.get(role) or (*views_of.get(state, views_of[""]), *_EVERYDAY_VIEWS)
        display.SetViewNodeIDs([f"vtkMRMLSliceNode{view}" for view in shown_in])


def show_enhancement(study: SceneStudy, state: str) -> None:
    """Go to the frame in which the myocardium of a state is brightest, so that states show the same phase."""
    browser, segmentation = study.node("browser", state), study.node("segmentation", state)
    found = read_note(segmentation, "Segmented") if segmentation is not None else None
    frame = ((found or {}).get("peak_frames") or {}).get("myocardium")
    if browser is not None and frame is not None and 0 <= int(frame) < browser.GetNumberOfItems():
        browser.SetSelectedItemNumber(int(frame))


def _show(scene: Any, contents: Sequence[Content]) -> None:
    for content in contents:
        composite = _of_view(scene, "vtkMRMLSliceCompositeNode", content.view)
        if composite is None:
            continue
        # The colour legends of a view are made when these flags report that a layer is another one.
        layers = composite.ForegroundVolumeFlag | composite.BackgroundVolumeFlag | composite.LabelVolumeFlag
        composite.SetInteractionFlags(layers)
        composite.SetBackgroundVolumeID(content.under.GetID() if content.under is not None else None)
        composite.SetForegroundVolumeID(content.volume.GetID() if content.volume is not None else None)
        composite.SetForegroundOpacity(1.0)
        composite.Modified()
        composite.SetInteractionFlags(0)
    place(scene, contents)


def place(scene: Any, contents: Sequence[Content]) -> None:
    """Turn the views to the planes of what they show; contents that left the scene are passed over."""
    for content in contents:
        slice_node, plane = slice_node_of(scene, content.view), _plane_of(scene, content)
        if slice_node is not None and plane is not None:
            face_slice(slice_node, plane, content.volume.GetImageData().GetDimensions()[2] // 2, content.margin)


def fit(scene: Any, contents: Sequence[Content]) -> None:
    """Let what the views show be as large as their present sizes allow; the slices stay."""
    for content in contents:
        slice_node, plane = slice_node_of(scene, content.view), _plane_of(scene, content)
        if slice_node is not None and plane is not None:
            _fit(slice_node, plane, content.margin)


def _plane_of(scene: Any, content: Content) -> Any:
    """Return the volume in whose plane a view lies, None when it or the map has left the scene."""
    plane = content.heart if content.heart is not None else content.volume
    for node in (content.volume, plane):
        if node is None or not scene.IsNodePresent(node) or node.GetImageData() is None:
            return None
    return plane


def slice_node_of(scene: Any, view: str) -> Any:
    """Return the slice node of a view, None before the layout was made."""
    return _of_view(scene, "vtkMRMLSliceNode", view)


def face_slice(slice_node: Any, volume: Any, index: int, margin: float = _MARGIN) -> None:
    """Turn a slice view to one slice of a volume as it was acquired: rows down, columns to the right, heart large.

    Slicer's own `RotateToVolumePlane` takes the axis of the volume nearest to the present view, which need not be the
    plane of the slices.
    """
    centre, _ = _heart_of(image_of(volume))
    ijk_to_ras = _ijk_to_ras(volume)
    right = ijk_to_ras[:3, 0] / np.linalg.norm(ijk_to_ras[:3, 0])
    up = -ijk_to_ras[:3, 1] / np.linalg.norm(ijk_to_ras[:3, 1])
    slice_to_ras = np.eye(4)
    slice_to_ras[:3, 0], slice_to_ras[:3, 1], slice_to_ras[:3, 2] = right, up, np.cross(right, up)
    slice_to_ras[:3, 3] = (ijk_to_ras @ [centre[1], centre[0], index, 1.0])[:3]
    slice_node.GetSliceToRAS().DeepCopy(as_vtk_matrix(slice_to_ras))
    slice_node.UpdateMatrices()
    _fit(slice_node, volume, margin)


def _fit(slice_node: Any, volume: Any, margin: float) -> None:
    """Let the shorter side of a view, which is hardly ever square, be `margin` widths of the heart."""
    _, size = _heart_of(image_of(volume))
    ijk_to_ras = _ijk_to_ras(volume)
    width, height, _ = slice_node.GetDimensions()
    shorter = max(min(width, height), 1)
    field = margin * size * max(np.linalg.norm(ijk_to_ras[:3, 0]), np.linalg.norm(ijk_to_ras[:3, 1]))
    slice_node.SetFieldOfView(field * width / shorter, field * height / shorter, slice_node.GetFieldOfView()[2])
    slice_node.UpdateMatrices()


def _ijk_to_ras(volume: Any) -> FloatArray:
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return as_array(matrix)


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


def show_motion(scene: Any, study: SceneStudy, state: str) -> tuple[Content, ...]:
    """Show the raw, the registered and the gadolinium series of a state side by side and return what the views show."""
    segments = study.node("segments", state)
    contents = []
    for view, role in zip(VIEWS, ("tissue", "registered", "gadolinium"), strict=True):
        show_labels(scene, view, None)
        contents.append(Content(view, study.node(f"volume:{role}", state), None, segments))
    _show(scene, contents)
    return tuple(contents)


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
