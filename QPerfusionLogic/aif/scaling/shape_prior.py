"""Scale of a saturated blood curve without proton-density frames, from what boluses look like in people.

The pre-contrast signal is too small to scale by: a few per cent of imperfect saturation or left-over contrast change
it by half. But a wrong scale bends the inverted curve: too large and its peak stays compressed against what follows
it, too small and the peak runs away. So every scale S0 is tried and weighted by how usual the inverted curve is.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.aif.correction.precontrast import estimate_precontrast, level_cost
from QPerfusionLogic.aif.correction.precontrast_levels import blood_and_myocardium
from QPerfusionLogic.aif.curves.blood_curve import BloodCurve
from QPerfusionLogic.aif.curves.saturated_peak import tail_share
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.conversion_physics import Precontrast
from QPerfusionLogic.signal_model.physics import SeriesPhysics

from .peak_prior import USUAL_HEIGHT, PeakPrior

USUAL_TAIL, TAIL_SD = 0.16, 0.035
"""Blood ten seconds and more after the peak relative to the peak: 0.10 to 0.20 in unsaturated curves."""
LARGEST_TAIL = 0.3
"""A tail above it at the best scale means that the peak is lost, not that the scale is wrong."""
CANDIDATES = 160


@dataclass(frozen=True)
class Scaled:
    """The posterior over scales.

    Parameters
    ----------
    gd_mmol_l, lower_mmol_l, upper_mmol_l : (n,) arrays
        Posterior mean and 5 and 95 % points, baseline at 0.
    s0 : float
        Posterior mean of S0 in image units.
    precontrast : Precontrast
        Efficiency and residual gadolinium at that scale.
    """

    gd_mmol_l: FloatArray
    lower_mmol_l: FloatArray
    upper_mmol_l: FloatArray
    s0: float
    precontrast: Precontrast


def scale_by_shape(
    curve: BloodCurve,
    physics: SeriesPhysics,
    myocardium_over_blood: float,
    expected: PeakPrior = USUAL_HEIGHT,
) -> Scaled | None:
    """Return the curve at the scales that give it a usual shape, or None where no scale does.

    Parameters
    ----------
    curve : BloodCurve
        Saturated blood signal.
    physics : SeriesPhysics
        Of the same series.
    myocardium_over_blood : float
        Pre-contrast signal of myocardium over that of blood, both per unit of proton density; NaN when not known.
    expected : PeakPrior
        Of the peak, before the curve is looked at.
    """
    prior = _Prior(curve, physics, myocardium_over_blood, expected)
    bolus = curve.bolus
    if bolus is None or np.isnan(tail_share(curve.signal, curve.time_s, bolus)):
        return None
    blood, level = physics.blood, curve.baseline
    smallest = float(np.max(curve.signal)) / float(blood.signal(np.array([blood.highest_gadolinium]))[0])
    largest = level / float(blood.signal(np.zeros(1))[0])
    if not 0 < smallest < largest:
        return None
    scales = np.geomspace(smallest, 1.1 * largest, CANDIDATES)
    curves, costs = [], []
    for scale in scales:
        density = scale * float(blood.proton_density_signal())
        gadolinium, above = blood.gadolinium_from_proton_density(curve.signal / density)
        gadolinium = gadolinium - np.mean(gadolinium[bolus.baseline_frames])
        curves.append(gadolinium)
        costs.append(np.inf if above.any() else prior.cost(gadolinium, level / scale))
    best = int(np.argmin(costs))
    own = dataclasses.replace(bolus, baseline=0.0)
    if not np.isfinite(costs[best]) or tail_share(curves[best], curve.time_s, own) > LARGEST_TAIL:
        return None
    weights = np.exp(-0.5 * (np.array(costs) - costs[best]))
    weights /= weights.sum()
    used = weights > 1e-6
    mean, lower, upper = _posterior(np.array(curves)[used], weights[used])
    s0 = float(np.exp(np.sum(weights * np.log(scales))))
    found = estimate_precontrast(blood_and_myocardium(level / s0, myocardium_over_blood, physics))
    return None if found is None else Scaled(mean, lower, upper, s0, found)


@dataclass(frozen=True)
class _Prior:
    """How usual an inverted curve and its pre-contrast level are."""

    curve: BloodCurve
    physics: SeriesPhysics
    myocardium_over_blood: float
    expected: PeakPrior

    def cost(self, gadolinium: FloatArray, level: float) -> float:
        """Return minus twice the logarithm of the posterior, up to a constant, of a curve (n,) and a level over S0."""
        bolus = self.curve.bolus
        assert bolus is not None
        tail = tail_share(gadolinium, self.curve.time_s, dataclasses.replace(bolus, baseline=0.0))
        height = np.log(max(float(np.max(gadolinium)), 1e-3) / self.expected.peak_mmol_l) / self.expected.peak_log_sd
        usual = ((tail - USUAL_TAIL) / TAIL_SD) ** 2 + height**2
        return float(usual + level_cost(blood_and_myocardium(level, self.myocardium_over_blood, self.physics)))


def _posterior(curves: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weighted mean and 5 and 95 % points of curves (candidates, n), point by point."""
    order = np.argsort(curves, axis=0)
    ranked = np.take_along_axis(curves, order, axis=0)
    share = np.cumsum(weights[order], axis=0)
    lower = np.take_along_axis(ranked, np.argmax(share >= 0.05, axis=0)[None], axis=0)[0]
    upper = np.take_along_axis(ranked, np.argmax(share >= 0.95, axis=0)[None], axis=0)[0]
    return np.asarray(weights @ curves), lower, upper
