"""Pixels of the drawn wall that hold blood of the right ventricle: they fill with it before the left one does."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE, BoolArray, FloatArray, LabelArray
from QPerfusionLogic.segmentation.first_pass.enhancement import Enhancement
from QPerfusionLogic.signal_model.bolus import rise_frames

ARRIVED = 0.08
"""Share of its peak at which a ventricle counts as reached by the bolus."""
FEWEST_FRAMES, FEWEST_PIXELS = 2, 4
"""Frames between both arrivals, and pixels of a pool, without which nothing can be reported."""
STANDARD_ERRORS = 2.5
"""A share of right-ventricular blood counts when it is this many of its own standard errors."""


def holds_right_blood(labels: LabelArray, enhancement: Enhancement, left_peak: int, largest_share: float) -> BoolArray:
    """Return the myocardial pixels (slices, rows, columns) of which more than a share is blood of the right ventricle.

    Until the bolus reaches the left ventricle nothing in the wall enhances, so what a pixel then shows of the right
    ventricle's curve is the share of its signal that comes from there, by wrong contours or by blur. The septum's edge
    reads too early and too bright through it: flow comes out 20 % low at stress where a twentieth of the signal is
    of the right ventricle.

    Parameters
    ----------
    labels : (slices, rows, columns) array
        With the right ventricle.
    left_peak : int
        Frame of the LV's first-pass peak.
    largest_share : float
        0 to 1; larger ones are found where they are larger than chance too.
    """
    found = np.zeros(labels.shape, dtype=bool)
    for index, plane in enumerate(labels):
        wall = plane == MYOCARDIUM
        right = _pool_curve(enhancement.value[:, index], plane == RIGHT_VENTRICLE)
        left = _pool_curve(enhancement.value[:, index], plane == LEFT_VENTRICLE)
        if not wall.any() or right is None or left is None:
            continue
        stop = _first_frame(left, left_peak)
        start = _first_frame(right, int(np.argmax(right[: left_peak + 1])))
        if stop - start < FEWEST_FRAMES or stop < FEWEST_FRAMES + 2:
            continue
        share, error = _slopes(enhancement.value[:stop, index][:, wall], right[:stop])
        found[index][wall] = share > np.maximum(largest_share, STANDARD_ERRORS * error)
    return found


def _pool_curve(value: FloatArray, pool: BoolArray) -> FloatArray | None:
    """Return the mean curve (frames,) of the inside of a pool; None where it is too small."""
    inside = ndimage.binary_erosion(pool)
    pool = inside if inside.sum() >= FEWEST_PIXELS else pool
    return np.asarray(value[:, pool].mean(axis=1)) if pool.sum() >= FEWEST_PIXELS else None


def _first_frame(curve: FloatArray, peak: int) -> int:
    """Return the first frame of the rise to a peak that is above `ARRIVED` of it."""
    return int(np.ceil(rise_frames(curve, ARRIVED * curve[peak], peak)))


def _slopes(curves: FloatArray, reference: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return slope and standard error (n,) of curves (frames, n) on a reference (frames,)."""
    centred = reference - reference.mean()
    away = curves - curves.mean(axis=0)
    square = max(float(centred @ centred), 1e-30)
    slope = centred @ away / square
    rest = away - centred[:, None] * slope
    error = np.sqrt((rest**2).sum(axis=0) / max(len(reference) - 2, 1) / square)
    return np.asarray(slope), np.asarray(error)
