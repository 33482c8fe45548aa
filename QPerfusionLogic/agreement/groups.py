"""Whether two groups differ: Mann-Whitney with medians and quartiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from QPerfusionLogic.errors import InputError

from .estimate import Estimate


@dataclass(frozen=True)
class GroupTest:
    """Mann-Whitney U test; `first` and `second` are medians with their quartiles as bounds."""

    u: float
    p: float
    first: Estimate
    second: Estimate


def mann_whitney(first: ArrayLike, second: ArrayLike) -> GroupTest:
    """Return the two-sided Mann-Whitney U test of two independent samples.

    Examples
    --------
    >>> mann_whitney([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]).u
    0.0
    """
    from scipy import stats

    one, two = np.asarray(first, dtype=float).ravel(), np.asarray(second, dtype=float).ravel()
    if min(one.size, two.size) < 2 or not (np.isfinite(one).all() and np.isfinite(two).all()):
        raise InputError(f"groups of {one.size} and {two.size}", expected="at least 2 finite values in each")
    found = stats.mannwhitneyu(one, two, alternative="two-sided")
    return GroupTest(float(found.statistic), float(found.pvalue), _quartiles(one), _quartiles(two))


def _quartiles(values: np.ndarray) -> Estimate:
    low, middle, high = np.percentile(values, (25, 50, 75))
    return Estimate(float(middle), float(low), float(high))
