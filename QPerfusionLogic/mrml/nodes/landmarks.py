"""RV insertion points as control points of the Markups module, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.geometry import Geometry

_NAMES = ("anterior", "inferior")


def add_insertion_points(scene: Any, name: str, points: FloatArray, geometry: Geometry) -> Any:
    """Add the insertion points as a point list.

    Parameters
    ----------
    points : (slices, 2, 2) array
        (anterior, inferior) as (row, column) in pixels; NaN where not found, these are left out.

    Returns
    -------
    vtkMRMLMarkupsFiducialNode
        With labels "anterior 1", "inferior 1" and so on, counting slices from 1.
    """
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", scene.GenerateUniqueName(name))
    node.CreateDefaultDisplayNodes()
    for index, pair in enumerate(points):
        for label, (row, column) in zip(_NAMES, pair, strict=True):
            if np.isfinite(row) and np.isfinite(column):
                node.AddControlPoint(ras_of(geometry, index, row, column), f"{label} {index + 1}")
    display = node.GetDisplayNode()
    if display is not None:
        display.SetGlyphScale(2.0)
        display.SetTextScale(2.5)
    # Names over the wall hide it; they are shown while the points are edited.
    show_point_names(node, False)
    return node


def show_point_names(node: Any, shown: bool = True) -> None:
    """Show or hide which insertion each point is."""
    display = node.GetDisplayNode()
    if display is not None:
        display.SetPropertiesLabelVisibility(False)
        display.SetPointLabelsVisibility(shown)


def ras_of(geometry: Geometry, slice_index: int, row: float, column: float) -> list[float]:
    """Return the point (RAS millimetres) of a pixel."""
    lps = geometry.lps_of(slice_index, row, column)
    return [-float(lps[0]), -float(lps[1]), float(lps[2])]


def point_moved_event() -> int:
    """Return the event that a point list sends when one of its points was moved."""
    return int(slicer.vtkMRMLMarkupsNode.PointModifiedEvent)


def insertion_points_of(node: Any, geometry: Geometry) -> FloatArray:
    """Return the insertion points (slices, 2, 2) as (row, column) in pixels of a point list, NaN where there is none.

    A point belongs to the slice that it lies in and, by the first letter of its label, to the anterior or the inferior
    insertion; where the label shows nothing the first point of a slice is anterior.
    """
    points = np.full((geometry.slices, 2, 2), np.nan)
    for index in range(node.GetNumberOfControlPoints()):
        ras = node.GetNthControlPointPosition(index)
        lps = np.array([-ras[0], -ras[1], ras[2]])
        slice_index, _ = geometry.nearest_slice(lps)
        row, column = geometry.in_slice(slice_index, lps)[:2]
        label = node.GetNthControlPointLabel(index).strip().lower()
        which = 1 if label.startswith("i") else 0
        if not label.startswith(("a", "i")) and np.isfinite(points[slice_index, 0, 0]):
            which = 1
        points[slice_index, which] = row, column
    return points
