"""Invert a saturated blood curve at the scale at which the result agrees with another curve of the same bolus."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.aif.curves.blood_curve import BloodCurve
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.signal_model.physics import SeriesPhysics

CANDIDATES = 80
WELL_CONDITIONED_MMOL_L = 3.0
"""Where there is less gadolinium, the inverted curve hardly depends on B1+ and T2*."""


def inverted_like(curve: BloodCurve, physics: SeriesPhysics, time_s: FloatArray, gd_mmol_l: FloatArray) -> FloatArray:
    """Return the inverted curve (frames,) in mmol/L, baseline at 0, at the scale that brings it nearest to another.

    Parameters
    ----------
    curve : BloodCurve
        Saturated signal of n frames.
    physics : SeriesPhysics
        Of the same series.
    time_s, gd_mmol_l : (m,) arrays
        The other curve, on the same clock.
    """
    bolus = curve.bolus
    assert bolus is not None
    blood = physics.blood
    inside = (curve.time_s >= time_s[0]) & (curve.time_s <= time_s[-1])
    wanted = np.interp(curve.time_s, time_s, gd_mmol_l)
    inside &= wanted < WELL_CONDITIONED_MMOL_L
    signals = np.maximum(blood.signal(np.array([0.5, blood.highest_gadolinium])), 1e-12)
    candidates = np.geomspace(curve.signal.max() / signals[1], curve.signal.max() / signals[0], CANDIDATES)
    density = float(blood.proton_density_signal())
    found, costs = [], []
    for scale in candidates:
        gadolinium, above = blood.gadolinium_from_proton_density(curve.signal / (scale * density))
        gadolinium = np.where(above, blood.highest_gadolinium, gadolinium)
        gadolinium = gadolinium - np.mean(gadolinium[bolus.baseline_frames])
        found.append(gadolinium)
        costs.append(float(np.sum((gadolinium - wanted)[inside] ** 2)))
    return np.asarray(found[int(np.argmin(costs))])
