"""The verdict on a result: what may be read, what only with care, what not at all."""

import dataclasses
import re

import numpy as np
import pytest

from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.series import State
from QPerfusionLogic.reporting.logic import ReportingLogic
from QPerfusionLogic.reporting.tables.segment_table import without_withheld
from QPerfusionLogic.reporting.tables.verdict import VerdictLevel, judge


def with_notice(study, code, state="", severity=Severity.SERIOUS):
    found = Notice(code, "Something was found", severity=severity, state=state)
    return dataclasses.replace(study, notices=(*study.notices, found))


def with_state(study, state, **changes):
    """The study with other fields in one state: `with_state(study, REST, arterial_input={"mode": "population"})`."""
    result = study.states[state]
    parts = {name: dataclasses.replace(getattr(result, name), **fields) for name, fields in changes.items()}
    return dataclasses.replace(study, states={**study.states, state: dataclasses.replace(result, **parts)})


def with_flows(study, state, factor=1.0, r2=None):
    flows = tuple(
        dataclasses.replace(flow, mbf=flow.mbf * factor, r2=flow.r2 if r2 is None else r2)
        for flow in study.states[state].mapped.segments
    )
    return with_state(study, state, mapped={"segments": flows})


def reported(study):
    return ReportingLogic().run(study)


def test_a_study_with_nothing_wrong_is_interpretable(a_study):
    report = reported(a_study)
    assert report.verdict.text == "Interpretable."
    assert report.verdict.withheld == frozenset()
    assert "<strong>Interpretable.</strong>" in report.html


@pytest.mark.parametrize("code", ["aif-plateau", "aif-unit", "aif-offset", "heart-not-found", "aif-cut"])
def test_a_serious_notice_on_the_foundation_of_a_state_withholds_its_flow_and_the_reserve(a_study, code):
    verdict = reported(with_notice(a_study, code, "stress")).verdict
    assert verdict.level is VerdictLevel.NOT_INTERPRETABLE
    assert verdict.withheld == {"stress_mbf", "mpr"}


def test_the_same_code_as_a_warning_withholds_nothing(a_study):
    assert reported(with_notice(a_study, "aif-cut", "stress", Severity.WARNING)).verdict.text == "Interpretable."


def test_any_other_serious_notice_limits_the_result(a_study):
    verdict = reported(with_notice(a_study, "series-ambiguous")).verdict
    assert verdict.text == "Limited, because something was found."


def test_two_examinations_withhold_only_the_reserve(a_study):
    verdict = reported(with_notice(a_study, "examinations-differ")).verdict
    assert (verdict.level, verdict.withheld) == (VerdictLevel.LIMITED, {"mpr"})


def test_stress_flow_below_rest_flow_is_not_interpretable(a_study):
    swapped = {State.STRESS: a_study.states[State.REST], State.REST: a_study.states[State.STRESS]}
    states = {state: dataclasses.replace(result, state=state) for state, result in swapped.items()}
    report = reported(dataclasses.replace(a_study, states=states))
    assert report.verdict.level is VerdictLevel.NOT_INTERPRETABLE
    assert report.verdict.withheld == {"stress_mbf", "rest_mbf", "mpr"}
    assert "reserve-below-one" in {notice.code for notice in report.notices}


def test_flow_above_what_a_heart_can_have_is_not_interpretable(a_study):
    report = reported(with_flows(a_study, State.STRESS, factor=3.0))
    assert report.verdict.withheld == {"stress_mbf", "mpr"}
    assert "flow above 6 mL/min/g" in report.verdict.text


def test_poor_fits_in_most_segments_are_not_interpretable(a_study):
    assert reported(with_flows(a_study, State.REST, r2=0.4)).verdict.withheld == {"rest_mbf", "mpr"}


def test_contours_without_confidence_are_not_interpretable(a_study):
    slices = len(a_study.states[State.STRESS].segmented.confidence)
    for confidence, level in ((0.1, VerdictLevel.NOT_INTERPRETABLE), (0.9, VerdictLevel.INTERPRETABLE)):
        changed = with_state(a_study, State.STRESS, segmented={"confidence": np.full(slices, confidence)})
        assert reported(changed).verdict.level is level


@pytest.mark.parametrize("mode", ["neural_network", "population", "signal_inversion"])
def test_an_arterial_input_that_was_not_measured_limits_the_result(a_study, mode):
    changed = a_study
    for state in a_study.states:
        changed = with_state(changed, state, arterial_input={"mode": mode})
    verdict = judge(changed, ())
    assert verdict.level is VerdictLevel.LIMITED
    assert verdict.reasons[0].endswith("(stress and rest)")


@pytest.mark.parametrize(
    ("error", "level"),
    [(0.11, "interpretable"), (0.28, "limited"), (1.0, "not_interpretable")],
)
def test_the_common_error_of_the_input_decides(a_study, error, level):
    assert judge(with_state(a_study, State.STRESS, mapped={"input_error": error}), ()).level == level


def test_what_is_withheld_is_grey_flagged_and_compared_with_no_threshold(a_study):
    sound, withheld = reported(a_study), reported(with_notice(a_study, "aif-plateau", "stress"))
    assert "Stress MBF below 1.35" in sound.html
    assert 'class="number low"' in sound.html
    assert "Stress MBF below 1.35" not in withheld.html
    assert not re.search(r'class="number (low|caution)"', withheld.html)
    assert 'class="number withheld"' in withheld.html
    assert "two lowest segments" in sound.html
    assert "two lowest segments" not in withheld.html
    assert all("stress:not_interpretable" in row.flags for row in withheld.rows if row.n_pixels)
    assert not any("rest:not_interpretable" in row.flags for row in withheld.rows)


def test_an_archive_gets_no_number_that_is_withheld(a_study):
    rows = without_withheld(reported(a_study).rows, frozenset({"stress_mbf", "mpr"}))
    assert all(np.isnan([row.stress_mbf, row.stress_se, row.mpr, row.mpr_se]).all() for row in rows)
    assert any(np.isfinite(row.rest_mbf) for row in rows)


def test_a_verdict_says_each_thing_once_for_both_states(a_study):
    both = with_notice(with_notice(a_study, "aif-plateau", "stress"), "aif-plateau", "rest")
    verdict = judge(both, both.notices)
    assert verdict.withheld == {"stress_mbf", "rest_mbf", "mpr"}
    assert verdict.text == "Not interpretable, because something was found (stress and rest)."
