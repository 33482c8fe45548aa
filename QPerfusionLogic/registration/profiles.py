"""Pictures of motion: one line through the heart over time, before and after correction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.results import Registered
from QPerfusionLogic.data.series import PerfusionSeries

STRIP_PX = 3
"""Width of the line in pixels, averaged."""


@dataclass(frozen=True)
class MotionProfiles:
    """Lines through the heart centre of one slice over time; a still heart draws straight bands.

    Parameters
    ----------
    rows_before, rows_after : (rows, frames) arrays
        Along the rows axis at the centre's column.
    columns_before, columns_after : (columns, frames) arrays
        Along the columns axis at the centre's row.
    kept : (frames,) bool array
        False where the frame was rejected.
    """

    rows_before: FloatArray
    rows_after: FloatArray
    columns_before: FloatArray
    columns_after: FloatArray
    kept: np.ndarray


def motion_profiles(original: PerfusionSeries, registered: Registered, slice_index: int) -> MotionProfiles:
    """Return the x-t profiles of one slice through the heart centre, or the middle of the image where none was found.

    Parameters
    ----------
    original : PerfusionSeries
        The series before registration.
    registered : Registered
        The same series after it.
    slice_index : int
    """
    before, after = original.signal[:, slice_index], registered.series.signal[:, slice_index]
    centre = registered.heart_centre[slice_index]
    if not np.isfinite(centre).all():
        centre = np.array(before.shape[1:]) / 2.0
    return MotionProfiles(
        _along_rows(before, centre[1]),
        _along_rows(after, centre[1]),
        _along_rows(before.swapaxes(1, 2), centre[0]),
        _along_rows(after.swapaxes(1, 2), centre[0]),
        registered.kept[:, slice_index],
    )


def _along_rows(frames: FloatArray, column: float) -> FloatArray:
    """Return (rows, frames): the mean of a strip of columns around `column`."""
    width = frames.shape[2]
    middle = int(np.clip(round(float(column)), 0, width - 1))
    strip = frames[:, :, max(0, middle - STRIP_PX // 2) : middle + STRIP_PX // 2 + 1]
    return np.asarray(np.nan_to_num(strip, nan=0.0, posinf=0.0, neginf=0.0).mean(axis=2).T, dtype=np.float32)
