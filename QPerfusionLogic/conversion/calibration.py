"""What the arterial input found out: saturation efficiency, residual gadolinium, B1+."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.aif.correction.precontrast import MYOCARDIAL_SHARE
from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.data.results import StateResult
from QPerfusionLogic.settings.schema import ConversionSettings
from QPerfusionLogic.signal_model.physics import SeriesPhysics


@dataclass(frozen=True)
class PrecontrastState:
    """Settings with efficiency and B1+ that were found, and residual blood gadolinium in mmol/L."""

    settings: ConversionSettings
    residual_mmol_l: float = 0.0

    def shortened(self, t1_s: FloatArray, blood: BoolArray, physics: SeriesPhysics) -> FloatArray:
        """Return native T1 (slices, rows, columns) shortened by the residual gadolinium of each tissue."""
        gadolinium = self.residual_mmol_l * np.where(blood, 1.0, MYOCARDIAL_SHARE)
        return np.asarray(1.0 / (1.0 / t1_s + physics.blood.tissue.r1_l_mmol_s * gadolinium))


def precontrast_of(state: StateResult, settings: ConversionSettings) -> PrecontrastState:
    """Return what the arterial input says about the state before contrast; perfect and empty where it says nothing.

    An efficiency fixed by the user wins, and then nothing is adopted.
    """
    known = state.arterial_input
    if known is None:
        return PrecontrastState(settings)
    if settings.b1_plus is None and known.b1_plus is not None:
        settings = dataclasses.replace(settings, b1_plus=known.b1_plus)
    found = known.precontrast
    if found is None or settings.saturation_efficiency is not None:
        return PrecontrastState(settings)
    return PrecontrastState(
        dataclasses.replace(settings, saturation_efficiency=found.saturation_efficiency), found.residual_mmol_l
    )
