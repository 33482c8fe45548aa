"""Curves that models predict from parameters, against fine steps in time that share no code with them."""

import numpy as np
import pytest
import reference_curves as reference

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.kinetics.models.registry import kinetic_models, model_class
from QPerfusionLogic.settings.schema import KineticsSettings

PLASMA = KineticsSettings(input="plasma")
DELAY_S = 0.8
EXCHANGE = {"fp_ml_min_g": 1.1, "vp_ml_g": 0.08, "ps_ml_min_g": 0.9, "ve_ml_g": 0.2}
CASES = {
    "fermi": (
        {"mbf_ml_min_g": 1.7, "fermi_width_s": 7.0, "fermi_shape": 1.5},
        lambda plasma: reference.fermi(plasma, 1.7, 7.0, 1.5),
    ),
    "btex": (EXCHANGE, lambda plasma: reference.plug_flow(plasma, 1.1, 0.08, 0.9, 0.2)),
    "btex_mixing_cells": (EXCHANGE, lambda plasma: reference.cells_in_a_row(plasma, 1.1, 0.08, 0.9, 0.2, cells=20)),
    "two_compartment_exchange": (EXCHANGE, lambda plasma: reference.cells_in_a_row(plasma, 1.1, 0.08, 0.9, 0.2)),
    "one_compartment": ({"fp_ml_min_g": 0.6, "ve_ml_g": 0.25}, lambda plasma: reference.one_cell(plasma, 0.6, 0.25)),
    "extended_tofts": (
        {"ktrans_ml_min_g": 0.4, "vp_ml_g": 0.07, "ve_ml_g": 0.3},
        lambda plasma: reference.extended_tofts(plasma, 0.4, 0.07, 0.3),
    ),
    "patlak": ({"ki_ml_min_g": 0.3, "vp_ml_g": 0.1}, lambda plasma: reference.patlak(plasma, 0.1, 0.3)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_predicted_curve_is_that_of_fine_steps_in_time(name, frame_times, an_aif):
    parameters, amount = CASES[name]
    model = model_class(name)(an_aif, frame_times, settings=PLASMA)
    found = model.predict({**parameters, "delay_s": DELAY_S})
    fine_s = reference.fine_grid(frame_times[-1])
    expected = reference.at_frames(frame_times, amount(np.interp(fine_s, frame_times, an_aif)), DELAY_S)
    np.testing.assert_allclose(found, expected[None], atol=1e-3 * expected.max())


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("extended_tofts", "patlak")])
def test_what_was_predicted_is_fitted_with_its_parameters(name, frame_times, an_aif):
    parameters = CASES[name][0]
    model = model_class(name)(an_aif, frame_times, settings=KineticsSettings(input="plasma", delay=DELAY_S))
    fit = model.fit(model.predict({**parameters, "delay_s": DELAY_S}))
    flow = next(iter(parameters.values()))
    assert fit.mbf_ml_min_g[0] == pytest.approx(flow, rel=0.02)
    np.testing.assert_allclose(model.predict(fit.result.parameters), fit.predict(), atol=2e-3 * fit.predict().max())


def test_blood_flow_may_stand_for_plasma_flow(frame_times, an_aif):
    model = model_class("btex")(an_aif, frame_times)
    rest = {name: value for name, value in EXCHANGE.items() if name != "fp_ml_min_g"}
    by_blood = model.predict({**rest, "mbf_ml_min_g": 2.0})
    np.testing.assert_allclose(by_blood, model.predict({**rest, "fp_ml_min_g": 2.0 * (1 - 0.42)}))


def test_parameters_that_are_not_known_give_no_curve(frame_times, an_aif):
    flow = np.array([1.0, np.nan])
    found = model_class("btex")(an_aif, frame_times).predict({**EXCHANGE, "fp_ml_min_g": flow})
    assert np.isfinite(found).all(axis=1).tolist() == [True, False]


@pytest.mark.parametrize("wrong", [{}, {"vp_ml_g": 0.1}, {**EXCHANGE, "ve_ml_g": 0.0}])
def test_missing_and_impossible_parameters_are_refused(wrong, frame_times, an_aif):
    with pytest.raises(InputError, match="ml_"):
        model_class("btex")(an_aif, frame_times).predict(wrong)


def test_a_spline_residue_has_no_parameters_to_predict_from(frame_times, an_aif):
    with pytest.raises(InputError, match="spline"):
        model_class("spline")(an_aif, frame_times).predict({"mbf_ml_min_g": 1.0})


def test_an_arterial_input_without_a_bolus_predicts_nothing(frame_times):
    with pytest.raises(InputError, match="bolus"):
        model_class("btex")(np.zeros(frame_times.size), frame_times).predict(EXCHANGE)


@pytest.mark.parametrize("name", kinetic_models())
def test_every_model_says_what_it_estimates_in_which_unit_and_who_published_it(name, frame_times, an_aif):
    model = model_class(name)
    assert model.reference
    found = model(an_aif, frame_times).fit(an_aif[None] * 0.1).result.parameters
    assert {quantity.name for quantity in model.parameters} <= set(found)
    for quantity in model.parameters:
        suffix = quantity.name.partition("_")[2]
        assert quantity.unit.replace("/", "_").lower() == suffix or quantity.name.startswith("fermi")
