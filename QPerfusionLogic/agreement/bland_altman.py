"""Bland-Altman analysis: bias and limits of agreement with their confidence intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .estimate import Estimate, paired


@dataclass(frozen=True)
class BlandAltman:
    """Bias (test minus reference) and limits of agreement, each with its confidence interval.

    `proportional_slope` is the slope of the differences on the means with its p value: a bias that grows with the
    quantity.
    """

    n: int
    bias: Estimate
    standard_deviation: float
    lower_limit: Estimate
    upper_limit: Estimate
    proportional_slope: Estimate
    proportional_p: float


def bland_altman(
    reference: ArrayLike, test: ArrayLike, multiplier: float = 1.96, confidence: float = 0.95
) -> BlandAltman:
    """Return the Bland-Altman analysis of test against reference.

    Parameters
    ----------
    reference, test : (n,) arrays
        Paired measurements.
    multiplier : float
        Standard deviations from the bias to the limits; 1986 used 2, later papers 1.96.
    confidence : float
        Level of the intervals.

    Returns
    -------
    BlandAltman
        Bias, limits and slope in the unit of the measurements, each with its interval.

    Raises
    ------
    InputError
        When the two differ in length, hold a number that is not finite, or are fewer than three pairs.

    Source
    ------
    Bland and Altman, Lancet 1986;327:307-310: standard error of the bias s/sqrt(n), of a limit s sqrt(3/n), both with
    Student's t of n - 1 degrees of freedom.

    Examples
    --------
    >>> bland_altman([1.0, 2.0, 3.0, 4.0], [1.1, 2.1, 3.1, 4.1]).bias.value
    0.1
    """
    from scipy import stats

    one, two = paired(reference, test)
    n = one.size
    difference = two - one
    bias, spread = float(difference.mean()), float(difference.std(ddof=1))
    t = float(stats.t.ppf(0.5 + confidence / 2, n - 1))
    bias_reach, limit_reach = t * spread / np.sqrt(n), t * spread * np.sqrt(3.0 / n)
    slope, p = _proportional(one, two, confidence)

    def estimate(value: float, reach: float) -> Estimate:
        return Estimate(round(value, 12), float(value - reach), float(value + reach))

    return BlandAltman(
        n=n,
        bias=estimate(bias, bias_reach),
        standard_deviation=spread,
        lower_limit=estimate(bias - multiplier * spread, limit_reach),
        upper_limit=estimate(bias + multiplier * spread, limit_reach),
        proportional_slope=slope,
        proportional_p=p,
    )


def _proportional(one: np.ndarray, two: np.ndarray, confidence: float) -> tuple[Estimate, float]:
    """Return slope of the differences on the means, and its p value; NaN where the means do not vary."""
    from .regression import linear_regression

    mean, difference = (one + two) / 2, two - one
    if np.ptp(mean) == 0 or np.ptp(difference) <= 1e-12 * np.abs(mean).max():
        return Estimate(float("nan")), float("nan")
    line = linear_regression(mean, difference, confidence)
    return line.slope, line.p
