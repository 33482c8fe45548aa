"""What is left of a baseline before the bolus, taken off as far as it can be distinguished from noise."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray

MINIMUM_FRAMES = 3
ROUNDING = 1e-12
"""Share of a curve's largest value below which what is left of it is rounding."""


def remaining_baseline(curves: FloatArray, before: BoolArray) -> FloatArray:
    """Return the offset (n,) of curves (n, frames) from zero before the bolus.

    The mean of the frames before arrival is taken off, less the share of its size that noise explains (James-Stein
    over all curves), and only where the means are larger than chance: curves whose true baseline is zero are not
    disturbed by their noise. NaN frames are left out.
    """
    early = curves[:, before]
    count = np.isfinite(early).sum(axis=1)
    if before.sum() < MINIMUM_FRAMES or not (count >= MINIMUM_FRAMES).any():
        return np.zeros(len(curves))
    filled = np.where(np.isfinite(early), early, 0.0)
    mean = filled.sum(axis=1) / np.maximum(count, 1)
    spread = np.where(np.isfinite(early), early - mean[:, None], 0.0)
    variance_of_mean = (spread**2).sum(axis=1) / np.maximum(count - 1, 1) / np.maximum(count, 1)
    usable = count >= MINIMUM_FRAMES
    sum_of_squares = float(np.mean(mean[usable] ** 2))
    chance = float(np.mean(variance_of_mean[usable]))
    surprising = chance * (1.0 + 4.0 * np.sqrt(2.0 / usable.sum()))
    share = 1.0 - chance / sum_of_squares if sum_of_squares > surprising else 0.0
    return np.where(usable, share * mean, 0.0)


def is_more_than_rounding(clean: FloatArray, curves: FloatArray) -> BoolArray:
    """Return which curves (n,) still hold something (n, frames) once their baseline was taken off.

    A constant curve leaves the rounding of its mean, which differs between processors and would be fitted.
    """
    largest = np.abs(np.nan_to_num(curves)).max(axis=1, initial=0.0)
    return np.asarray(np.abs(clean).max(axis=1, initial=0.0) > ROUNDING * largest)
