"""B1+ and scale of the arterial input from blood that two series saw."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.aif.logic import AifCorrectionLogic
from QPerfusionLogic.conversion.calibration import precontrast_of
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings
from QPerfusionLogic.signal_model.physics import physics_of_series


def told_another_flip(known, factor):
    """Return the state whose tissue header shows flip angles divided by the field that was played out."""
    tissue = known.state.acquisition.tissue
    protocol = dataclasses.replace(
        tissue.protocol,
        flip_angle_deg=tissue.protocol.flip_angle_deg / factor,
        proton_density_flip_angle_deg=tissue.protocol.proton_density_flip_angle_deg / factor,
    )
    series = dataclasses.replace(tissue, protocol=protocol)
    acquisition = dataclasses.replace(known.state.acquisition, tissue=series)
    registered = dataclasses.replace(known.state.registered, series=series)
    return dataclasses.replace(known.state, acquisition=acquisition, registered=registered)


def run(state, conversion=None, **settings):
    return AifCorrectionLogic(AifSettings(**settings), conversion or ConversionSettings()).run(state)


def codes(found):
    return {notice.code for notice in found.notices}


@pytest.mark.parametrize("field", [0.85, 1.0, 1.12])
def test_the_transmit_field_is_found_and_the_input_stays_right(make_input, field):
    known = make_input(aif_series=True)
    found = run(told_another_flip(known, field))
    assert found.mode == "dual_sequence"
    assert "transmit-field-by-blood" in codes(found)
    assert found.features["b1_plus"] == pytest.approx(field, abs=0.06)  # blood here decays faster than the table says
    truth = known.truth(found.time_s)
    assert found.gd_mmol_l.max() == pytest.approx(truth.max(), rel=0.06)
    early = (truth > 0.05) & (truth < 2.0)
    assert np.abs(found.gd_mmol_l - truth)[early].mean() < 0.06


def test_conversion_plays_out_the_field_that_was_found(make_input):
    state = told_another_flip(make_input(aif_series=True), 0.85)
    state = dataclasses.replace(state, arterial_input=run(state))
    settings = precontrast_of(state, ConversionSettings()).settings
    series = state.registered.series
    nominal, found = (physics_of_series(series, each).sequence for each in (ConversionSettings(), settings))
    assert found.flip_angle_deg == pytest.approx(settings.b1_plus * nominal.flip_angle_deg)
    assert found.proton_density_flip_deg == pytest.approx(settings.b1_plus * nominal.proton_density_flip_deg)


def test_a_field_that_the_user_measured_is_not_looked_for(make_input):
    state = make_input(aif_series=True).state
    found = run(state, ConversionSettings(b1_plus=0.9))
    assert "b1_plus" not in found.features
    assert precontrast_of(state, ConversionSettings(b1_plus=0.9)).settings.b1_plus == 0.9


@pytest.mark.parametrize("settings", [{"b1_calibration": False}, {"mode": "signal_inversion"}])
def test_nothing_is_looked_for_where_it_is_not_wanted_or_one_series_saw_the_blood(make_input, settings):
    found = run(make_input(aif_series=True).state, **settings)
    assert "b1_plus" not in found.features


def test_without_proton_density_nothing_is_looked_for(make_input):
    found = run(make_input(aif_series=True, proton_density=False).state)
    assert "b1_plus" not in found.features


def test_blood_that_no_field_explains_leaves_the_nominal_one(make_input):
    state = make_input(aif_series=True).state
    series = state.registered.series
    wrong = dataclasses.replace(series, signal=series.signal * np.float32(1.6))
    acquisition = dataclasses.replace(state.acquisition, tissue=wrong)
    state = dataclasses.replace(
        state, acquisition=acquisition, registered=dataclasses.replace(state.registered, series=wrong)
    )
    found = run(state)
    assert "b1_plus" not in found.features
    assert "blood-unlike-in-both-series" in codes(found)
