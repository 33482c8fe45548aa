"""Gadolinium over time in everything that is not myocardium."""

from __future__ import annotations

import numpy as np
from scipy.signal import fftconvolve

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.phantom.anatomy.perfusion_pattern import LocalFlow
from QPerfusionLogic.phantom.anatomy.tissue_types import (
    AORTA,
    FAT,
    LIVER,
    LUNG,
    LUNG_VESSEL,
    LV_BLOOD,
    MARROW,
    MUSCLE,
    MYOCARDIUM,
    PAPILLARY,
    RV_BLOOD,
    RV_WALL,
    SPLEEN,
    STOMACH_WALL,
    TISSUES,
)

from .circulation import STEP_S, BloodCurves
from .tissue_curves import TissueCurves

ORGAN_UPTAKE = {
    FAT: (0.06, 12.0, 0.0),
    MUSCLE: (0.20, 30.0, 2.0),
    LIVER: (0.45, 14.0, 7.0),
    SPLEEN: (0.45, 9.0, 2.0),
    STOMACH_WALL: (0.40, 15.0, 2.0),
    MARROW: (0.25, 15.0, 3.0),
}
"""Organ -> (distribution volume relative to blood, mean transit time s, delay s): mono-exponential from the aorta."""
PARTITION = {
    RV_BLOOD: 1.0,
    LV_BLOOD: 1.0,
    AORTA: 1.0,
    LUNG_VESSEL: 1.0,
    MYOCARDIUM: 0.45,
    PAPILLARY: 0.45,
    RV_WALL: 0.45,
}
"""Share of the blood's left-over gadolinium that a tissue holds at equilibrium; 0.3 elsewhere, 0.05 in fat."""


def organ_curves(blood: BloodCurves, myocardium: TissueCurves, papillary_mbf_ml_min_g: float) -> FloatArray:
    """Return gadolinium above baseline (tissues, times) on the blood's time grid; the myocardium's row stays 0."""
    curves = np.zeros((len(TISSUES), blood.time_s.size))
    curves[RV_BLOOD], curves[LV_BLOOD], curves[AORTA] = blood.right_ventricle, blood.left_ventricle, blood.aorta
    curves[LUNG_VESSEL] = blood.lung
    curves[LUNG] = 0.25 * blood.lung
    for tissue, (volume, transit_s, delay_s) in ORGAN_UPTAKE.items():
        residue = np.exp(-blood.time_s / transit_s) / transit_s * STEP_S
        arrived = np.interp(blood.time_s - delay_s, blood.time_s, blood.aorta)
        curves[tissue] = volume * fftconvolve(arrived, residue)[: blood.time_s.size]
    flow = np.array([papillary_mbf_ml_min_g, 0.7 * papillary_mbf_ml_min_g])
    muscles = LocalFlow(flow, np.array([0.9, 1.0]), np.zeros(2))
    curves[[PAPILLARY, RV_WALL]] = myocardium.at(muscles, blood.time_s)
    return curves


def residual_gadolinium(residual_mmol_l: float) -> FloatArray:
    """Return the gadolinium (tissues,) left over from an earlier injection that left `residual_mmol_l` in blood."""
    share = np.full(len(TISSUES), 0.3)
    share[FAT] = 0.05
    for tissue, partition in PARTITION.items():
        share[tissue] = partition
    return share * residual_mmol_l
