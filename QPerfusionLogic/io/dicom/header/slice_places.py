"""Slices of a stack, found from positions that follow the breathing and orientations that jitter or are tilted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.slice_order import TO_THE_APEX

from .image_record import ImageRecord
from .likeness import tilt_degrees

SLICE_TOLERANCE_MM = 1.0
DEFAULT_THICKNESS_MM = 8.0
"""Thickness of a slice whose header names none."""
SAME_SLICE_SHARE = 0.4
"""Positions closer than this share of the slice thickness are one slice that follows the breathing."""
JITTER_DEGREES = 1.0
"""Orientations that differ by less are one, written with few digits."""


def slice_indices(records: Sequence[ImageRecord]) -> NDArray[np.intp]:
    """Return (n,) index of the slice of each record.

    Slices are counted from base to apex: along the mean axis of the stack in the direction that points more to the
    left, front and feet, where the apex of a heart lies. Images that are tilted against each other lie on slices of
    their own.
    """
    plane = _planes(records)
    first = dict(reversed(list(zip(plane.tolist(), records, strict=True))))
    axes = np.array([apex_direction(record.orientation) for record in first.values()])
    axis = (axes * np.where(axes @ axes[0] < 0, -1.0, 1.0)[:, None]).mean(axis=0)
    along_axis = np.array([_along(record, axis) for record in records])
    slice_of = np.empty(len(records), dtype=np.intp)
    slices = 0
    for number, record in first.items():
        members = np.flatnonzero(plane == number)
        own_axis = apex_direction(record.orientation)
        slice_of[members] = slices + _steps(np.array([_along(records[k], own_axis) for k in members.tolist()]), record)
        slices = int(slice_of[members].max()) + 1
    middle = np.array([np.median(along_axis[slice_of == index]) for index in range(slices)])
    rank = np.empty(slices, dtype=np.intp)
    rank[np.argsort(middle, kind="stable")] = np.arange(slices)
    return rank[slice_of]


def apex_direction(orientation: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the unit slice normal, with the sign that points to the apex."""
    if not orientation:
        return np.array([0.0, 0.0, 1.0])
    normal = np.cross(orientation[:3], orientation[3:])
    normal = normal / (np.linalg.norm(normal) or 1.0)
    return -normal if normal @ TO_THE_APEX < 0 else normal


def largest_tilt_degrees(records: Sequence[ImageRecord]) -> float:
    """Return the largest angle in degrees of an image of a stack against its first."""
    orientations = {record.orientation for record in records}
    return max((tilt_degrees(records[0].orientation, other) for other in orientations), default=0.0)


def _planes(records: Sequence[ImageRecord]) -> NDArray[np.intp]:
    """Return (n,) number of the orientation of each record, jitter aside."""
    known: dict[tuple[float, ...], int] = {}
    planes: list[tuple[float, ...]] = []
    for orientation in dict.fromkeys(record.orientation for record in records):
        same = (k for k, plane in enumerate(planes) if tilt_degrees(plane, orientation) <= JITTER_DEGREES)
        number = next(same, len(planes))
        if number == len(planes):
            planes.append(orientation)
        known[orientation] = number
    return np.array([known[record.orientation] for record in records], dtype=np.intp)


def _steps(positions: NDArray[np.float64], record: ImageRecord) -> NDArray[np.intp]:
    """Return (n,) index of the slice of each position (n,) in mm along one axis."""
    order = np.argsort(positions, kind="stable")
    steps = np.diff(positions[order]) > max(SLICE_TOLERANCE_MM, SAME_SLICE_SHARE * (record.thickness_mm or 0.0))
    index = np.empty(len(positions), dtype=np.intp)
    index[order] = np.concatenate([[0], np.cumsum(steps)])
    return index


def _along(record: ImageRecord, axis: NDArray[np.float64]) -> float:
    """Return where the middle of an image lies along an axis, in mm."""
    if not record.position_mm:
        return record.slice_location_mm or 0.0
    middle = np.array(record.position_mm)
    if record.orientation and record.spacing_mm:
        middle = middle + np.array(record.orientation[:3]) * (record.spacing_mm[1] * (record.columns - 1) / 2.0)
        middle = middle + np.array(record.orientation[3:]) * (record.spacing_mm[0] * (record.rows - 1) / 2.0)
    return float(axis @ middle)
