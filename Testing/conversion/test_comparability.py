"""Stress and rest measured or converted unlike each other are not divided, and what differs is reported once."""

from __future__ import annotations

import dataclasses

import pytest

from QPerfusionLogic.conversion.logic import ConversionLogic
from QPerfusionLogic.data.notices import Severity
from QPerfusionLogic.data.results import StudyResult
from QPerfusionLogic.data.series import State
from QPerfusionLogic.data.study import PerfusionStudy
from QPerfusionLogic.io.results.stage_records import conversion_fields, conversion_record
from QPerfusionLogic.pipeline.comparability import comparability, compare_states
from QPerfusionLogic.pipeline.pipeline import Pipeline
from QPerfusionLogic.reporting.logic import ReportingLogic
from QPerfusionLogic.settings.schema import ConversionSettings


def converted(heart, **settings):
    state = heart.state
    return dataclasses.replace(state, concentration=ConversionLogic(ConversionSettings(**settings)).run(state))


def test_states_converted_alike_may_be_divided(make_heart):
    heart = make_heart()
    check = compare_states(converted(heart), converted(heart))
    assert check.allowed
    assert check.cautions == ()


def test_another_relaxivity_forbids_a_perfusion_reserve(make_heart):
    heart = make_heart()
    check = compare_states(converted(heart), converted(heart, relaxivity_l_mmol_s=5.2))
    assert check.differences == ("relaxivity: stress 4.6, rest 5.2",)
    (notice,) = check.notices()
    assert (notice.code, notice.severity) == ("mpr-refused", Severity.SERIOUS)


def test_the_same_relaxivity_from_another_source_does_not(make_heart):
    heart = make_heart()
    assert compare_states(converted(heart), converted(heart, relaxivity_l_mmol_s=4.6)).allowed


def test_another_agent_of_the_settings_forbids_a_perfusion_reserve(make_heart):
    heart = make_heart()
    check = compare_states(converted(heart), converted(heart, agent="gadoterate", relaxivity_l_mmol_s=4.6))
    assert check.differences == ("agent: stress gadobutrol, rest gadoterate",)


def test_another_mode_forbids_a_perfusion_reserve(make_heart):
    heart = make_heart()
    check = compare_states(converted(heart), converted(heart, mode="relative_enhancement"))
    assert any(text.startswith("conversion: ") for text in check.differences)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"flip_angle_deg": 20.0}, "flip angle"),
        ({"saturation_time_s": 0.12}, "saturation time"),
        ({"normalisation": "baseline"}, "normalisation"),
    ],
)
def test_other_values_of_the_settings_are_noticed(make_heart, settings, name):
    heart = make_heart()
    check = compare_states(converted(heart), converted(heart, **settings))
    assert check.allowed
    assert [notice.code for notice in check.notices()] == ["sequence-parameters-differ"]
    assert any(text.startswith(name) for text in check.cautions)


def test_nothing_is_reported_before_both_states_are_converted(make_heart):
    heart = make_heart()
    assert comparability(StudyResult({State.STRESS: heart.state, State.REST: converted(heart)})) is None


def test_pipeline_and_report_name_a_difference_once(make_heart):
    state = make_heart().state
    stress, rest = (dataclasses.replace(state.acquisition, tissue=series) for series in _unlike_series(state))
    result = Pipeline().run(PerfusionStudy(stress, rest), stop_after="conversion")
    report = ReportingLogic().run(result)
    assert [notice.code for notice in report.notices if "differ" in notice.code] == ["sequence-parameters-differ"]


def test_a_conversion_that_was_saved_is_compared_as_before(make_heart):
    concentration = converted(make_heart()).concentration
    saved = conversion_fields(conversion_record(concentration))
    assert saved["physics"] == concentration.physics


def test_texts_of_version_0_1_are_compared_by_their_values(make_heart):
    concentration = converted(make_heart()).concentration
    old = conversion_fields({"mode": concentration.mode, "constants": concentration.constants})
    assert old["physics"] == concentration.physics


def _unlike_series(state):
    series = state.acquisition.tissue
    other = dataclasses.replace(series.protocol, flip_angle_deg=series.protocol.flip_angle_deg + 5.0)
    return (
        dataclasses.replace(series, state=State.STRESS),
        dataclasses.replace(series, state=State.REST, protocol=other),
    )
