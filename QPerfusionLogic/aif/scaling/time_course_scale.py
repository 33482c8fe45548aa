"""Scale of a saturated blood curve without proton-density frames, from how its sequence bends a bolus of usual course.

The course of a bolus is found whatever bends it (`saturated_shape`); how deep it has to be saturated, by the signal
equation of a known sequence, is its height. On digital patients without proton density, from images, the area under
the curve errs by 3 to 9 % on average and 11 to 17 % (SD), where the baseline alone reads it 40 to 85 % low.
"""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.aif.correction.method_curve import BAND_SDS
from QPerfusionLogic.aif.correction.precontrast import estimate_precontrast
from QPerfusionLogic.aif.correction.precontrast_levels import blood_and_myocardium
from QPerfusionLogic.aif.curves.blood_curve import BloodCurve
from QPerfusionLogic.aif.curves.saturated_peak import peak_is_lost
from QPerfusionLogic.aif.curves.saturated_shape import SaturationModel, shape_behind
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.signal_model.physics import SeriesPhysics

from .peak_prior import USUAL_HEIGHT, PeakPrior
from .shape_prior import Scaled


def scale_by_time_course(
    curve: BloodCurve,
    physics: SeriesPhysics,
    myocardium_over_blood: float,
    expected: PeakPrior = USUAL_HEIGHT,
) -> Scaled | None:
    """Return the bolus of usual course that the sequence bends into the measured curve; None where there is none.

    Parameters
    ----------
    curve, physics, myocardium_over_blood, expected
        As for `scale_by_shape`.

    Returns
    -------
    Scaled or None
        Where the peak is lost to saturation, its band is as wide as peaks of people are.
    """
    shape = shape_behind(curve, saturation_model_of(physics, expected))
    if shape is None or not shape.signal_scale > 0.0:
        return None
    gadolinium = np.interp(curve.time_s, shape.time_s, shape.depth * shape.relative)
    level = curve.baseline / shape.signal_scale
    found = estimate_precontrast(blood_and_myocardium(level, myocardium_over_blood, physics))
    if found is None:
        return None
    lost = peak_is_lost(curve.signal, curve.time_s)
    wide = np.exp(BAND_SDS * np.hypot(shape.depth_log_sd, expected.peak_log_sd if lost else 0.0))
    return Scaled(gadolinium, gadolinium / wide, gadolinium * wide, shape.signal_scale, found)


def saturation_model_of(physics: SeriesPhysics, expected: PeakPrior) -> SaturationModel:
    """Return how a sequence bends a bolus; its depth is the peak in mmol/L."""
    blood = physics.blood
    native = float(blood.signal(np.zeros(1))[0])

    def saturated(relative: FloatArray, peak_mmol_l: float) -> FloatArray:
        return np.asarray(blood.signal(peak_mmol_l * relative) - native)

    return SaturationModel(saturated, expected.peak_mmol_l, expected.peak_log_sd)
