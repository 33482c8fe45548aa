"""Whether two methods put segments and vessels on the same side of a threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from QPerfusionLogic.data.arrays import FloatArray

from .estimate import Estimate, finite_pairs

MINIMUM_VESSEL_SEGMENTS = 2


@dataclass(frozen=True)
class ThresholdAgreement:
    """How often two methods agree about "below the threshold".

    Parameters
    ----------
    share : Estimate
        Share of equal classes with its Wilson interval.
    kappa : float
        Cohen's kappa; NaN when both methods put all on one side.
    both_below, reference_only, test_only, both_above : int
        The two-by-two table.
    """

    threshold: float
    n: int
    share: Estimate
    kappa: float
    both_below: int
    reference_only: int
    test_only: int
    both_above: int


def threshold_agreement(reference: ArrayLike, test: ArrayLike, threshold: float) -> ThresholdAgreement:
    """Return the agreement of two methods about values below a threshold.

    Parameters
    ----------
    reference, test : (n,) arrays
        Paired measurements.
    threshold : float
        In the unit of the measurements.

    Returns
    -------
    ThresholdAgreement
        Share of equal classes with its Wilson interval, Cohen's kappa, and the table of four counts.

    Raises
    ------
    InputError
        When the two differ in length or hold a number that is not finite.

    Examples
    --------
    >>> threshold_agreement([1.0, 2.0, 1.2, 3.0], [1.1, 1.3, 1.0, 2.5], 1.35).share.value
    0.75
    """
    first, second = finite_pairs(reference, test)
    one, two = first < threshold, second < threshold
    counts = [int(np.sum(found)) for found in (one & two, one & ~two, ~one & two, ~one & ~two)]
    n = int(one.size)
    equal = counts[0] + counts[3]
    chance = (one.mean() * two.mean() + (1 - one.mean()) * (1 - two.mean())) if n else math.nan
    share = equal / n if n else math.nan
    kappa = (share - chance) / (1 - chance) if n and chance < 1 else math.nan
    return ThresholdAgreement(threshold, n, _wilson(equal, n), float(kappa), *counts)


def vessel_values(values: ArrayLike, vessels: ArrayLike) -> tuple[FloatArray, np.ndarray]:
    """Return the value of every vessel, the mean of its two lowest segments, and the names of the vessels.

    Parameters
    ----------
    values : (segments,) array
        Values of segments.
    vessels : (segments,) array
        Name of the vessel (and patient) of each segment.

    Source
    ------
    AI-AIF paper: "the average MBF of the two lowest AHA segments in that coronary territory". Vessels with one segment
    are left out.
    """
    numbers, names = np.asarray(values, dtype=float), np.asarray(vessels)
    found = {}
    for name in np.unique(names):
        lowest = np.sort(numbers[names == name])[:MINIMUM_VESSEL_SEGMENTS]
        if lowest.size == MINIMUM_VESSEL_SEGMENTS:
            found[name] = float(lowest.mean())
    return np.array(list(found.values())), np.array(list(found))


def _wilson(hits: int, n: int) -> Estimate:
    from scipy import stats

    if n == 0:
        return Estimate(math.nan)
    bounds = stats.binomtest(hits, n).proportion_ci(method="wilson")
    return Estimate(hits / n, float(bounds.low), float(bounds.high))
