"""Straight lines through paired measurements: ordinary least squares, and Deming for errors in both."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.errors import InputError

from .estimate import Estimate, paired


@dataclass(frozen=True)
class Line:
    """y = slope x + intercept with intervals; r is Pearson's correlation with its interval, p tests slope 0."""

    slope: Estimate
    intercept: Estimate
    r: Estimate
    p: float


def linear_regression(x: ArrayLike, y: ArrayLike, confidence: float = 0.95) -> Line:
    """Return the least-squares line of y on x, errors in y only.

    Parameters
    ----------
    x, y : (n,) arrays
        Paired measurements.
    confidence : float
        Level of the intervals.

    Returns
    -------
    Line
        Slope, intercept and correlation with their intervals.

    Raises
    ------
    InputError
        When the two differ in length, hold a number that is not finite, or are fewer than three pairs, or
        when x does not vary.

    Examples
    --------
    >>> line = linear_regression([0.0, 1.0, 2.0, 3.0], [1.0, 3.0, 5.0, 7.0])
    >>> round(line.slope.value, 6), round(line.intercept.value, 6)
    (2.0, 1.0)
    """
    from scipy import stats

    one, two = paired(x, y)
    _refuse_constant(one)
    found = stats.linregress(one, two)
    t = float(stats.t.ppf(0.5 + confidence / 2, one.size - 2))
    return Line(
        slope=_around(found.slope, t * found.stderr),
        intercept=_around(found.intercept, t * found.intercept_stderr),
        r=_correlation(one, two, confidence),
        p=float(found.pvalue),
    )


def deming_regression(x: ArrayLike, y: ArrayLike, error_ratio: float = 1.0, confidence: float = 0.95) -> Line:
    """Return the Deming line, errors in both measurements, with jackknife intervals.

    Parameters
    ----------
    x, y : (n,) arrays
        Paired measurements.
    error_ratio : float
        Variance of the errors of y over that of x; 1 makes the line orthogonal.
    confidence : float
        Level of the intervals (Student's t, n - 2 degrees of freedom, as Linnet does).

    Source
    ------
    Linnet, Stat Med 1990;9:1463-1473; Cornbleet and Gochman, Clin Chem 1979;25:432-438.
    """
    from scipy import stats

    one, two = paired(x, y)
    _refuse_constant(one)
    _refuse_constant(two)
    n = one.size
    whole = _deming(one, two, error_ratio)
    keep = ~np.eye(n, dtype=bool)
    parts = np.array([_deming(one[mask], two[mask], error_ratio) for mask in keep])
    pseudo = n * whole - (n - 1) * parts
    error = pseudo.std(axis=0, ddof=1) / math.sqrt(n)
    t = float(stats.t.ppf(0.5 + confidence / 2, n - 2))
    p = float(2 * stats.t.sf(abs(whole[0] / error[0]), n - 2)) if error[0] > 0 else 0.0
    return Line(
        slope=_around(whole[0], t * error[0]),
        intercept=_around(whole[1], t * error[1]),
        r=_correlation(one, two, confidence),
        p=p,
    )


def _deming(x: FloatArray, y: FloatArray, error_ratio: float) -> FloatArray:
    """Return (slope, intercept)."""
    (xx, xy), (_, yy) = np.cov(x, y)
    if xy == 0:
        return np.array([0.0, y.mean()])
    gap = yy - error_ratio * xx
    slope = (gap + math.sqrt(gap**2 + 4 * error_ratio * xy**2)) / (2 * xy)
    return np.array([slope, y.mean() - slope * x.mean()])


def _correlation(x: FloatArray, y: FloatArray, confidence: float) -> Estimate:
    from scipy import stats

    if np.ptp(y) == 0:
        return Estimate(math.nan)
    found = stats.pearsonr(x, y)
    if x.size < 4:
        return Estimate(float(found.statistic))
    bounds = found.confidence_interval(confidence)
    return Estimate(float(found.statistic), float(bounds.low), float(bounds.high))


def _around(value: float, reach: float) -> Estimate:
    return Estimate(float(value), float(value - reach), float(value + reach))


def _refuse_constant(values: FloatArray) -> None:
    if np.ptp(values) == 0:
        raise InputError(f"the same value {values[0]:g} everywhere", expected="values that vary")
