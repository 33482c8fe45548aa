"""Finds what the curves of one heart have in common: the centre of flow, PS, Vp, ve and delay, by joint likelihood.

One curve at stress hardly distinguishes flow from delay and volumes; sixteen curves of one heart show the volumes
well, and a curve that is held near them shows its flow. Flows scatter round a centre of their own, with heavy tails
for defects: a prior of every segment round a median over all hearts would draw a noisy stress study down as often as
it has segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.heart_prior import DELAY_WITHIN_HEART_S, HeartPrior, heavy_tailed_force
from QPerfusionLogic.kinetics.base.delay import posterior
from QPerfusionLogic.kinetics.base.layout import Layout
from QPerfusionLogic.kinetics.solver.engine import fit_on_table, starts_at
from QPerfusionLogic.kinetics.solver.estimates import Data, log_likelihood, minima_at_delays
from QPerfusionLogic.kinetics.solver.numpy_engine import Minima
from QPerfusionLogic.kinetics.solver.residue_table import ShapeTable

FEWEST_CURVES = 4
STARTS = 6
ROUNDS = 20
PROBE = 0.05
"""Step of the finite differences that show how well the centre is known."""


@dataclass(frozen=True)
class CurvesOfOneHeart:
    """Clean curves that were sampled at the same times (one slice), on the basis of their table."""

    table: ShapeTable
    layout: Layout
    data: Data
    split: tuple[int, float] | None


def heart_prior(groups: Sequence[CurvesOfOneHeart]) -> HeartPrior | None:
    """Return what curves of one heart have in common; None where they are too few or share nothing.

    The centre is where the joint likelihood of all curves is highest, each curve averaged over its delay and at its
    best shape, with a log-normal prior on the centre whose 95 % interval is the published range.

    Parameters
    ----------
    groups : sequence of CurvesOfOneHeart
        The slices of one heart in one state, with the same model.
    """
    groups = [group for group in groups if len(group.data.on_basis)]
    if sum(len(group.data.on_basis) for group in groups) < FEWEST_CURVES:
        return None
    likelihood = _JointLikelihood(groups)
    if not likelihood.names and not likelihood.has_delay:
        return None
    found = minimize(
        likelihood,
        likelihood.start,
        jac=True,
        method="L-BFGS-B",
        bounds=likelihood.bounds,
        options={"maxiter": ROUNDS, "ftol": 1e-6},
    )
    uncertainty = likelihood.uncertainty(found.x)
    return likelihood.prior_at(found.x, uncertainty)


class _JointLikelihood:
    """Negative log likelihood of a centre (logarithms of the pooled parameters, then the delay), with its slope."""

    def __init__(self, groups: Sequence[CurvesOfOneHeart]) -> None:
        self.groups = groups
        self.hierarchical = [item for item in groups[0].layout.parameters if item.is_hierarchical]
        self.names = [item.name for item in self.hierarchical]
        self.delays_s = groups[0].table.delays_s
        self.has_delay = self.delays_s.size > 1
        self._near: dict[int, FloatArray] = {}

    @cached_property
    def start(self) -> FloatArray:
        """Middle of the published ranges, and of the delays."""
        delay = [float(np.mean(self.delays_s[[0, -1]]))] if self.has_delay else []
        return np.array([item.over_hearts[0] for item in self.hierarchical] + delay)

    @cached_property
    def bounds(self) -> list[tuple[float, float]]:
        """Three standard deviations of the prior round its middle; the delays looked at."""
        ranges = [
            (middle - 3.0 * sd, middle + 3.0 * sd) for middle, sd in (item.over_hearts for item in self.hierarchical)
        ]
        return ranges + ([(float(self.delays_s[0]), float(self.delays_s[-1]))] if self.has_delay else [])

    def prior_at(self, centre: FloatArray, uncertainty: FloatArray) -> HeartPrior:
        """Return the prior of single curves for a centre (k,) known to within an uncertainty (k,)."""
        count = len(self.hierarchical)
        sd = {
            item.name: float(np.hypot(item.within_heart_log_sd, extra))
            for item, extra in zip(self.hierarchical, uncertainty[:count], strict=True)
        }
        value = dict(zip(self.names, np.exp(centre[:count]).tolist(), strict=True))
        if not self.has_delay:
            return HeartPrior(value, sd)
        return HeartPrior(value, sd, float(centre[-1]), float(np.hypot(DELAY_WITHIN_HEART_S, uncertainty[-1])))

    def __call__(self, centre: FloatArray) -> tuple[float, FloatArray]:
        count = len(self.hierarchical)
        prior = self.prior_at(centre, np.zeros(centre.size))
        total, slope = 0.0, np.zeros(centre.size)
        for index, item in enumerate(self.hierarchical):
            middle, sd = item.over_hearts
            total += 0.5 * ((centre[index] - middle) / sd) ** 2
            slope[index] += (centre[index] - middle) / sd**2
        for number, group in enumerate(self.groups):
            layout = group.layout.around(prior)
            minima = self._fit(number, layout)
            likelihood = log_likelihood(minima, group.data.degrees_of_freedom) + prior.of_delays(self.delays_s)
            total -= float(logsumexp(likelihood, axis=1).sum())
            weight = posterior(likelihood)
            places = [layout.index_of(item.name) for item in self.hierarchical]
            for index, (item, place) in enumerate(zip(self.hierarchical, places, strict=True)):
                deviation = minima.x[..., place] - centre[index]
                slope[index] -= float((weight * heavy_tailed_force(deviation, item.within_heart_log_sd)).sum())
            if self.has_delay:
                force = heavy_tailed_force(self.delays_s - centre[count], DELAY_WITHIN_HEART_S)
                slope[count] -= float((weight * force).sum())
        return total, slope

    def _fit(self, number: int, layout: Layout) -> Minima:
        """Fit the curves of a group from where their last fits ended, the first time from everywhere."""
        group, near = self.groups[number], self._near.get(number)
        table, data = group.table, group.data
        if near is None:
            minima = minima_at_delays(table, layout, data, STARTS, group.split)
        else:
            minima = fit_on_table(
                table, layout, data.on_basis, data.off_basis, data.degrees_of_freedom, starts_at(near)
            )
        self._near[number] = minima.x
        return minima

    def uncertainty(self, centre: FloatArray) -> FloatArray:
        """Return the standard deviation (k,) of the centre, from the bend of the likelihood."""
        middle = self(centre)[1]
        bend = np.empty((centre.size, centre.size))
        for index, (low, high) in enumerate(self.bounds):
            step = PROBE if centre[index] + PROBE <= high else -PROBE
            moved = centre.copy()
            moved[index] = np.clip(centre[index] + step, low, high)
            bend[index] = (self(moved)[1] - middle) / step
        bend = 0.5 * (bend + bend.T)
        values, directions = np.linalg.eigh(bend)
        least = np.array([1.0 / (high - low) ** 2 for low, high in self.bounds]).min()
        variance = (directions**2 / np.maximum(values, least)).sum(axis=1)
        return np.asarray(np.sqrt(variance))
