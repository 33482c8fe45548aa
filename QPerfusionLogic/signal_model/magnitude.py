"""What noise adds to magnitudes, which matters right after saturation, where a pixel is a few times its noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.series import PerfusionSeries, Quantity

MEDIAN_OF_SQUARES = 0.4549
"""Median of the square of a normal variate of variance 1."""
FEWEST_STEPS = 3
"""Differences of frames that noise can be read from."""
LEAST_SHARE = 0.5
"""No more than half of a level is taken for noise."""
MOST_NEGATIVE = 1e-3
"""Share of negative pixels above which images are no magnitudes; interpolation leaves a few."""


def are_magnitudes(signal: FloatArray) -> bool:
    """Return whether images hold magnitudes, which noise lifts, and not real parts, whose noise averages out."""
    return float(np.mean(np.asarray(signal) < 0)) <= MOST_NEGATIVE


def has_noise_floor(series: PerfusionSeries) -> bool:
    """Return whether noise lifts what a series shows: its images hold signal, and magnitudes of it."""
    return series.quantity is Quantity.SIGNAL and are_magnitudes(series.signal)


def noise_variance(frames: FloatArray) -> FloatArray:
    """Return the variance (...) of the noise of a frame, from neighbouring frames (n, ...); 0 where they are too few.

    The median passes over frames in which contrast arrives or the heart moves, and over missing ones (NaN).

    Examples
    --------
    >>> frames = 10.0 + np.random.default_rng(0).normal(0.0, 2.0, (400, 50))
    >>> bool(abs(noise_variance(frames).mean() - 4.0) < 0.3)
    True
    """
    steps = np.diff(np.asarray(frames, dtype=float), axis=0)
    known = np.isfinite(steps).sum(axis=0) >= FEWEST_STEPS
    square = np.nanmedian(np.where(known, steps, 0.0) ** 2, axis=0) if len(steps) else np.zeros(known.shape)
    return np.asarray(square / (2.0 * MEDIAN_OF_SQUARES))


def without_noise_floor(level: ArrayLike, variance: ArrayLike) -> FloatArray:
    """Return mean magnitudes without what noise adds to them.

    A true signal A with noise of variance v has a mean magnitude near sqrt(A^2 + v) (Gudbjartsson and Patz, Magn Reson
    Med 1995;34:910-914), right to 2 % from A = 2 sqrt(v) on.

    Parameters
    ----------
    level, variance : arrays of matching shapes

    Examples
    --------
    >>> without_noise_floor(np.array([5.0, 1.0]), np.array([9.0, 9.0])).tolist()
    [4.0, 0.5]
    """
    square = np.asarray(level, dtype=float) ** 2
    left = np.maximum(square - np.asarray(variance, dtype=float), LEAST_SHARE**2 * square)
    return np.asarray(np.sign(level) * np.sqrt(left))
