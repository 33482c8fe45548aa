"""The bolus behind a saturated blood curve up to its height: when it arrives, how wide it is, how much comes back.

Saturation bends a curve by a saturation model with two unknowns, how deep it goes and what it tends to, 1 - exp(-depth
x). A first pass of the usual kind, saturated by it, is fitted to what was measured until the first pass has emptied;
what follows is less saturated and is linearised by the same saturation model. Depth and height cannot be
distinguished, so that the height stays open; where the sequence is known the saturation model is its signal equation,
and the depth is the height in mmol/L, known to a fifth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from QPerfusionLogic.data.arrays import FloatArray

from .blood_curve import BloodCurve

STEP_S = 0.25
PLATEAU = 0.9
"""The first pass is at its height where the curve first comes so near its maximum."""
EMPTY_AFTER_S = (2.0, 16.0)
"""Between these times after that the first pass has emptied, at the lowest point of the curve."""
BEYOND_S = 2.0
"""The fit reaches this far past it, and the linearised curve takes over on the way."""
HIGHEST_LATE = 0.5
"""Blood after the first pass holds no more than this share of the peak, however deep the saturation."""
MISFIT = 0.02
"""What a curve differs from the family by, as a share of its range."""
LARGEST_MISFIT = 0.08
USUAL = {
    "time_to_peak": (np.log(6.6), 0.35),
    "steepness": (np.log(8.5), 0.8),
    "limit": (0.0, 0.3),
    "returned": (np.log(0.18), 0.35),
}
"""Logarithms (middle, spread) of what the curves are made of; time to peak and steepness after AI-AIF (Scannell 2022),
returned after `checks`."""
STARTS, LEADS_S = (0.4, 1.0, 2.0), (1.0, 3.0, 5.0)
"""Where the fits start: depths over the usual one, and times from the beginning of the gamma variate to bolus
arrival."""
TABLE = 321
"""Points of the table that a saturation model is inverted by."""


@dataclass(frozen=True)
class SaturationModel:
    """How saturation bends a bolus.

    Parameters
    ----------
    saturated : callable
        (relative gadolinium (n,), depth) -> signal above its baseline (n,), in any unit.
    usual_depth, depth_log_sd : float
        What the depth usually is, and the spread of its logarithm.
    """

    saturated: Callable[[FloatArray, float], FloatArray]
    usual_depth: float
    depth_log_sd: float


ANY_SATURATION = SaturationModel(lambda relative, depth: 1.0 - np.exp(-depth * relative), 2.5, 0.8)
"""The depth is relaxivity times saturation time times peak: 2.3 for 4.6, 0.1 s and 5 mmol/L."""


@dataclass(frozen=True)
class BolusShape:
    """The bolus behind a curve, on its clock.

    Parameters
    ----------
    time_s, relative : (n,) arrays
        Gadolinium over its first-pass peak.
    misfit : float
        What the fit left (rms), as a share of the range of the curve.
    depth, depth_log_sd : float
        Of the saturation model at the peak, and the standard error of its logarithm.
    signal_scale : float
        What the saturation model is multiplied by to give the measured signal above its baseline.
    """

    time_s: FloatArray
    relative: FloatArray
    misfit: float
    depth: float
    depth_log_sd: float
    signal_scale: float


def shape_behind(curve: BloodCurve, model: SaturationModel = ANY_SATURATION) -> BolusShape | None:
    """Return the bolus behind a saturated blood curve; None where the curve is none of the family.

    Parameters
    ----------
    curve : BloodCurve
        As measured, in image units.
    model : Law
        How saturation bends it; by default any saturation recovery, whatever its time.
    """
    bolus = curve.bolus
    if bolus is None:
        return None
    height = float(curve.signal[bolus.peak_frame]) - bolus.baseline
    time_s, saturated = curve.time_s, (curve.signal - bolus.baseline) / height
    empty_s = _emptied(time_s, saturated)
    if empty_s is None:
        return None
    used = time_s <= empty_s + BEYOND_S
    family = _Family(model)
    x, depth_log_sd = family.fitted(
        time_s[used], saturated[used], [bolus.bolus_arrival_time_s - lead for lead in LEADS_S]
    )
    misfit = float(np.sqrt(np.mean((family.curve(x, time_s[used]) - saturated[used]) ** 2)))
    if misfit > LARGEST_MISFIT:
        return None
    fine_s = np.arange(time_s[0], time_s[-1] + STEP_S, STEP_S)
    first_pass = family.bolus(x, fine_s)
    peak = float(first_pass.max())
    linearised = family.linearised(x, np.interp(fine_s, time_s, saturated), HIGHEST_LATE * peak)
    late = np.clip((fine_s - empty_s) / BEYOND_S, 0.0, 1.0)
    relative = ((1.0 - late) * first_pass + late * linearised) / peak
    depth, limit = float(np.exp(x[-1])), float(np.exp(x[3]))
    scale = height * limit / float(model.saturated(np.ones(1), depth)[0])
    return BolusShape(fine_s, relative, misfit, depth * peak, depth_log_sd, scale)


def gamma_variate(since_s: FloatArray, time_to_peak_s: float, steepness: float) -> FloatArray:
    """Return a first pass with a peak of 1 at its time to peak."""
    scaled = np.maximum(since_s, 1e-9) / time_to_peak_s
    return np.where(since_s > 0.0, np.exp(steepness * (np.log(scaled) + 1.0 - scaled)), 0.0)


def with_return(first_pass: FloatArray, share: float) -> FloatArray:
    """Return an evenly sampled first pass with what comes back as it empties, `share` of its peak in the end."""
    filled = np.cumsum(first_pass) / max(float(first_pass.sum()), 1e-12)
    return np.asarray(first_pass + share * np.clip(filled, 0.0, 1.0) ** 4)


def _emptied(time_s: FloatArray, saturated: FloatArray) -> float | None:
    """Return when the first pass has emptied, None where the series ends before it can have."""
    begin_s = float(time_s[np.argmax(saturated >= PLATEAU)])
    low, high = (begin_s + after for after in EMPTY_AFTER_S)
    inside = np.flatnonzero((time_s >= low) & (time_s <= high))
    return float(time_s[inside[np.argmin(saturated[inside])]]) if len(inside) >= 3 else None


class _Family:
    """Boluses saturated by a saturation model; x: begin (s), then logarithms of time to peak, steepness, limit,
    returned share and depth.

    The limit is what the saturation model gives for a bolus of 1, over the range of the measured curve.
    """

    def __init__(self, model: SaturationModel) -> None:
        self.model = model
        depth = (np.log(model.usual_depth), model.depth_log_sd)
        self.middle, self.spread = np.array([*USUAL.values(), depth]).T

    def bolus(self, x: FloatArray, time_s: FloatArray) -> FloatArray:
        """Return the relative bolus (n,) at times (n,)."""
        time_to_peak_s, steepness, _, share, _ = np.exp(x[1:])
        grid = np.arange(time_s[0], time_s[-1] + STEP_S, STEP_S)
        whole = with_return(gamma_variate(grid - x[0], time_to_peak_s, steepness), share)
        return np.interp(time_s, grid, whole)

    def curve(self, x: FloatArray, time_s: FloatArray) -> FloatArray:
        """Return the saturated bolus (n,), of the range of the measured curve."""
        return self._saturated(x, self.bolus(x, time_s))

    def linearised(self, x: FloatArray, saturated: FloatArray, highest: float) -> FloatArray:
        """Return the relative bolus (n,) behind a saturated one (n,), up to the highest."""
        table = np.linspace(0.0, highest, TABLE)
        return np.interp(saturated, self._saturated(x, table), table)

    def fitted(self, time_s: FloatArray, saturated: FloatArray, begins_s: list[float]) -> tuple[FloatArray, float]:
        """Return the parameters of the best of several fits, and the standard error of the logarithm of the depth."""

        def residual(x: FloatArray) -> FloatArray:
            return np.concatenate([(self.curve(x, time_s) - saturated) / MISFIT, (x[1:] - self.middle) / self.spread])

        fits = []
        for begin_s in begins_s:
            for factor in STARTS:
                start = np.array([begin_s, *self.middle])
                start[-1] += np.log(factor)
                fits.append(least_squares(residual, start, x_scale=np.array([1.0, *self.spread]), max_nfev=60))
        best = min(fits, key=lambda fit: fit.cost)
        return np.asarray(best.x), float(np.sqrt(np.linalg.pinv(best.jac.T @ best.jac)[-1, -1]))

    def _saturated(self, x: FloatArray, relative: FloatArray) -> FloatArray:
        depth = float(np.exp(x[-1]))
        return np.asarray(
            np.exp(x[3]) * self.model.saturated(relative, depth) / self.model.saturated(np.ones(1), depth)[0]
        )
