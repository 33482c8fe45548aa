"""Intraclass correlation, concordance and repeatability of repeated or paired measurements."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.errors import InputError

from .estimate import Estimate, paired


@dataclass(frozen=True)
class IntraclassCorrelation:
    """ICC(2,1), absolute agreement with random raters, and ICC(3,1), consistency with fixed raters."""

    agreement: Estimate
    consistency: Estimate


def intraclass_correlation(ratings: ArrayLike, confidence: float = 0.95) -> IntraclassCorrelation:
    """Return ICC(2,1) and ICC(3,1) of every rater measuring every target once.

    Parameters
    ----------
    ratings : (targets, raters) array
        For two methods, their paired values as two columns.
    confidence : float
        Level of the intervals.

    Returns
    -------
    IntraclassCorrelation
        Absolute agreement ICC(2,1) and consistency ICC(3,1) with their intervals.

    Raises
    ------
    InputError
        When the ratings are no table of at least 2 by 2 finite numbers.

    Source
    ------
    Shrout and Fleiss, Psychol Bull 1979;86:420-428; interval of ICC(2,1) after McGraw and Wong 1996 (Satterthwaite).

    Examples
    --------
    >>> found = intraclass_correlation([[1.0, 2.0], [3.0, 4.0], [5.0, 6.5]])
    >>> round(found.consistency.value, 3)
    0.991
    """
    from scipy import stats

    table = np.asarray(ratings, dtype=float)
    if table.ndim != 2 or min(table.shape) < 2 or not np.isfinite(table).all():
        raise InputError(f"ratings of shape {table.shape}", expected="(targets, raters), all finite, at least 2 by 2")
    n, k = table.shape
    targets, raters, rest = _mean_squares(table)
    if targets <= 0 or rest <= 1e-14 * targets:
        perfect = 1.0 if targets > 0 else math.nan
        offset = targets / (targets + k * raters / n) if targets > 0 else math.nan
        return IntraclassCorrelation(Estimate(offset), Estimate(perfect, perfect, perfect))
    tail = (1 + confidence) / 2
    agreement = (targets - rest) / (targets + (k - 1) * rest + k * (raters - rest) / n)
    consistency = (targets - rest) / (targets + (k - 1) * rest)
    ratio = targets / rest
    low = ratio / stats.f.ppf(tail, n - 1, (n - 1) * (k - 1))
    high = ratio * stats.f.ppf(tail, (n - 1) * (k - 1), n - 1)
    return IntraclassCorrelation(
        Estimate(float(agreement), *_agreement_interval(targets, raters, rest, n, k, agreement, tail)),
        Estimate(float(consistency), float((low - 1) / (low + k - 1)), float((high - 1) / (high + k - 1))),
    )


def concordance(reference: ArrayLike, test: ArrayLike, confidence: float = 0.95) -> Estimate:
    """Return Lin's concordance correlation coefficient with the interval of its z transform.

    Source
    ------
    Lin, Biometrics 1989;45:255-268 (variances with 1/n), corrected variance of 2000;56:324-325.
    """
    from scipy import stats

    one, two = paired(reference, test)
    n = one.size
    var_one, var_two = one.var(), two.var()
    covariance = float(((one - one.mean()) * (two - two.mean())).mean())
    shift = float(one.mean() - two.mean())
    total = var_one + var_two + shift**2
    if total == 0 or var_one == 0 or var_two == 0:
        return Estimate(math.nan)
    value = float(2 * covariance / total)
    r = covariance / math.sqrt(var_one * var_two)
    if n < 4 or abs(value) >= 1 - 1e-12 or r == 0:
        return Estimate(value)
    u2 = shift**2 / math.sqrt(var_one * var_two)
    c2 = value**2
    variance = (
        (1 - r**2) * c2 / ((1 - c2) * r**2)
        + 2 * value**3 * (1 - value) * u2 / (r * (1 - c2) ** 2)
        - value**4 * u2**2 / (2 * r**2 * (1 - c2) ** 2)
    ) / (n - 2)
    reach = float(stats.norm.ppf(0.5 + confidence / 2)) * math.sqrt(max(variance, 0.0))
    z = math.atanh(value)
    return Estimate(value, math.tanh(z - reach), math.tanh(z + reach))


@dataclass(frozen=True)
class Repeatability:
    """Spread of repeated measurements of one target: `within_sd` and `coefficient` in the unit of the quantity.

    `coefficient` (1.96 sqrt(2) within_sd) holds 95 % of the differences between two repeats; `variation` is within_sd
    over the overall mean.
    """

    within_sd: float
    coefficient: float
    variation: float


def repeatability(first: ArrayLike, second: ArrayLike) -> Repeatability:
    """Return the repeatability of two measurements per target.

    Source
    ------
    Bland and Altman, Lancet 1986;327:307-310: the mean difference between repeats is taken as zero.

    Examples
    --------
    >>> round(repeatability([1.0, 2.0, 3.0], [1.2, 1.8, 3.2]).within_sd, 4)
    0.1414
    """
    one, two = paired(first, second)
    within = math.sqrt(float(((one - two) ** 2).mean()) / 2)
    mean = float((one.mean() + two.mean()) / 2)
    return Repeatability(within, 1.96 * math.sqrt(2) * within, within / mean if mean != 0 else math.nan)


def _mean_squares(table: FloatArray) -> tuple[float, float, float]:
    """Return the mean squares of targets, raters and residual of a two-way layout."""
    n, k = table.shape
    mean = table.mean()
    rows, columns = table.mean(axis=1) - mean, table.mean(axis=0) - mean
    residual = table - mean - rows[:, None] - columns[None, :]
    return (
        float(k * (rows**2).sum() / (n - 1)),
        float(n * (columns**2).sum() / (k - 1)),
        float((residual**2).sum() / ((n - 1) * (k - 1))),
    )


def _agreement_interval(
    targets: float, raters: float, rest: float, n: int, k: int, icc: float, tail: float
) -> tuple[float, float]:
    from scipy import stats

    if icc >= 1:
        return math.nan, math.nan
    a = k * icc / (n * (1 - icc))
    b = 1 + k * icc * (n - 1) / (n * (1 - icc))
    degrees_of_freedom = (a * raters + b * rest) ** 2 / (
        (a * raters) ** 2 / (k - 1) + (b * rest) ** 2 / ((n - 1) * (k - 1))
    )
    upper_f, lower_f = stats.f.ppf(tail, n - 1, degrees_of_freedom), stats.f.ppf(tail, degrees_of_freedom, n - 1)
    common = k * raters + (k * n - k - n) * rest
    low = n * (targets - upper_f * rest) / (upper_f * common + n * targets)
    high = n * (lower_f * targets - rest) / (common + n * lower_f * targets)
    return float(low), float(high)
