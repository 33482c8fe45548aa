from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.results import ArterialInput, FitResult, SegmentFlow, StateResult
from QPerfusionLogic.data.series import PerfusionSeries, State
from QPerfusionLogic.data.study import Acquisition
from QPerfusionLogic.kinetics.base.kinetic_input import KineticInput
from QPerfusionLogic.pipeline.flow_mapping import (
    _fit_walls,
    _fitted,
    _for_segments,
    _input_error,
    _SliceCurves,
    _with_input_error,
    resample_aif,
)
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import KineticsSettings


def _arterial_input(time_s: np.ndarray, gd_mmol_l: np.ndarray) -> ArterialInput:
    return ArterialInput(time_s, gd_mmol_l, gd_mmol_l, gd_mmol_l, "curve")


def test_a_bolus_sampled_once_a_beat_keeps_its_area_between_beats() -> None:
    """The area under a gamma variate of unit peak is known in closed form: width * e."""

    def bolus(time_s: np.ndarray) -> np.ndarray:
        late = np.clip((time_s - 5.3) / 2.0, 0.0, None)
        return late * np.exp(1.0 - late)

    beats = np.arange(0.0, 40.0, 0.7)
    smooth = resample_aif(_arterial_input(beats, bolus(beats)))
    error = np.abs(
        np.interp(np.arange(6.0, 12.0, 0.01), smooth.time_s, smooth.gd_mmol_l) - bolus(np.arange(6, 12, 0.01))
    )
    straight = np.abs(np.interp(np.arange(6.0, 12.0, 0.01), beats, bolus(beats)) - bolus(np.arange(6.0, 12.0, 0.01)))
    assert error.max() < 0.5 * straight.max()
    assert smooth.time_s[-1] == beats[-1]
    np.testing.assert_allclose(np.trapezoid(smooth.gd_mmol_l, smooth.time_s), 2.0 * np.e, rtol=0.01)


def test_a_flow_with_an_error_of_more_than_twice_itself_is_no_number() -> None:
    parameters = {"mbf_ml_min_g": np.array([20.0, 2.0]), "mbf_se": np.array([70.0, 0.3]), "r2": np.array([0.9, 0.9])}
    fit = FitResult("btex", parameters, np.zeros(2, np.uint8), np.zeros((2, 5)), (0.0, 1.0))
    lost, kept = (_fitted(fit, index, np.arange(5.0), np.zeros(5), 10) for index in (0, 1))
    assert np.isnan(lost.mbf)
    assert lost.status == "undetermined"
    assert (kept.mbf, kept.status) == (2.0, "converged")


def test_segments_have_log_normal_priors_where_they_are_asked_for() -> None:
    kinds = ("population", "hierarchical", "none")
    settings = [KineticsSettings(priors=priors, prior_scope="segments") for priors in kinds]
    found = {item.priors: _for_segments(item).prior_scope for item in settings}
    assert found == {"population": "pixels", "hierarchical": "segments", "none": "segments"}


def test_the_band_of_the_input_is_a_standard_error_that_all_flows_share() -> None:
    """Flow is inversely proportional to the input, so that a band of a factor is one of flow too."""
    time_s = np.arange(0.0, 40.0, 0.8)
    late = np.clip((time_s - 8.0) / 4.0, 0.0, None)
    blood = 5.0 * late**3 * np.exp(3.0 * (1.0 - late))
    curve = 0.8 * np.cumsum(blood) * 1.2 / 60.0 * np.exp(-np.clip(time_s - 8.0, 0.0, None) / 40.0)
    given = KineticInput(curve[None], time_s, blood, time_s)
    walls = [_SliceCurves([(7, "all")], [40], given)]
    settings = KineticsSettings(model="fermi")
    fits, _ = _fit_walls(walls, settings, Progress())
    series = PerfusionSeries(np.zeros((time_s.size, 1, 8, 8)), time_s[:, None], Geometry.axis_aligned(1))
    known = dataclasses.replace(_arterial_input(time_s, blood), lower_mmol_l=blood / 1.5, upper_mmol_l=blood * 1.5)
    state = StateResult(State.STRESS, Acquisition(series), arterial_input=known)
    share = _input_error(state, walls, fits, settings)
    assert share == pytest.approx((1.5 - 1.0 / 1.5) / 3.29, rel=0.02)
    flow = _with_input_error(SegmentFlow(7, "all", 2.0, 0.3, 40), share)
    assert flow.mbf_se == pytest.approx(np.hypot(0.3, 2.0 * share))
    given_curve = dataclasses.replace(state, arterial_input=_arterial_input(time_s, blood))
    assert _input_error(given_curve, walls, fits, settings) == 0.0
    method = dataclasses.replace(given_curve.arterial_input, mode="dual_sequence")
    assert _input_error(dataclasses.replace(state, arterial_input=method), walls, fits, settings) == 0.11
    unknown = dataclasses.replace(state, state=State.UNKNOWN, arterial_input=method)
    assert _input_error(unknown, walls, fits, settings) == 0.11
    inverted = dataclasses.replace(method, mode="signal_inversion", normalisation="proton_density")
    assert _input_error(dataclasses.replace(state, arterial_input=inverted), walls, fits, settings) == 0.08
    guessed = dataclasses.replace(inverted, normalisation="baseline")
    assert _input_error(dataclasses.replace(state, arterial_input=guessed), walls, fits, settings) == 1.0
