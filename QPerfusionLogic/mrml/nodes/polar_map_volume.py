"""The polar map as a volume in fixed colours, with the number of every segment written in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.reporting.tables.colour_table import colour_table
from QPerfusionLogic.reporting.tables.segment_picture import SIZE, label_places, polar_picture, segment_picture

from .colours import hide_missing, use_colors
from .landmarks import ras_of
from .maps import map_kind
from .volumes import add_volume, geometry_of_volume, set_units

LABEL_SHIFT = 0.028
"""Share of the picture by which a number is moved down: Slicer writes it above its point."""
_TITLE_PLACE = (0.03, 0.08)
"""Row and column of the title in shares of the picture: the upper left corner, outside the rings."""
_GEOMETRY = Geometry.axis_aligned(1, (1.0, 1.0), 1.0)
"""A plane of its own: the polar map is a diagram and has no place in the patient."""


def add_polar_map(scene: Any, name: str, quantity: str, values: Mapping[int, float], title: str = "") -> list[Any]:
    """Add a polar map.

    Parameters
    ----------
    quantity : str
        "mbf" or "mpr".
    values : mapping of int to float
        Value of each segment 1 to 16; absent or NaN segments stay empty.
    title : str
        Written in the corner of the map.

    Returns
    -------
    list
        The scalar volume and the points that carry the numbers and the title.
    """
    kind = map_kind(quantity)
    node = add_volume(scene, name, polar_picture(values), _GEOMETRY)
    set_units(node, kind.quantity, kind.unit)
    use_colors(scene, node, colour_table(kind.colors))
    hide_missing(node)
    return [node, _add_numbers(scene, f"{name} numbers", values, title)]


def centre_numbers(numbers: Any) -> None:
    """Write the numbers of a polar map in the middle of their places; a saved scene does not keep that."""
    numbers.GetDisplayNode().GetTextProperty().SetJustificationToCentered()


def segment_under(volume: Any, ras: tuple[float, float, float]) -> int:
    """Return the segment of a polar map at a point (RAS millimetres), 0 outside the rings."""
    place = geometry_of_volume(volume).in_slice(0, np.array([-ras[0], -ras[1], ras[2]]))
    row, column = np.rint(place[:2]).astype(int)
    return int(segment_picture()[row, column]) if 0 <= row < SIZE and 0 <= column < SIZE else 0


def _add_numbers(scene: Any, name: str, values: Mapping[int, float], title: str) -> Any:
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", scene.GenerateUniqueName(name))
    node.CreateDefaultDisplayNodes()
    for segment, (row, column) in label_places().items():
        value = values.get(segment, math.nan)
        text = f"{value:.1f}" if math.isfinite(value) else "-"
        node.AddControlPoint(ras_of(_GEOMETRY, 0, row + LABEL_SHIFT * SIZE, column), text)
    if title:
        row, column = (share * SIZE for share in _TITLE_PLACE)
        node.AddControlPoint(ras_of(_GEOMETRY, 0, row + LABEL_SHIFT * SIZE, column), title)
    node.SetLocked(True)
    node.SetHideFromEditors(True)
    display = node.GetDisplayNode()
    display.SetPropertiesLabelVisibility(False)
    display.SetPointLabelsVisibility(True)
    display.SetGlyphScale(0.01)
    display.SetTextScale(3.5)
    for color in (display.SetColor, display.SetSelectedColor, display.SetActiveColor):
        color(1.0, 1.0, 1.0)
    display.GetTextProperty().SetShadow(True)
    display.GetTextProperty().SetBold(True)
    centre_numbers(node)
    display.SetVisibility3D(False)
    # They belong into one view only, in which `show_study` shows them.
    display.SetVisibility(False)
    return node
