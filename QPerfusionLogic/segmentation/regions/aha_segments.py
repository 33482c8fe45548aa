"""AHA segments of a label map, from the anterior RV insertion point round the septum."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.aha_model import level_of
from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE, FloatArray, LabelArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.wording import counted
from QPerfusionLogic.errors import SettingsError

from .orientation import anterior_direction, base_to_apex

BASAL, MID, APICAL = 0, 1, 2
LEVELS = {
    1: (MID,),
    2: (BASAL, MID),
    3: (BASAL, MID, APICAL),
    4: (BASAL, MID, MID, APICAL),
    5: (BASAL, BASAL, MID, MID, APICAL),
    6: (BASAL, BASAL, MID, MID, APICAL, APICAL),
}
"""Level of each slice from base to apex, by the number of slices that show the LV."""
LEVEL_NAMES = ("basal", "mid", "apical")
"""Name of each level, by its number."""
AUTOMATIC, NO_LEVEL = "automatic", "none"
FROM_ANTERIOR_INSERTION = (2, 3, 4, 5, 6, 1)
"""Basal segments met on the way from the anterior insertion point over the septum (Cerqueira 2002)."""


def aha_segments(
    labels: LabelArray,
    insertion_points: FloatArray,
    geometry: Geometry,
    levels: tuple[int, ...] | None = None,
) -> LabelArray:
    """Return the AHA segment (1 to 16) of every myocardial pixel.

    Basal and mid rings are cut into six times 60 degrees from the anterior insertion point, the apical ring into
    four times 90 degrees with the septal segment centred on the same septum (60 degrees on from the insertion).

    Parameters
    ----------
    labels : (slices, rows, columns) uint8 array
        1 myocardium, 2 LV blood, 3 RV blood.
    insertion_points : (slices, 2, 2) array
        (anterior, inferior) as (row, column) in pixels; slices with NaN take the angle of the nearest slice that
        has one; where none has, the RV's direction or the usual place of the septum stands in.
    levels : tuple of int, optional
        0 basal, 1 mid, 2 apical, anything else none, per slice; by default from the number and order of the slices.

    Returns
    -------
    (slices, rows, columns) uint8 array
    """
    levels = slice_levels(labels, geometry) if levels is None else levels
    segments = np.zeros(labels.shape, dtype=np.uint8)
    starts = segment_starts(labels, insertion_points, geometry)
    for index, level in enumerate(levels):
        wall = labels[index] == MYOCARDIUM
        if not wall.any() or level not in (BASAL, MID, APICAL):
            continue
        start, turn = starts[index]
        around = (turn * (angles(labels[index], geometry.pixel_spacing_mm) - start)) % (2.0 * np.pi)
        segments[index][wall] = _numbers(around, level)[wall]
    return segments


def given_levels(text: str, slices: int) -> tuple[int, ...] | None:
    """Return the level of each slice that a setting names (-1 for "none"), None where they are to be found.

    Raises
    ------
    SettingsError
        When a name is unknown or there is not one for each slice.

    Examples
    --------
    >>> given_levels("basal, apical", 2), given_levels("automatic", 2)
    ((0, 2), None)
    """
    names = [name.strip().lower() for name in text.split(",")]
    if names in ([AUTOMATIC], [""]):
        return None
    known = (*LEVEL_NAMES, NO_LEVEL)
    if len(names) != slices or not set(names) <= set(known):
        raise SettingsError(
            f"levels {text!r} for {counted(slices, 'slice')}",
            expected=f"one of {', '.join(known)} for each slice, with commas between",
            action="correct the levels of the slices",
            option="--set segmentation.levels=NAME,NAME",
        )
    return tuple(LEVEL_NAMES.index(name) if name in LEVEL_NAMES else -1 for name in names)


def levels_shown(segments: LabelArray, labels: LabelArray, geometry: Geometry) -> tuple[int, ...]:
    """Return the level of every slice by the segments (slices, rows, columns) on it, else by number and order."""
    return tuple(
        LEVEL_NAMES.index(level_of(plane)) if (plane > 0).any() else level
        for plane, level in zip(segments, slice_levels(labels, geometry), strict=True)
    )


def slice_levels(labels: LabelArray, geometry: Geometry) -> tuple[int, ...]:
    """Return the level of every slice (0 basal, 1 mid, 2 apical, -1 without LV)."""
    area = np.array([np.isin(plane, (MYOCARDIUM, LEFT_VENTRICLE)).sum() for plane in labels])
    order = [index for index in base_to_apex(geometry, area) if (labels[index] == MYOCARDIUM).any()]
    count = len(order)
    table = LEVELS.get(count, tuple(min(3 * position // max(count, 1), APICAL) for position in range(count)))
    levels = [-1] * len(labels)
    for index, level in zip(order, table, strict=True):
        levels[index] = level
    return tuple(levels)


def segment_starts(labels: LabelArray, insertion_points: FloatArray, geometry: Geometry) -> list[tuple[float, int]]:
    """Return per slice the angle (radians) of the anterior insertion and the turn (+1, -1) over the septum."""
    found: dict[int, tuple[float, int]] = {}
    for index in range(len(labels)):
        start = _start_of_slice(labels[index], insertion_points[index], geometry, index)
        if start is not None:
            found[index] = start
    if not found:
        return [_standard_start(geometry, index) for index in range(len(labels))]
    return [found[min(found, key=lambda other: abs(other - index))] for index in range(len(labels))]


def _numbers(around: FloatArray, level: int) -> LabelArray:
    if level == APICAL:
        quarter = (around - np.deg2rad(15.0)) % (2.0 * np.pi) // (0.5 * np.pi)
        return np.asarray(np.array([14, 15, 16, 13], dtype=np.uint8)[quarter.astype(int) % 4])
    sixth = (around // (np.pi / 3.0)).astype(int) % 6
    return np.asarray(np.array(FROM_ANTERIOR_INSERTION, dtype=np.uint8)[sixth] + np.uint8(6 * level))


def angles(plane: LabelArray, spacing_mm: tuple[float, float]) -> FloatArray:
    """Return the angle (radians, towards increasing row) of every pixel around the centre of the LV."""
    row, column = ventricle_centre(plane)
    rows = (np.arange(plane.shape[0])[:, None] - row) * spacing_mm[0]
    columns = (np.arange(plane.shape[1])[None, :] - column) * spacing_mm[1]
    return np.asarray(np.arctan2(rows, columns))


def ventricle_centre(plane: LabelArray) -> tuple[float, float]:
    """Return the (row, column) centre of the area inside the epicardium."""
    inside = ndimage.binary_fill_holes(np.isin(plane, (MYOCARDIUM, LEFT_VENTRICLE)))
    row, column = ndimage.center_of_mass(inside)
    return float(row), float(column)


def _start_of_slice(plane: LabelArray, points: FloatArray, geometry: Geometry, index: int) -> tuple[float, int] | None:
    if not (plane == MYOCARDIUM).any():
        return None
    spacing, centre = np.asarray(geometry.pixel_spacing_mm), np.asarray(ventricle_centre(plane))
    right = np.argwhere(plane == RIGHT_VENTRICLE)
    towards_right = (right.mean(axis=0) - centre) * spacing if len(right) else None
    anterior, inferior = ((np.asarray(point) - centre) * spacing for point in points)
    if np.isfinite(anterior).all():
        start = float(np.arctan2(anterior[0], anterior[1]))
        septum = towards_right
        if septum is None and np.isfinite(inferior).all():
            septum = anterior / np.linalg.norm(anterior) + inferior / np.linalg.norm(inferior)
        if septum is None:
            return start, _standard_start(geometry, index)[1]
        difference = float(np.arctan2(septum[0], septum[1])) - start
        return start, 1 if np.sin(difference) >= 0.0 else -1
    if towards_right is None:
        return None
    unit = towards_right / np.linalg.norm(towards_right)
    middle = float(np.arctan2(unit[0], unit[1]))
    front = anterior_direction(geometry, index, unit)
    turn = 1 if np.sin(middle - float(np.arctan2(front[0], front[1]))) >= 0.0 else -1
    return middle - turn * np.pi / 3.0, turn


def _standard_start(geometry: Geometry, index: int) -> tuple[float, int]:
    """Return the start for a slice about which nothing is known: the septum faces the patient's right front."""
    septum = geometry.in_plane_axes[index] @ np.array([-0.8, -0.6, 0.0])
    septum /= max(float(np.linalg.norm(septum)), 1e-9)
    middle = float(np.arctan2(septum[0], septum[1]))
    front = anterior_direction(geometry, index, septum)
    turn = 1 if np.sin(middle - float(np.arctan2(front[0], front[1]))) >= 0.0 else -1
    return middle - turn * np.pi / 3.0, turn
