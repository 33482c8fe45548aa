"""Whether a fit explains more of a curve than it would of noise."""

from __future__ import annotations

import numpy as np
from scipy.special import fdtri

from QPerfusionLogic.data.arrays import BoolArray, FloatArray

FALSE_ALARM = 1e-5
CLEAR_RISE = 8.0
"""Rise after arrival in standard errors above which a curve is no noise, however few frames the window has."""
NO_RISE = 2.0
"""Rise in standard errors below which there is no bolus, however well a model follows the curve."""


def is_noise(
    sum_of_squares: FloatArray, squared_error: FloatArray, degrees_of_freedom: float, parameters: int
) -> BoolArray:
    """Return which curves (n,) a fit does not explain better than chance (F test against a curve of zero).

    Parameters
    ----------
    sum_of_squares, squared_error : (n,) arrays
        Sum of squares of the curve, and of what the fit leaves.
    degrees_of_freedom : float
        Frames less parameters.
    """
    threshold = float(fdtri(parameters, degrees_of_freedom, 1.0 - FALSE_ALARM))
    gain = sum_of_squares - squared_error
    return ~(gain * degrees_of_freedom > threshold * parameters * squared_error)


def rise_in_errors(curves: FloatArray, weight: FloatArray, after_arrival: BoolArray) -> FloatArray:
    """Return how much higher clean curves (n, frames) are after arrival than before, in standard errors (n,).

    A short fit window at a low heart rate holds a dozen frames, too few to distinguish a good fit from noise; the
    whole curve shows. The noise is read from the second differences, which a smooth curve leaves nearly empty. NaN
    where there are too few frames to say.

    Parameters
    ----------
    curves : (n, frames) array
    weight : (frames,) array
        0 where a frame is missing.
    after_arrival : (frames,) bool array
    """
    present = np.flatnonzero(weight > 0)
    late = after_arrival[present]
    count, later = present.size, int(late.sum())
    if count < 5 or later < 3 or later == count:
        return np.full(len(curves), np.nan)
    frames = np.eye(curves.shape[1])[present]
    bend = curves @ np.diff(frames, 2, axis=0).T
    noise = np.sqrt(np.einsum("nf,nf->n", bend, bend) / (6.0 * bend.shape[1]))
    error = noise * np.sqrt(1.0 / later + 1.0 / (count - later))
    rise = curves @ (frames[late].mean(axis=0) - frames[~late].mean(axis=0))
    return np.asarray(rise / np.maximum(error, np.finfo(float).tiny))
