"""Stress and rest converted unlike each other are not divided."""

from __future__ import annotations

import dataclasses

from QPerfusionLogic.conversion.comparability import comparability, unlike_conversions
from QPerfusionLogic.conversion.logic import ConversionLogic
from QPerfusionLogic.data.notices import Severity
from QPerfusionLogic.data.series import State
from QPerfusionLogic.data.study import PerfusionStudy
from QPerfusionLogic.pipeline.pipeline import Pipeline
from QPerfusionLogic.settings.schema import ConversionSettings


def converted(heart, **settings):
    state = heart.state
    return dataclasses.replace(state, concentration=ConversionLogic(ConversionSettings(**settings)).run(state))


def test_states_converted_alike_may_be_divided(make_heart):
    heart = make_heart()
    assert comparability(converted(heart), converted(heart)) == ((), ())


def test_another_relaxivity_forbids_a_perfusion_reserve(make_heart):
    heart = make_heart()
    reasons, _ = comparability(converted(heart), converted(heart, relaxivity_l_mmol_s=5.2))
    assert reasons == ("r1 is 4.6 L/mmol/s (Shen 2015 whole blood 37 C) at stress and 5.2 L/mmol/s (setting) at rest",)


def test_the_same_relaxivity_from_another_source_does_not(make_heart):
    heart = make_heart()
    assert comparability(converted(heart), converted(heart, relaxivity_l_mmol_s=4.6))[0] == ()


def test_another_mode_forbids_a_perfusion_reserve(make_heart):
    heart = make_heart()
    reasons, _ = comparability(converted(heart), converted(heart, mode="relative_enhancement"))
    assert any("conversion mode" in reason for reason in reasons)


def test_another_flip_angle_is_noticed(make_heart):
    heart = make_heart()
    reasons, notices = comparability(converted(heart), converted(heart, flip_angle_deg=20.0))
    assert reasons == ()
    assert [notice.code for notice in notices] == ["sequence-differs"]


def test_unlike_relaxivities_are_one_serious_notice(make_heart):
    heart = make_heart()
    notices = unlike_conversions(converted(heart), converted(heart, relaxivity_l_mmol_s=5.2))
    assert [notice.code for notice in notices] == ["states-converted-differently"]
    assert notices[0].severity is Severity.SERIOUS


def test_nothing_is_said_before_both_states_are_converted(make_heart):
    heart = make_heart()
    assert unlike_conversions(heart.state, converted(heart)) == ()


def test_the_cascade_tells_of_unlike_conversions(make_heart):
    state = make_heart().state
    stress, rest = (dataclasses.replace(state.acquisition, tissue=series) for series in _unlike_series(state))
    result = Pipeline().run(PerfusionStudy(stress, rest), stop_after="conversion")
    assert "sequence-differs" in {notice.code for notice in result.notices}


def _unlike_series(state):
    series = state.acquisition.tissue
    other = dataclasses.replace(series.protocol, flip_angle_deg=series.protocol.flip_angle_deg + 5.0)
    return (
        dataclasses.replace(series, state=State.STRESS),
        dataclasses.replace(series, state=State.REST, protocol=other),
    )
