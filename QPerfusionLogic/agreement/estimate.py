"""A number with its confidence interval, and the check that paired samples can be compared at all."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.errors import InputError

MINIMUM_PAIRS = 3
"""Fewer pairs leave no degree of freedom for a spread."""


@dataclass(frozen=True)
class Estimate:
    """A statistic and the bounds of its confidence interval; NaN where it does not exist."""

    value: float
    low: float = math.nan
    high: float = math.nan

    def __str__(self) -> str:
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


def paired(one: ArrayLike, two: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return two samples as float arrays (n,) of equal length.

    Raises
    ------
    InputError
        When the lengths differ, a value is not finite, or there are fewer than three pairs.
    """
    first, second = finite_pairs(one, two)
    if first.size < MINIMUM_PAIRS:
        raise InputError(f"{first.size} pairs", expected=f"at least {MINIMUM_PAIRS}")
    return first, second


def finite_pairs(one: ArrayLike, two: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return two samples as float arrays (n,) of equal length, however short.

    Raises
    ------
    InputError
        When the lengths differ or a value is not finite.
    """
    first, second = np.asarray(one, dtype=float).ravel(), np.asarray(two, dtype=float).ravel()
    if first.shape != second.shape:
        raise InputError(f"{first.size} and {second.size} values", expected="pairs", action="match them by id first")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise InputError("values that are not finite", expected="numbers only", action="leave out the missing pairs")
    return first, second
