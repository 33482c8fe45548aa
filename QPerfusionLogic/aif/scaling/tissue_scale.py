"""Scale of an AIF series without proton-density frames, from how the tissue series saturates on the same bolus.

The AIF series gives the course of gadolinium up to a factor, the tissue series bends it: how much it bends depends on
the absolute concentration, which fixes the factor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.aif.curves.blood_curve import BloodCurve
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.signal_model.physics import SeriesPhysics

PEAKS_MMOL_L = np.geomspace(0.8, 16.0, 120)
"""Peak concentrations that are tried."""
DEPTH = 1.2
"""The misfit at both ends of the trials exceeds the best by this factor, or the factor is not determined."""


@dataclass(frozen=True)
class TissueScale:
    """S0 (M0 = 1) of the AIF series and of the tissue series, both in their image units."""

    aif_s0: float
    tissue_s0: float


def scale_by_tissue(
    curve: BloodCurve,
    physics: SeriesPhysics,
    tissue: BloodCurve,
    tissue_physics: SeriesPhysics,
    multiplier: float = 1.0,
) -> TissueScale | None:
    """Return the scale at which the AIF curve, seen through the tissue sequence, looks like the tissue curve.

    Gain and offset of the tissue curve are free, so neither its own scale nor imperfect saturation enters.

    Parameters
    ----------
    curve : BloodCurve
        Unsaturated signal on the clock of the tissue series.
    physics : SeriesPhysics
        Of the series of that curve.
    tissue, tissue_physics : BloodCurve, SeriesPhysics
        The saturated curve and its sequence.
    multiplier : float
        Gadolinium of the tissue series' bolus over that of the curve: the dose ratio of a pre-bolus.
    """
    bolus = curve.bolus
    if bolus is None or tissue.bolus is None:
        return None
    blood = physics.blood
    peak_signal = float(curve.signal[bolus.peak_frame])
    inside = (tissue.time_s >= curve.time_s[0]) & (tissue.time_s <= curve.time_s[-1])
    trials: list[tuple[float, float, float]] = []
    for peak in PEAKS_MMOL_L[blood.highest_gadolinium > PEAKS_MMOL_L / multiplier] / multiplier:
        s0 = peak_signal / float(blood.signal(np.array([peak]))[0])
        ratio = curve.signal / (s0 * float(blood.proton_density_signal()))
        gadolinium, above = blood.gadolinium_from_proton_density(ratio)
        gadolinium = np.where(above, peak, gadolinium) - np.mean(gadolinium[bolus.baseline_frames])
        seen = np.interp(tissue.time_s[inside], curve.time_s, tissue_physics.blood.signal(multiplier * gadolinium))
        misfit, gain = _fit(seen, tissue.signal[inside])
        trials.append((misfit, s0, gain))
    misfits = np.array([trial[0] for trial in trials])
    best = int(np.argmin(misfits))
    if min(misfits[0], misfits[-1]) < DEPTH * misfits[best] or trials[best][2] <= 0:
        return None
    return TissueScale(trials[best][1], trials[best][2])


def _fit(model: FloatArray, wanted: FloatArray) -> tuple[float, float]:
    """Return the residual sum of squares of the best gain and offset, and the gain."""
    centred = model - model.mean()
    gain = float(centred @ wanted / max(float(centred @ centred), 1e-30))
    residual = wanted - wanted.mean() - gain * centred
    return float(residual @ residual), gain
