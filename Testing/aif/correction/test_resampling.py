"""Between heartbeats an arterial input is smooth: its area no longer depends on the heart rate."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.aif.correction.aif_resampling import finely_sampled
from QPerfusionLogic.aif.correction.method_curve import MethodCurve
from QPerfusionLogic.aif.logic import AifCorrectionLogic
from QPerfusionLogic.data.study import Curve
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings


def bolus(time_s):
    since = np.clip(time_s - 8.0, 0.0, None) / 4.0
    return 5.0 * since**3 * np.exp(3.0 * (1.0 - since))


def sampled(interval_s, start_s, mode="dual_sequence"):
    time = np.arange(start_s, 40.0, interval_s)
    return MethodCurve(time, bolus(time), bolus(time), bolus(time), mode)


@pytest.mark.parametrize("start_s", [0.0, 0.3, 0.6, 0.9])
def test_at_a_slow_heart_the_error_is_well_below_that_of_straight_lines(start_s):
    beats = sampled(1.25, start_s)
    fine = np.arange(0.0, 38.0, 0.01)
    smooth = finely_sampled(beats)
    lines = np.abs(np.interp(fine, beats.time_s, beats.gd_mmol_l) - bolus(fine)).sum()
    curves = np.abs(np.interp(fine, smooth.time_s, smooth.gd_mmol_l) - bolus(fine)).sum()
    assert curves < 0.6 * lines


def test_the_samples_themselves_are_kept_and_nothing_overshoots():
    beats = sampled(1.0, 0.0)
    smooth = finely_sampled(beats)
    np.testing.assert_allclose(np.interp(beats.time_s, smooth.time_s, smooth.gd_mmol_l), beats.gd_mmol_l, atol=1e-6)
    assert smooth.gd_mmol_l.max() == pytest.approx(beats.gd_mmol_l.max())


def test_a_given_curve_is_not_touched(make_input):
    known = make_input()
    time_s = np.arange(0.0, 45.0, 1.0)
    acquisition = dataclasses.replace(known.state.acquisition, aif_curve=Curve(time_s, bolus(time_s)))
    state = dataclasses.replace(known.state, acquisition=acquisition)
    found = AifCorrectionLogic(AifSettings(), ConversionSettings()).run(state)
    assert found.mode == "curve"
    np.testing.assert_array_equal(found.time_s, time_s)
