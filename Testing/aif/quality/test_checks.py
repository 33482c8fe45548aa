"""Arterial inputs that cannot be trusted are noticed, sound ones are left in peace."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.aif.logic import AifCorrectionLogic
from QPerfusionLogic.aif.quality.curve_features import curve_features
from QPerfusionLogic.data.study import Curve
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings

ALARMS = {
    "aif-no-bolus",
    "aif-foot-missing",
    "aif-no-baseline",
    "aif-cut",
    "aif-plateau",
    "aif-still-saturated",
    "aif-peak-implausible",
    "aif-clock",
    "aif-shorter",
    "aif-starts-late",
    "aif-heart-rate",
    "aif-out-of-range",
    "proton-density-inconsistent",
}


def codes(known, **settings):
    result = AifCorrectionLogic(AifSettings(**settings), ConversionSettings()).run(known.state)
    return {notice.code for notice in result.notices}


def bolus(time_s, height=4.0):
    since = np.clip(time_s - 10.0, 0.0, None) / 5.0
    return height * since**3 * np.exp(3.0 * (1.0 - since))


def test_a_sound_dual_sequence_raises_no_alarm_but_tells_that_the_tissue_series_is_saturated(make_input):
    found = codes(make_input(aif_series=True))
    assert not found & ALARMS
    assert "aif-saturated" in found


def test_a_low_dose_is_not_called_saturated(make_input):
    assert "aif-saturated" not in codes(make_input(peak=2.0, aif_series=True))


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"aif_frames": 30}, "aif-shorter"),
        ({"aif_interval_s": 1.2, "aif_frames": 40}, "aif-heart-rate"),
        ({"frames": 20}, "aif-cut"),
        ({"peak": 12.0}, "aif-peak-implausible"),
    ],
)
def test_what_went_wrong_in_the_acquisition_is_noticed(make_input, options, code):
    assert code in codes(make_input(aif_series=True, **options))


def test_a_curve_that_starts_inside_the_bolus_is_noticed(make_input):
    time = np.arange(60) * 0.8
    assert "aif-foot-missing" in codes(make_input(curve=Curve(time, bolus(time + 13.0))))


def test_a_curve_with_two_frames_before_the_bolus_is_noticed(make_input):
    time = np.arange(60) * 0.8
    assert "aif-no-baseline" in codes(make_input(curve=Curve(time, bolus(time + 10.2))))


def test_a_plateau_is_noticed(make_input):
    time = np.arange(60) * 0.8
    assert "aif-plateau" in codes(make_input(curve=Curve(time, np.minimum(bolus(time, 9.0), 4.0))))
    assert "aif-plateau" not in codes(make_input(curve=Curve(time, bolus(time))))


def test_a_curve_that_stays_high_is_noticed(make_input):
    time = np.arange(60) * 0.8
    value = np.maximum(bolus(time), np.where(time > 16.0, 3.2, 0.0))
    assert "aif-still-saturated" in codes(make_input(curve=Curve(time, value)))


def test_noise_is_no_bolus(make_input):
    noise = np.random.default_rng(0).normal(0.0, 0.1, 60)
    assert "aif-no-bolus" in codes(make_input(curve=Curve(np.arange(60) * 0.8, noise)))


def test_a_zero_curve_has_no_features():
    found = curve_features(np.zeros(50), np.arange(50.0))
    assert all(np.isnan(value) for value in found.values())


def test_an_aif_series_without_a_bolus_is_refused(make_input):
    with pytest.raises(InputError, match="blood pool in the AIF series"):
        codes(make_input(peak=1e-6, aif_series=True), mode="dual_sequence")


def test_where_automatic_cannot_use_the_aif_series_it_inverts_the_tissue_series_and_says_so(make_input):
    known = make_input(aif_series=True)
    series = known.state.acquisition.aif_series
    empty = dataclasses.replace(series, signal=np.ones_like(series.signal))
    acquisition = dataclasses.replace(known.state.acquisition, aif_series=empty)
    state = dataclasses.replace(known.state, acquisition=acquisition)
    found = AifCorrectionLogic(AifSettings(), ConversionSettings()).run(state)
    assert found.mode == "signal_inversion"
    assert "aif-series-unusable" in {notice.code for notice in found.notices}


@pytest.mark.parametrize("value", [0.0, 1.0, float("nan")])
def test_images_without_any_bolus_give_a_notice_or_an_error_never_a_flow(make_input, value):
    known = make_input(proton_density=False)
    series = known.state.registered.series
    flat = dataclasses.replace(series, signal=np.full_like(series.signal, value))
    state = dataclasses.replace(
        known.state,
        acquisition=dataclasses.replace(known.state.acquisition, tissue=flat),
        registered=dataclasses.replace(known.state.registered, series=flat),
    )
    try:
        found = AifCorrectionLogic(AifSettings(), ConversionSettings()).run(state)
    except InputError:
        return
    assert "aif-no-bolus" in {notice.code for notice in found.notices}
    assert np.abs(found.gd_mmol_l).max() < 1e-4


def test_features_are_those_of_the_curve_whatever_the_sampling():
    random = np.random.default_rng(1)
    time = np.cumsum(random.uniform(0.5, 1.1, 60))
    fine = np.linspace(0.0, 60.0, 20_000)
    truth = bolus(fine)
    found = curve_features(bolus(time), time)
    half = fine[truth > truth.max() / 2]
    assert found["peak_mmol_l"] == pytest.approx(truth.max(), rel=0.03)
    assert found["fwhm_s"] == pytest.approx(half[-1] - half[0], rel=0.05)
    assert found["area_mmol_s_l"] == pytest.approx(np.sum(truth) * (fine[1] - fine[0]), rel=0.03)
    assert 10.0 <= found["bolus_arrival_time_s"] <= 12.5


def test_a_drift_is_taken_out_on_request(make_input):
    time = np.arange(60) * 0.8
    random = np.random.default_rng(2)
    drifting = bolus(time) + 0.004 * time + random.normal(0.0, 0.003, 60)
    known = make_input(curve=Curve(time, drifting))
    plain = AifCorrectionLogic(AifSettings(), ConversionSettings()).run(known.state)
    straight = AifCorrectionLogic(AifSettings(detrend=True), ConversionSettings()).run(known.state)
    assert abs(straight.gd_mmol_l[-1] - bolus(time)[-1]) < 0.06
    assert plain.gd_mmol_l[-1] - bolus(time)[-1] > 0.15
    assert plain.features["baseline_drift"] == pytest.approx(0.24, rel=0.25)
