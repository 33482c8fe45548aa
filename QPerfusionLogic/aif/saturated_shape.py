"""The bolus behind a saturated blood curve up to its height: when it arrives, how wide it is, how much comes back.

Saturation bends a curve by a law with two unknowns, how deep it goes and what it tends to, 1 - exp(-depth x). A first
pass of the usual kind, bent by it, is fitted to what was measured until the first pass has emptied; what follows is
less saturated and is unbent by the same law. Depth and height cannot be told apart, so that the height stays open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from QPerfusionLogic.study import FloatArray

from .blood_curve import BloodCurve

STEP_S = 0.25
PLATEAU = 0.9
"""The first pass is at its height where the curve first comes so near its maximum."""
EMPTY_AFTER_S = (2.0, 16.0)
"""Between these times after that the first pass has emptied, at the lowest point of the curve."""
BEYOND_S = 2.0
"""The fit reaches this far past it, and the unbent curve takes over on the way."""
HIGHEST_LATE = 0.5
"""Blood after the first pass holds no more than this share of the peak, however deep the saturation."""
MISFIT = 0.03
"""What a curve differs from the family by, as a share of its range."""
LARGEST_MISFIT = 0.08
USUAL = {
    "time_to_peak": (np.log(6.6), 0.35),
    "steepness": (np.log(8.5), 0.8),
    "limit": (0.0, 0.3),
    "depth": (np.log(2.5), 0.8),
    "returned": (np.log(0.18), 0.35),
}
"""Logarithms (middle, spread) of what the curves are made of; time to peak and steepness after AI-AIF (Scannell 2022),
returned after `checks`. The depth is relaxivity times saturation time times peak: 2.3 for 4.6, 0.1 s and 5 mmol/L."""
DEPTHS, LEADS_S = (1.0, 2.5, 5.0), (1.0, 3.0, 5.0)
"""Where the fits start: depths, and times from the beginning of the gamma variate to the foot."""


@dataclass(frozen=True)
class BolusShape:
    """Gadolinium over its first-pass peak (n,) at times (n,), on the clock of the curve; what the fit left (rms)."""

    time_s: FloatArray
    relative: FloatArray
    misfit: float


def shape_behind(curve: BloodCurve) -> BolusShape | None:
    """Return the bolus behind a saturated blood curve; None where the curve is none of the family.

    Parameters
    ----------
    curve : BloodCurve
        As measured, in image units.
    """
    bolus = curve.bolus
    if bolus is None:
        return None
    height = float(curve.signal[bolus.peak_frame]) - bolus.baseline
    time_s, bent = curve.time_s, (curve.signal - bolus.baseline) / height
    empty_s = _emptied(time_s, bent)
    if empty_s is None:
        return None
    used = time_s <= empty_s + BEYOND_S
    starts = [bolus.foot_s - lead for lead in LEADS_S]
    best = _fitted(time_s[used], bent[used], starts)
    found, first_pass = _bent(best)
    misfit = float(np.sqrt(np.mean((found(time_s[used]) - bent[used]) ** 2)))
    if misfit > LARGEST_MISFIT:
        return None
    fine_s = np.arange(time_s[0], time_s[-1] + STEP_S, STEP_S)
    limit, depth = np.exp(best[3]), np.exp(best[4])
    left = 1.0 - np.interp(fine_s, time_s, bent) / limit
    peak = float(first_pass(fine_s).max())
    unbent = -np.log(np.maximum(left, np.exp(-depth * HIGHEST_LATE * peak))) / depth
    late = np.clip((fine_s - empty_s) / BEYOND_S, 0.0, 1.0)
    relative = (1.0 - late) * first_pass(fine_s) + late * unbent
    return BolusShape(fine_s, relative / peak, misfit)


def gamma_variate(since_s: FloatArray, time_to_peak_s: float, steepness: float) -> FloatArray:
    """Return a first pass with a peak of 1 at its time to peak."""
    scaled = np.maximum(since_s, 1e-9) / time_to_peak_s
    return np.where(since_s > 0.0, np.exp(steepness * (np.log(scaled) + 1.0 - scaled)), 0.0)


def with_return(first_pass: FloatArray, share: float) -> FloatArray:
    """Return an evenly sampled first pass with what comes back as it empties, `share` of its peak in the end."""
    filled = np.cumsum(first_pass) / max(float(first_pass.sum()), 1e-12)
    return np.asarray(first_pass + share * np.clip(filled, 0.0, 1.0) ** 4)


def _emptied(time_s: FloatArray, bent: FloatArray) -> float | None:
    """Return when the first pass has emptied, None where the series ends before it can have."""
    begin_s = float(time_s[np.argmax(bent >= PLATEAU)])
    low, high = (begin_s + after for after in EMPTY_AFTER_S)
    inside = np.flatnonzero((time_s >= low) & (time_s <= high))
    return float(time_s[inside[np.argmin(bent[inside])]]) if len(inside) >= 3 else None


def _bent(x: FloatArray) -> tuple[Callable[[FloatArray], FloatArray], Callable[[FloatArray], FloatArray]]:
    """Return the curve that parameters make, as a function of time, and the bolus before it is bent."""
    begin_s = x[0]
    time_to_peak_s, steepness, limit, depth, share = np.exp(x[1:])

    def bolus(time_s: FloatArray) -> FloatArray:
        grid = np.arange(time_s[0], time_s[-1] + STEP_S, STEP_S)
        whole = with_return(gamma_variate(grid - begin_s, time_to_peak_s, steepness), share)
        return np.interp(time_s, grid, whole)

    return lambda time_s: limit * (1.0 - np.exp(-depth * bolus(time_s))), bolus


def _fitted(time_s: FloatArray, bent: FloatArray, begins_s: list[float]) -> FloatArray:
    middle, spread = np.array(list(USUAL.values())).T

    def residual(x: FloatArray) -> FloatArray:
        return np.concatenate([(_bent(x)[0](time_s) - bent) / MISFIT, (x[1:] - middle) / spread])

    fits = []
    for begin_s in begins_s:
        for depth in DEPTHS:
            start = np.array([begin_s, *middle])
            start[4] = np.log(depth)
            fits.append(least_squares(residual, start, x_scale=np.array([1.0, *spread]), max_nfev=60))
    return np.asarray(min(fits, key=lambda fit: fit.cost).x)
