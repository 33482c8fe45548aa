"""Every AIF method against the blood gadolinium that the images were made from."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.aif.logic import AifCorrectionLogic
from QPerfusionLogic.data.series import Quantity
from QPerfusionLogic.data.study import Curve
from QPerfusionLogic.errors import InputError, SettingsError
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings


def run(known, **settings):
    return AifCorrectionLogic(AifSettings(**settings), ConversionSettings()).run(known.state)


def codes(result):
    return {notice.code for notice in result.notices}


def area_error(result, known):
    """Relative error of the area under the curve, which scales flow directly."""
    return float(result.gd_mmol_l.sum() / known.truth(result.time_s).sum() - 1.0)


def test_a_dual_sequence_gives_the_true_curve(make_input):
    known = make_input(aif_series=True)
    found = run(known)
    assert found.mode == "dual_sequence"
    assert np.abs(found.gd_mmol_l - known.truth(found.time_s)).max() < 0.15
    assert abs(area_error(found, known)) < 0.02


def test_two_echoes_take_out_the_decay_that_one_echo_leaves_in(make_input):
    known = make_input(aif_series=True)
    measured = run(known)
    ignored = run(known, t2_star_correction=False)
    assert abs(area_error(measured, known)) < 0.02
    assert area_error(ignored, known) < -0.04


def test_without_proton_density_frames_the_tissue_series_gives_the_scale(make_input):
    known = make_input(aif_series=True, proton_density=False)
    settings = ConversionSettings(relaxivity_r2_l_mmol_s=18.0)
    found = AifCorrectionLogic(AifSettings(), settings).run(known.state)
    assert "aif-scaled-by-tissue" in codes(found)
    assert abs(area_error(found, known)) < 0.1


def test_a_missing_second_echo_is_said(make_input):
    found = run(make_input(aif_series=True, second_echo=False))
    assert "aif-echo-missing" in codes(found)


def test_a_dual_bolus_gives_the_true_curve_on_the_clock_of_the_main_bolus(make_input):
    known = make_input(pre_bolus_ratio=10.0)
    found = run(known)
    assert found.mode == "dual_bolus"
    assert abs(found.features["bolus_arrival_time_s"] - 10.0) < 1.0
    truth = known.truth(found.time_s)
    assert np.abs(found.gd_mmol_l - truth).max() < 0.4
    assert abs(area_error(found, known)) < 0.03
    assert "bolus-ratio-doubtful" not in codes(found)


def test_a_dual_bolus_without_proton_density_frames_is_scaled_by_the_main_bolus(make_input):
    known = make_input(pre_bolus_ratio=10.0, proton_density=False)
    settings = ConversionSettings(relaxivity_r2_l_mmol_s=18.0)
    found = AifCorrectionLogic(AifSettings(), settings).run(known.state)
    assert "aif-scaled-by-tissue" in codes(found)
    assert abs(area_error(found, known)) < 0.1


def test_a_wrong_dose_ratio_is_noticed(make_input):
    known = make_input(pre_bolus_ratio=20.0)
    assert "bolus-ratio-doubtful" in codes(run(known, bolus_ratio=10.0))
    assert "bolus-ratio-doubtful" not in codes(run(known, bolus_ratio=20.0))


def test_inverting_a_moderately_saturated_curve_comes_close_where_decay_is_known(make_input):
    known = make_input(peak=3.0)
    settings = ConversionSettings(relaxivity_r2_l_mmol_s=18.0)
    found = AifCorrectionLogic(AifSettings(mode="signal_inversion"), settings).run(known.state)
    assert np.abs(found.gd_mmol_l - known.truth(found.time_s)).max() < 0.3
    assert "aif-by-model" in codes(found)


def test_a_given_curve_is_taken_unchanged(make_input):
    time = np.arange(40) * 1.1
    value = np.exp(-(((time - 15.0) / 4.0) ** 2)) * 4.0
    found = run(make_input(curve=Curve(time, value, source="rest.csv")))
    assert found.mode == "curve"
    np.testing.assert_array_equal(found.gd_mmol_l, value)
    np.testing.assert_array_equal(found.time_s, time)


@pytest.mark.parametrize(
    ("curve", "message"),
    [
        (Curve(np.arange(3.0), np.ones(3)), "at least 4"),
        (Curve(np.array([0.0, 2.0, 1.0, 3.0]), np.ones(4)), "increase"),
        (Curve(np.arange(20) * 800.0, np.ones(20)), "milliseconds"),
        (Curve(np.arange(20.0), np.full(20, np.nan)), "finite"),
        (Curve(np.arange(20.0), np.ones(20), Quantity.SIGNAL), "mmol/L"),
    ],
)
def test_a_curve_that_cannot_be_used_is_refused(make_input, curve, message):
    with pytest.raises(InputError, match=message):
        run(make_input(curve=curve))


def test_images_that_hold_gadolinium_are_read_as_they_are(make_input):
    known = make_input()
    labels = known.state.segmented.labels
    time = known.state.registered.series.time_s[:, 0]
    gadolinium = known.truth(time)[:, None, None, None] * (labels == 2)
    series = dataclasses.replace(known.state.registered.series, signal=gadolinium, quantity=Quantity.GADOLINIUM)
    state = dataclasses.replace(
        known.state,
        acquisition=dataclasses.replace(known.state.acquisition, tissue=series),
        registered=dataclasses.replace(known.state.registered, series=series),
    )
    found = AifCorrectionLogic(AifSettings(), ConversionSettings()).run(state)
    assert found.mode == "concentration"
    np.testing.assert_allclose(found.gd_mmol_l, known.truth(time))


def test_the_population_curve_arrives_with_the_patients_bolus_and_is_marked(make_input):
    known = make_input()
    found = run(known, mode="population")
    true = known.truth(found.time_s)
    arrives = found.time_s[np.argmax(found.gd_mmol_l > 0.2 * found.gd_mmol_l.max())]
    assert arrives == pytest.approx(found.time_s[np.argmax(true > 0.2 * true.max())], abs=0.5)
    assert found.gd_mmol_l.sum() / found.gd_mmol_l.max() == pytest.approx(true.sum() / true.max(), rel=0.2)
    assert "aif-population" in codes(found)


def test_automatic_prefers_curve_then_aif_series_then_pre_bolus_then_inversion(make_input):
    curve = Curve(np.arange(40.0), np.exp(-(((np.arange(40.0) - 15.0) / 4.0) ** 2)) * 4.0)
    assert run(make_input(curve=curve, aif_series=True, pre_bolus_ratio=10.0)).mode == "curve"
    assert run(make_input(aif_series=True, pre_bolus_ratio=10.0)).mode == "dual_sequence"
    assert run(make_input(pre_bolus_ratio=10.0)).mode == "dual_bolus"
    assert run(make_input()).mode == "signal_inversion"
    assert "aif-mode-chosen" in codes(run(make_input()))


@pytest.mark.parametrize(("mode", "message"), [("dual_sequence", "AIF series"), ("dual_bolus", "pre-bolus")])
def test_a_route_without_its_series_is_refused(make_input, mode, message):
    with pytest.raises(InputError, match=message):
        run(make_input(), mode=mode)


def test_an_unknown_route_names_the_known_ones(make_input):
    with pytest.raises(SettingsError, match="dual_sequence"):
        run(make_input(), mode="wishful")


def test_the_curve_comes_out_of_one_heart_beat_accurate_alignment(make_input):
    found = run(make_input(aif_series=True, aif_clock_s=5.0))
    assert "aif-clock" in codes(found)
    assert (
        abs(found.features["bolus_arrival_time_s"] - run(make_input(aif_series=True)).features["bolus_arrival_time_s"])
        < 0.3
    )


def test_relative_enhancement_scales_the_input_as_it_scales_the_tissue(make_input):
    known = make_input(aif_series=True, peak=0.3, noise=0.02)
    conversion = ConversionSettings(mode="relative_enhancement")
    relative = AifCorrectionLogic(AifSettings(), conversion).run(known.state)
    blood = known.state.registered.series.signal[:, 0][:, known.state.segmented.labels[0] == 2].mean(axis=1)
    unsaturated = (blood / blood[:8].mean() - 1.0) / (4.5 * 1.435)
    assert relative.gd_mmol_l.max() == pytest.approx(unsaturated.max(), rel=0.1)
