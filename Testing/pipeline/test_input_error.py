"""The error of a guessed input never shrinks below that of its method; an assumed agent adds its own."""

import numpy as np
import pytest

from QPerfusionLogic.data.conversion_physics import ConversionPhysics
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.results import ArterialInput, Concentration, StateResult
from QPerfusionLogic.data.series import PerfusionSeries, State
from QPerfusionLogic.data.study import Acquisition
from QPerfusionLogic.pipeline.input_error import error_of_agent, least_error_of
from QPerfusionLogic.signal_model.constants import relaxivity_spread

TIME_S = np.arange(10) * 0.8


def arterial_input(mode, band=True):
    height = np.ones(10)
    ends = (0.99 * height, 1.01 * height) if band else (None, None)
    return ArterialInput(TIME_S, height, height, height, mode, lower_mmol_l=ends[0], upper_mmol_l=ends[1])


def state_with(mode, **physics):
    series = PerfusionSeries(np.zeros((10, 1, 4, 4)), TIME_S[:, None], Geometry.axis_aligned(1))
    converted = Concentration(
        np.zeros((10, 1, 4, 4)),
        TIME_S[:, None],
        np.zeros((1, 4, 4), bool),
        "look_up_table",
        physics=ConversionPhysics(**physics),
    )
    return StateResult(State.STRESS, Acquisition(series), arterial_input=arterial_input(mode), concentration=converted)


@pytest.mark.parametrize("mode", ["neural_network", "population", "signal_inversion"])
def test_a_guessed_input_with_a_narrow_band_keeps_the_error_of_its_method(mode):
    assert least_error_of(arterial_input(mode), State.STRESS) >= 0.13


def test_a_given_curve_has_no_error_of_a_method():
    assert least_error_of(arterial_input("concentration"), State.STRESS) == 0.0


def test_a_known_agent_adds_no_error():
    assert error_of_agent(state_with("dual_sequence", agent="gadobutrol")) == 0.0


def test_an_assumed_agent_adds_more_beside_an_input_in_mmol_l():
    """Flow is the ratio of tissue to input: an input in mmol/L leaves the whole error of the relaxivity in it."""
    physics = {"agent": "gadobutrol", "agent_assumed": True, "field_strength_t": 3.0}
    absolute = error_of_agent(state_with("concentration", **physics))
    assert absolute == pytest.approx(relaxivity_spread("gadobutrol", 3.0))
    assert 0.0 < error_of_agent(state_with("dual_sequence", **physics)) < absolute


def test_the_spread_of_the_relaxivity_is_that_of_the_table():
    """r1 of Shen 2015 at 1.5 T and of gadopiclenol (12.8), gadoxetate aside, against 4.6 L/mmol/s of gadobutrol."""
    others = np.array([3.9, 4.3, 6.2, 4.5, 4.4, 4.4, 12.8])
    assert relaxivity_spread("gadobutrol", 1.5) == pytest.approx(np.sqrt(np.mean(np.log(others / 4.6) ** 2)))


@pytest.mark.parametrize("mode", ["curve", "concentration", "population"])
def test_every_input_in_mmol_l_carries_the_whole_error_of_an_assumed_agent(mode):
    physics = {"agent": "gadobutrol", "agent_assumed": True, "field_strength_t": 3.0}
    assert error_of_agent(state_with(mode, **physics)) == relaxivity_spread("gadobutrol", 3.0)
