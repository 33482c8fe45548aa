"""What is seen of a study: stress and rest flow side by side with the reserve, and the chart below."""

from __future__ import annotations

from typing import Any

from .filling import SceneStudy

LAYOUT = 4711
"""Number of the layout among Slicer's; those below 1000 are Slicer's own."""

VIEWS = {
    "QPerfusionStress": ("stress", "#d55e00"),
    "QPerfusionRest": ("rest", "#0072b2"),
    "QPerfusionMpr": ("", "#666666"),
}
"""Name of each slice view -> state of the map in it ("" for the reserve) and its colour."""


def layout_description() -> str:
    """Return the layout as Slicer's layout manager reads it: three slice views above a plot."""
    slices = "".join(
        f'<item><view class="vtkMRMLSliceNode" singletontag="{name}">'
        f'<property name="orientation" action="default">Axial</property>'
        f'<property name="viewlabel" action="default">{name.removeprefix("QPerfusion")[0]}</property>'
        f'<property name="viewcolor" action="default">{color}</property></view></item>'
        for name, (_, color) in VIEWS.items()
    )
    plot = '<item><view class="vtkMRMLPlotViewNode" singletontag="QPerfusionPlot"/></item>'
    return (
        f'<layout type="vertical" split="true"><item><layout type="horizontal">{slices}</layout></item>{plot}</layout>'
    )


def show_study(scene: Any, study: SceneStudy) -> None:
    """Switch to the layout of QPerfusion and show the maps of a study in it."""
    layout = scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    if layout is not None:
        if not layout.IsLayoutDescription(LAYOUT):
            layout.AddLayoutDescription(LAYOUT, layout_description())
        layout.SetViewArrangement(LAYOUT)
    for name, (state, _) in VIEWS.items():
        volume = study.nodes.get((state, "map:mbf" if state else "map:mpr"))
        under = study.nodes.get((state or "stress", "volume:registered"))
        show_in_view(scene, name, volume, under)


def show_in_view(scene: Any, view: str, volume: Any, under: Any = None) -> None:
    """Show a map over an image in one slice view, in the plane in which it was acquired."""
    composite = _of_view(scene, "vtkMRMLSliceCompositeNode", view)
    if composite is None:
        return
    composite.SetBackgroundVolumeID(under.GetID() if under is not None else None)
    composite.SetForegroundVolumeID(volume.GetID() if volume is not None else None)
    composite.SetForegroundOpacity(1.0)
    slice_node = _of_view(scene, "vtkMRMLSliceNode", view)
    if slice_node is not None and volume is not None:
        slice_node.RotateToVolumePlane(volume)


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
