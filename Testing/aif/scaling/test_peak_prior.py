"""What the injected dose lets expect of a saturated bolus, and what the methods make of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.aif.logic import AifCorrectionLogic
from QPerfusionLogic.aif.scaling.peak_prior import OUTPUT_ML_MIN_KG, height_by_dose, peak_prior
from QPerfusionLogic.data.protocol import Protocol
from QPerfusionLogic.data.series import State
from QPerfusionLogic.phantom.physiology.circulation import STEP_S, Circulation, blood_curves
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings


def with_dose(known, dose_mmol_kg):
    """The state as a header that shows the dose gives it."""
    tissue = known.state.acquisition.tissue
    told = dataclasses.replace(tissue, protocol=dataclasses.replace(tissue.protocol, dose_mmol_kg=dose_mmol_kg))
    acquisition = dataclasses.replace(known.state.acquisition, tissue=told)
    return dataclasses.replace(known.state, acquisition=acquisition)


def peak(state, **settings):
    return float(AifCorrectionLogic(AifSettings(**settings), ConversionSettings()).run(state).gd_mmol_l.max())


@pytest.mark.parametrize("dose", [0.03, 0.075, 0.1])
def test_the_area_is_that_of_a_first_pass_through_the_digital_circulation(dose):
    output = OUTPUT_ML_MIN_KG[State.REST] * 75.0 / 1000.0
    once = Circulation(dose_mmol_kg=dose, weight_kg=75.0, cardiac_output_l_min=output, recirculated=0.0)
    area = STEP_S * blood_curves(once, 200.0).left_ventricle.sum()
    assert height_by_dose(dose, State.REST, "").area_mmol_s_l == pytest.approx(area, rel=0.01)


def test_the_dose_of_the_settings_goes_before_that_of_the_header(make_input):
    state = with_dose(make_input(), 0.1)
    assert peak_prior(state, AifSettings(dose_mmol_kg=0.05)).dose == "0.05 mmol/kg (setting)"
    assert peak_prior(state, AifSettings()).dose == "0.1 mmol/kg (header)"
    usual = peak_prior(make_input().state, AifSettings())
    assert usual.dose == ""
    assert np.isnan(usual.area_mmol_s_l)


def test_a_population_curve_is_as_high_as_the_dose_and_says_so(make_input):
    known = make_input()
    low, high = (with_dose(known, dose) for dose in (0.05, 0.1))
    assert peak(high, mode="population") == pytest.approx(2.0 * peak(low, mode="population"))
    found = AifCorrectionLogic(AifSettings(mode="population"), ConversionSettings()).run(low)
    assert found.constants["contrast dose"] == "0.05 mmol/kg (header)"
    notice = next(notice for notice in found.notices if notice.code == "aif-population")
    assert "0.05 mmol/kg" in notice.message
    assert "dose," not in notice.message


def test_without_proton_density_the_dose_decides_what_the_curve_leaves_open(make_input):
    known = make_input(proton_density=False, peak=7.0)
    usual, right, small = (peak(with_dose(known, dose), mode="signal_inversion") for dose in (None, 0.08, 0.04))
    assert small < usual < right
    assert abs(right - 7.0) < abs(usual - 7.0)


def test_with_proton_density_the_dose_changes_nothing_of_the_inversion(make_input):
    known = make_input()
    assert peak(with_dose(known, 0.1), mode="signal_inversion") == peak(known.state, mode="signal_inversion")


@pytest.mark.parametrize(("factor", "told"), [(1.0, False), (0.2, True), (6.0, True)])
def test_an_arterial_input_that_its_dose_cannot_have_given_is_told(make_input, factor, told):
    known = make_input(aif_series=True)
    usual = AifCorrectionLogic(AifSettings(), ConversionSettings()).run(known.state).features["area_mmol_s_l"]
    dose = usual * OUTPUT_ML_MIN_KG[State.STRESS] / 60_000.0
    state = with_dose(known, dose * factor)
    found = AifCorrectionLogic(AifSettings(), ConversionSettings()).run(state)
    assert ("aif-against-dose" in {notice.code for notice in found.notices}) == told


def test_a_peak_is_judged_by_its_dose(make_input):
    known = make_input(aif_series=True, peak=9.0)
    codes = [
        {notice.code for notice in AifCorrectionLogic(AifSettings(), ConversionSettings()).run(state).notices}
        for state in (known.state, with_dose(known, 0.1))
    ]
    assert "aif-peak-implausible" in codes[0]
    assert "aif-peak-implausible" not in codes[1]


def test_a_protocol_without_dose_is_the_usual_case():
    assert Protocol().dose_mmol_kg is None
