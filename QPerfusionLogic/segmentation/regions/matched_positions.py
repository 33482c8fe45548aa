"""The same place of the wall in two states of one heart: as far round from the RV's insertion, as deep in the wall."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import KDTree

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, FloatArray, LabelArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.results import Segmented

from .aha_segments import angles, segment_starts
from .layers import edge_distances

REACH_PIXELS = 1.5
"""Distance to the nearest known place from which on nothing is known of a place."""
FEWEST_POINTS = 8
"""Known places of a slice below which the nearest one is taken as it is."""


def carried_over(
    values: FloatArray, source: Segmented, source_geometry: Geometry, target: Segmented, target_geometry: Geometry
) -> FloatArray:
    """Return what is known of the wall in one state at the same places of the wall in another.

    The heart is larger, and its wall thinner, at rest than at stress, so that pixels of two walls laid on each other
    are of different layers, or of cavity and wall. A place is given by its angle from the anterior insertion of the RV
    round the centre of the ventricle, and by its depth between cavity and outside.

    Parameters
    ----------
    values : (slices, rows, columns) array
        NaN where unknown.
    source, target : Segmented
        The state that `values` are of and the state that they are wanted on; slice by slice the same.

    Returns
    -------
    (slices, rows, columns) array
        On the grid of the target, linear between known places; NaN outside its wall and where nothing is known within
        one and a half pixels.
    """
    found = np.full(target.labels.shape, np.nan)
    starts = _starts(target, target_geometry), _starts(source, source_geometry)
    turn = _common_turn(*starts)
    for index, (here, there) in enumerate(zip(target.labels, source.labels, strict=True)):
        wall, known = here == MYOCARDIUM, (there == MYOCARDIUM) & np.isfinite(values[index])
        if not wall.any() or not known.any():
            continue
        start = starts[0][index]
        other = (start[0] + turn, start[1]) if turn is not None else starts[1][index]
        size = _mean_radii(here, target_geometry)
        places = _places(here, target_geometry, start, size)[wall]
        points = _places(there, source_geometry, other, size)[known]
        reach = REACH_PIXELS * float(np.mean(target_geometry.pixel_spacing_mm))
        found[index][wall] = _between(points, values[index][known], places, reach)
    return found


def _starts(segmented: Segmented, geometry: Geometry) -> list[tuple[float, int]]:
    return segment_starts(segmented.labels, segmented.insertion_points, geometry)


def _common_turn(target: list[tuple[float, int]], source: list[tuple[float, int]]) -> float | None:
    """Return the angle (radians) by which the source is turned against the target, one for all slices.

    Insertion points err by a few degrees in every slice, a heart is turned as a whole. None when one of them is a
    mirror image.
    """
    if any(one[1] != two[1] for one, two in zip(target, source, strict=True)):
        return None
    differences = np.array([two[0] - one[0] for one, two in zip(target, source, strict=True)])
    return float(np.angle(np.exp(1j * differences).mean()))


def _mean_radii(plane: LabelArray, geometry: Geometry) -> tuple[float, float]:
    """Return the radii (mm) of discs as large as the cavity and as the whole ventricle of a slice (rows, columns)."""
    pixel_mm2 = float(np.prod(geometry.pixel_spacing_mm))
    cavity = float((plane == LEFT_VENTRICLE).sum())
    whole = cavity + float((plane == MYOCARDIUM).sum())
    return float(np.sqrt(cavity * pixel_mm2 / np.pi)), float(np.sqrt(whole * pixel_mm2 / np.pi))


def _places(
    plane: LabelArray, geometry: Geometry, start: tuple[float, int], radii_mm: tuple[float, float]
) -> FloatArray:
    """Return where each pixel (rows, columns, 2) of a wall lies in mm when the wall is saturated to a ring of such
    radii."""
    around = start[1] * (angles(plane, geometry.pixel_spacing_mm) - start[0])
    inner, outer = edge_distances(plane, geometry.pixel_spacing_mm)
    depth = np.clip(inner / np.maximum(inner + outer, 0.5 * float(np.mean(geometry.pixel_spacing_mm))), 0.0, 1.0)
    radius = radii_mm[0] + depth * (radii_mm[1] - radii_mm[0])
    return np.stack([radius * np.cos(around), radius * np.sin(around)], axis=-1)


def _between(points: FloatArray, values: FloatArray, places: FloatArray, reach: float) -> FloatArray:
    """Return values (n,) known at points (m, 2) at other places (n, 2); NaN where none is within reach."""
    distance, nearest = KDTree(points).query(places)
    found = np.asarray(values, dtype=float)[nearest]
    if len(points) >= FEWEST_POINTS:
        linear = LinearNDInterpolator(points, values)(places)
        found = np.where(np.isfinite(linear), linear, found)
    return np.where(distance <= reach, found, np.nan)
