from __future__ import annotations

import numpy as np

from QPerfusionLogic.mapping import _fitted, _for_segments, between_beats
from QPerfusionLogic.settings import KineticsSettings
from QPerfusionLogic.study import ArterialInput, FitResult


def _arterial_input(time_s: np.ndarray, gd_mmol_l: np.ndarray) -> ArterialInput:
    return ArterialInput(time_s, gd_mmol_l, gd_mmol_l, gd_mmol_l, "curve")


def test_a_bolus_sampled_once_a_beat_keeps_its_area_between_beats() -> None:
    """The area under a gamma variate of unit peak is known in closed form: width * e."""

    def bolus(time_s: np.ndarray) -> np.ndarray:
        late = np.clip((time_s - 5.3) / 2.0, 0.0, None)
        return late * np.exp(1.0 - late)

    beats = np.arange(0.0, 40.0, 0.7)
    smooth = between_beats(_arterial_input(beats, bolus(beats)))
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
    found = {priors: _for_segments(KineticsSettings(priors=priors)).priors for priors in ("segments", "pooled", "none")}
    assert found == {"segments": "everywhere", "pooled": "pooled", "none": "none"}
