"""Are these times of frames in seconds, or a slip of the unit or the order?"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.errors import InputError

LONGEST_STEP_S = 20.0
SHORTEST_STEP_S, SHORTEST_SPAN_S = 0.05, 5.0
"""Finer and shorter than both is no first pass in seconds but one in minutes."""


def plausible_times(path: Path, times: FloatArray) -> FloatArray:
    """Return times (frames,) or (frames, slices) unchanged.

    Raises
    ------
    InputError
        When they are not finite, do not increase, or look like milliseconds or minutes.
    """
    per_slice = times.reshape(len(times), -1)
    unknown = np.flatnonzero(~np.isfinite(per_slice).all(axis=1))
    if unknown.size:
        raise InputError(f"no number as time {unknown[0] + 1} in {path}", expected="seconds in every row")
    steps = np.diff(per_slice, axis=0)
    backward = np.flatnonzero((steps <= 0).any(axis=1))
    if backward.size:
        row = int(backward[0])
        before, after = per_slice[row : row + 2, 0]
        raise InputError(
            f"time {row + 2} ({after:g}) not after the one before ({before:g}) in {path}", expected="increasing times"
        )
    check_unit(path, times)
    return times


def check_unit(path: Path, times: FloatArray) -> None:
    """Raise `InputError` when increasing times (frames,) or (frames, slices) look like milliseconds or minutes."""
    per_slice = times.reshape(len(times), -1)
    if len(times) < 2:
        return
    step, span = float(np.median(np.diff(per_slice, axis=0))), float(np.ptp(per_slice))
    found = f"times {step:g} apart in {path}"
    if step > LONGEST_STEP_S:
        raise InputError(found, expected="seconds", action="these look like milliseconds: divide by 1000")
    if step < SHORTEST_STEP_S and span < SHORTEST_SPAN_S:
        raise InputError(found, expected="seconds", action="these look like minutes: multiply by 60")
