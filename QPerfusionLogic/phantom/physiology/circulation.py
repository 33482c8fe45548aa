"""Where the bolus goes: from the injected dose through RV, lungs and LV, and round again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import gammaln

from QPerfusionLogic.data.arrays import FloatArray

STEP_S = 0.1
"""Step of the fine time grid on which blood and tissue curves are computed."""
RECIRCULATION_DIES_S = 1800.0
"""Padding after which nothing of the periodic transform wraps round into the baseline."""


@dataclass(frozen=True)
class Circulation:
    """One injection and its passages, each with a mean transit time and a relative dispersion (SD / mean).

    `second_share` of the dose arrives `second_delay_s` after the rest: an irregular, double-peaked bolus.
    `recirculated` is the part of the gadolinium that comes back from the body within the scan; `residual_mmol_l` the
    blood gadolinium left over from an earlier injection, constant during this one.
    """

    dose_mmol_kg: float = 0.075
    weight_kg: float = 75.0
    injection_rate_ml_s: float = 4.0
    agent_mmol_ml: float = 1.0
    cardiac_output_l_min: float = 6.0
    arrival_s: float = 8.0
    vein_transit_s: float = 3.5
    vein_dispersion: float = 0.45
    lung_transit_s: float = 6.0
    lung_dispersion: float = 0.38
    body_transit_s: float = 18.0
    body_dispersion: float = 0.55
    recirculated: float = 0.7
    second_share: float = 0.0
    second_delay_s: float = 4.0
    residual_mmol_l: float = 0.0


@dataclass(frozen=True)
class BloodCurves:
    """Gadolinium above baseline in whole blood, mmol/L, on one fine time grid; arrays are (n,)."""

    time_s: FloatArray
    right_ventricle: FloatArray
    lung: FloatArray
    left_ventricle: FloatArray
    aorta: FloatArray
    body: FloatArray


def fine_time_s(duration_s: float) -> FloatArray:
    """Return the fine time grid from 0 to at least `duration_s`."""
    return np.arange(int(np.ceil(duration_s / STEP_S)) + 1) * STEP_S


def blood_curves(circulation: Circulation, duration_s: float) -> BloodCurves:
    """Follow a bolus through the heart.

    The passages are convolutions with gamma densities; the loop body -> RV is closed exactly in the frequency domain.

    Parameters
    ----------
    circulation : Circulation
        The injection and the passages.
    duration_s : float
        Length of the curves.

    Returns
    -------
    BloodCurves
        Curves on `fine_time_s(duration_s)`, 0 before arrival.

    Examples
    --------
    >>> curves = blood_curves(Circulation(dose_mmol_kg=0.05), 60.0)
    >>> bool(3.0 < curves.left_ventricle.max() < 8.0)
    True
    """
    time_s = fine_time_s(duration_s)
    points = next_fast_len(time_s.size + int(RECIRCULATION_DIES_S / STEP_S), real=True)
    grid = np.arange(points) * STEP_S

    def passage(mean_s: float, dispersion: float) -> FloatArray:
        return rfft(_gamma_density(grid, mean_s, dispersion)) * STEP_S

    vein = passage(circulation.vein_transit_s, circulation.vein_dispersion)
    half_lung = passage(circulation.lung_transit_s / 2.0, circulation.lung_dispersion * np.sqrt(2.0))
    body = passage(circulation.body_transit_s, circulation.body_dispersion)
    injected = rfft(_dose_rate_mmol_s(circulation, grid)) * 60.0 / circulation.cardiac_output_l_min
    right = injected * vein / (1.0 - circulation.recirculated * half_lung**2 * body)
    left = right * half_lung**2
    spectra = (right, right * half_lung, left, left * passage(1.2, 0.3), left * body)
    curves = [np.maximum(irfft(spectrum, points)[: time_s.size], 0.0) for spectrum in spectra]
    return BloodCurves(time_s, *curves)


def _dose_rate_mmol_s(circulation: Circulation, grid: FloatArray) -> FloatArray:
    """Return how fast the dose leaves the syringe; the double-peaked bolus comes in two boxes."""
    dose_mmol = circulation.dose_mmol_kg * circulation.weight_kg
    duration_s = dose_mmol / circulation.agent_mmol_ml / circulation.injection_rate_ml_s
    rate = np.zeros_like(grid)
    parts = ((1.0 - circulation.second_share, 0.0), (circulation.second_share, circulation.second_delay_s))
    for share, delay_s in parts:
        start = circulation.arrival_s + delay_s
        covered = np.clip(grid + STEP_S / 2 - start, 0.0, share * duration_s)
        rate += np.diff(covered, prepend=0.0) / STEP_S * dose_mmol / duration_s
    return rate


def _gamma_density(time_s: FloatArray, mean_s: float, dispersion: float) -> FloatArray:
    """Return the gamma density of a mean and a relative dispersion, summing to 1 over the grid."""
    shape = 1.0 / dispersion**2
    scale = mean_s / shape
    scaled = np.maximum(time_s, 1e-9) / scale
    density = np.exp((shape - 1.0) * np.log(scaled) - scaled - gammaln(shape)) / scale
    density[0] = 0.0
    return density / (density.sum() * STEP_S)
