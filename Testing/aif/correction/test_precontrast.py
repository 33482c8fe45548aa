"""Saturation efficiency and residual gadolinium, read from levels before the bolus that are known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.aif.correction.precontrast import MYOCARDIAL_SHARE, Observation, estimate_precontrast
from QPerfusionLogic.signal_model.response import SignalResponse, Tissue
from QPerfusionLogic.signal_model.sequence import SaturationRecovery

BLOOD = Tissue(1.7, 0.22, 4.6, 5.78)
MYOCARDIUM = Tissue(1.1, 0.045, 4.6, 5.78)
LONG = SaturationRecovery(saturation_time_s=0.1, pulses_to_centre=20)
SHORT = SaturationRecovery(flip_angle_deg=5.0, saturation_time_s=0.0235, pulses_to_centre=9)


def observed(sequence, tissue, share, efficiency, residual):
    real = SignalResponse(dataclasses.replace(sequence, saturation_efficiency=efficiency), tissue)
    level = float(real.signal(np.array([share * residual]))[0])
    return Observation(level, SignalResponse(sequence, tissue), share)


@pytest.mark.parametrize(("efficiency", "residual"), [(1.0, 0.0), (0.97, 0.0), (0.97, 0.2), (0.99, 0.1), (0.94, 0.05)])
def test_two_tissues_and_two_sequences_tell_efficiency_and_residual_gadolinium(efficiency, residual):
    levels = [
        observed(LONG, BLOOD, 1.0, efficiency, residual),
        observed(LONG, MYOCARDIUM, MYOCARDIAL_SHARE, efficiency, residual),
        observed(SHORT, BLOOD, 1.0, efficiency, residual),
    ]
    found = estimate_precontrast(levels)
    assert found.saturation_efficiency == pytest.approx(efficiency, abs=0.01)
    assert found.residual_mmol_l == pytest.approx(residual, abs=0.04)


def test_without_any_level_nothing_is_claimed():
    assert estimate_precontrast([]) is None
    assert estimate_precontrast([Observation(float("nan"), SignalResponse(LONG, BLOOD))]) is None
