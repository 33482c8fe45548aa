"""Pre-contrast levels of blood and myocardium in the tissue series, as shares of what they would be fully recovered."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from QPerfusionLogic.aif.curves.blood_curve import BloodCurve
from QPerfusionLogic.data.arrays import MYOCARDIUM
from QPerfusionLogic.data.results import StateResult
from QPerfusionLogic.signal_model.constants import native_property
from QPerfusionLogic.signal_model.magnitude import has_noise_floor, noise_variance, without_noise_floor
from QPerfusionLogic.signal_model.physics import SeriesPhysics

from .precontrast import MYOCARDIAL_SHARE, Observation


def tissue_levels(state: StateResult, curve: BloodCurve, physics: SeriesPhysics) -> list[Observation]:
    """Return the levels of blood and myocardium over their proton-density frames; none without such frames."""
    if not np.isfinite(curve.proton_density) or not curve.proton_density > 0:
        return []
    blood, myocardium = physics.blood, physics.myocardium
    found = [Observation(curve.baseline / curve.proton_density * float(blood.proton_density_signal()), blood)]
    level, density = _myocardium(state, curve)
    if density > 0:
        found.append(
            Observation(level / density * float(myocardium.proton_density_signal()), myocardium, MYOCARDIAL_SHARE)
        )
    return found


def myocardium_over_blood(state: StateResult, curve: BloodCurve, field_strength_t: float) -> float:
    """Return pre-contrast signal of myocardium over that of blood, each per proton density; NaN if unknown."""
    level, _ = _myocardium(state, curve)
    densities = [
        native_property("proton_density", tissue, field_strength_t, "mrxcat").value
        for tissue in ("myocardium", "blood")
    ]
    return float(level / curve.baseline / (densities[0] / densities[1])) if curve.baseline > 0 else float("nan")


def blood_and_myocardium(level: float, ratio: float, physics: SeriesPhysics) -> list[Observation]:
    """Return the levels of both tissues from that of blood (signal over S0) and the ratio `myocardium_over_blood`."""
    return [
        Observation(level, physics.blood),
        Observation(level * ratio, physics.myocardium, MYOCARDIAL_SHARE),
    ]


def _myocardium(state: StateResult, curve: BloodCurve) -> tuple[float, float]:
    """Return pre-contrast signal and proton density of the myocardium in the slice of the blood curve; NaN without."""
    bolus = curve.bolus
    if state.registered is None or state.segmented is None or bolus is None:
        return float("nan"), float("nan")
    series, index = state.registered.series, curve.slice_index
    pixels = state.segmented.labels[index] == MYOCARDIUM
    inner = ndimage.binary_erosion(pixels)
    pixels = inner if inner.sum() >= 20 else pixels
    if not pixels.any():
        return float("nan"), float("nan")
    before = (series.time_s[:, index] < bolus.bolus_arrival_time_s) & state.registered.kept[:, index]
    before[0] |= not before.any()
    inside = series.signal[before, index][:, pixels]
    noise = float(np.median(noise_variance(inside))) if has_noise_floor(series) else 0.0
    level = float(without_noise_floor(np.nanmean(inside), noise))
    density = series.proton_density
    return level, float("nan") if density is None else float(np.nanmean(density[:, index][:, pixels]))
