"""Fixed colours for flow, reserve and AHA segments, and the colour legend."""

from __future__ import annotations

import colorsys
from typing import Any

import slicer

from QPerfusionLogic.reporting.tables.colour_table import ColourTable

from .marks import mark, marked_nodes


def color_table(scene: Any, colours: ColourTable) -> Any:
    """Return the scene's node of a fixed colour table; made once per scene."""
    role = f"colors:{colours.name}"
    found = marked_nodes(scene, role)
    if found:
        return found[0]
    node = _new_table(scene, colours.name, len(colours.values))
    for index, (value, color) in enumerate(zip(colours.values, colours.rgb, strict=True)):
        node.SetColor(index, f"{value:.2f}", *(float(channel) / 255.0 for channel in color), 1.0)
    node.GetLookupTable().SetRange(0.0, colours.top)
    mark(node, role)
    return node


def segment_colors(scene: Any) -> Any:
    """Return the scene's colour table of the AHA segments 1 to 16; neighbours on the wheel differ."""
    role = "colors:segments"
    found = marked_nodes(scene, role)
    if found:
        return found[0]
    node = _new_table(scene, "AHA segments", 17)
    node.SetColor(0, "background", 0.0, 0.0, 0.0, 0.0)
    for segment in range(1, 17):
        # A step of seven of sixteen hues puts neighbouring segments far apart.
        color = colorsys.hsv_to_rgb((segment * 7 % 16) / 16.0, 0.55, 0.95)
        node.SetColor(segment, f"AHA segment {segment}", *color, 1.0)
    mark(node, role)
    return node


def show_in_colors(scene: Any, volume: Any, colours: ColourTable, legend: str) -> None:
    """Show a map in fixed colours with a legend; pixels that are not numbers stay transparent.

    Parameters
    ----------
    legend : str
        Title of the colour legend, with the unit.
    """
    use_colors(scene, volume, colours)
    hide_missing(volume)
    shown = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(volume)
    shown.SetTitleText(legend)
    shown.SetLabelFormat("%.1f")
    shown.SetNumberOfLabels(5)
    shown.GetTitleTextProperty().SetFontSize(16)
    shown.GetLabelTextProperty().SetFontSize(14)
    shown.SetSize(0.12, 0.5)
    shown.SetVisibility(True)


def use_colors(scene: Any, volume: Any, colours: ColourTable) -> None:
    """Give a volume the fixed colours and range of a table."""
    display = volume.GetDisplayNode()
    display.SetAndObserveColorNodeID(color_table(scene, colours).GetID())
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(colours.top, colours.top / 2)


def hide_missing(volume: Any) -> None:
    """Let pixels that are not numbers be transparent: a threshold never holds for them."""
    display = volume.GetDisplayNode()
    display.SetInterpolate(False)
    display.AutoThresholdOff()
    display.SetThreshold(-1e30, 1e30)
    display.ApplyThresholdOn()


def _new_table(scene: Any, name: str, colors: int) -> Any:
    node = scene.AddNewNodeByClass("vtkMRMLColorTableNode", scene.GenerateUniqueName(f"QPerfusion {name}"))
    node.SetTypeToUser()
    node.SetNumberOfColors(colors)
    node.SetHideFromEditors(False)
    node.AddDefaultStorageNode()
    return node
