"""The moments of the first pass: when contrast first fills anything, and when it moves from RV to LV."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from QPerfusionLogic.data.arrays import FloatArray

from .enhancement import Enhancement

SMALLEST_POOL_CELLS = 7
"""Cells of about 4.5 mm that the smallest pool worth finding fills (about 1.5 cm2)."""
LONGEST_TRANSIT_S = 15.0
"""Time from the filled RV to the filled LV that is hardly exceeded even in heart failure."""
BRIGHT = 0.4
"""Share of the brightest pool's enhancement from which on a region shows when contrast first came."""
ANYWHERE = 2
"""Pairs that are tried without regard to the first filling, should that be an artefact."""
SHORTER = 0.75
"""Share of a transit from which on a shorter one shows the same moments."""
RIGHT_WINDOW_S = (-3.0, 10.0)
"""When the RV is full, counted from the first filling of anything: it is the first to fill."""


def lv_and_rv_score(early: FloatArray, late: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how much of an enhancement came after the early moment, and how much had come by it.

    What has most of its enhancement early counts as right, even when it does not wash out by the late moment (broad or
    saturated boluses do not); what has most of it late counts as left.
    """
    before, after = np.maximum(early, 0.0), np.maximum(late - early, 0.0)
    return np.minimum(late - early, late) - before, np.minimum(early, before - after)


def ventricular_frames(
    enhancement: Enhancement, first: int, count: int = 10
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return (RV frame, LV frame) of the moments between which contrast moves from one region to another.

    No shape, position or orientation enters. The strongest pairs come first, each with another RV frame: organs and
    myocardium that fill after the LV can outdo it in strength, and only the regions show. The second list has earlier
    LV frames for RV frames of the first, for when such an organ hides the LV from all of those.

    Parameters
    ----------
    first : int
        Frame in which contrast first fills anything, from `first_filling`; the RV is full near it in all pairs but
        the last two.
    """
    coarse, allowance = _cells(enhancement)
    frames, _, pixels = coarse.shape
    if frames < 5:
        return [], []
    cells = min(SMALLEST_POOL_CELLS, pixels)
    score = np.zeros((frames, frames))
    for early in range(frames - 1):
        maps = lv_and_rv_score(coarse[early][None], coarse[early + 1 :])
        left, right = (np.partition(each - allowance, pixels - cells, axis=2)[:, :, pixels - cells] for each in maps)
        score[early, early + 1 :] = np.sqrt(np.clip(left, 0.0, None) * np.clip(right, 0.0, None)).mean(axis=1)
    since = enhancement.time_s - enhancement.time_s[first]
    score[since[None, :] - since[:, None] > LONGEST_TRANSIT_S] = 0.0
    score[score < max(0.08, 4.0 * enhancement.noise / np.sqrt(cells))] = 0.0
    near = (since >= RIGHT_WINDOW_S[0]) & (since <= RIGHT_WINDOW_S[1])
    likely = np.where(near[:, None], score, 0.0)
    found = _strongest(likely, count - ANYWHERE)
    for early, _ in found:
        score[max(early - 1, 0) : early + 2] = 0.0
    found += _strongest(score, ANYWHERE)
    for early, late in found:
        likely[max(early - 1, 0) : early + 2, _shorter(early, late) :] = 0.0
    return found, _strongest(likely, count, shorter=True)


def _shorter(early: int, late: int) -> int:
    """Return the first LV frame that shows no more than a later one beside the same RV frame."""
    return early + max(int(SHORTER * (late - early)), 1)


def _strongest(score: FloatArray, count: int, shorter: bool = False) -> list[tuple[int, int]]:
    """Return the best (early, late) frames, each with another early frame; fewer where the score is zero.

    With `shorter`, an early frame may come again with a clearly earlier late frame.
    """
    left = score.copy()
    found: list[tuple[int, int]] = []
    while len(found) < count and left.max() > 0.0:
        early, late = (int(frame) for frame in np.unravel_index(int(np.argmax(left)), left.shape))
        found.append((early, late))
        left[max(early - 1, 0) : early + 2, _shorter(early, late) if shorter else 0 :] = 0.0
    return found


def first_filling(enhancement: Enhancement) -> int:
    """Return the frame by which the first region of a pool's size has reached half of its own peak.

    Cells that could owe their contrast to motion, and those far darker than the brightest, do not count.
    """
    coarse, allowance = _cells(enhancement)
    curves, peak = coarse.reshape(len(coarse), -1), (coarse.max(axis=0) - allowance).ravel()
    cells = min(SMALLEST_POOL_CELLS, len(peak))
    brightest = float(np.sort(peak)[-cells])
    bright = peak > max(BRIGHT * brightest, 4.0 * enhancement.noise / np.sqrt(cells), 1e-6)
    if bright.sum() < cells:
        return 0
    return int(np.sort(half_filled(curves[:, bright]))[cells - 1])


def half_filled(curves: FloatArray) -> NDArray[np.intp]:
    """Return the frame (n,) in which each curve (frames, n) first exceeds half of its own peak.

    A saturated curve may fall below half after its first pass and be brightest much later, so its peak decides nothing.

    Examples
    --------
    >>> half_filled(np.array([[0.0], [0.2], [0.7], [1.0], [0.4]])).tolist()
    [2]
    """
    return np.asarray(np.argmax(curves > 0.5 * curves.max(axis=0), axis=0), dtype=np.intp)


def _cells(enhancement: Enhancement) -> tuple[FloatArray, FloatArray]:
    """Return curves (frames, slices, cells) without outliers in time, and what motion could bring (slices, cells)."""
    curves = _coarse(enhancement.value, enhancement.spacing_mm)
    allowance = _coarse(enhancement.motion_allowance()[None], enhancement.spacing_mm)[0]
    return ndimage.median_filter(curves, size=(3, 1, 1), mode="nearest"), allowance


def _coarse(value: FloatArray, spacing_mm: tuple[float, float]) -> FloatArray:
    """Return (frames, slices, cells): means over cells of about 4.5 mm (a single pixel where pixels are larger)."""
    steps = [max(round(4.5 / spacing), 1) for spacing in spacing_mm]
    frames, slices, rows, columns = value.shape
    rows, columns = rows // steps[0], columns // steps[1]
    value = value[:, :, : rows * steps[0], : columns * steps[1]]
    blocks = value.reshape(frames, slices, rows, steps[0], columns, steps[1]).mean(axis=(3, 5))
    return np.asarray(blocks.reshape(frames, slices, rows * columns))
