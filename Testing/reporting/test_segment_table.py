"""segments.csv: columns, rows, vessels, propagation of errors, refusals."""

from __future__ import annotations

import csv
import dataclasses
import io
import math

import numpy as np
import pytest

from QPerfusionLogic.data.results import SegmentFlow, StudyResult
from QPerfusionLogic.data.series import State
from QPerfusionLogic.reporting.logic import ReportingLogic
from QPerfusionLogic.reporting.tables.segment_table import lowest_two, segment_rows, segments_csv

CONTRACT = "segment,territory,layer,stress_mbf,stress_se,rest_mbf,rest_se,mpr,mpr_se,n_pixels,flags"


def with_flows(study: StudyResult, state: State, flows: dict[int, tuple[float, float]]) -> StudyResult:
    """Return the study with the whole-segment flows (value, error) of one state replaced; other segments are gone."""
    result = study.states[state]
    segments = tuple(SegmentFlow(number, "all", mbf, error, 50) for number, (mbf, error) in flows.items())
    mapped = dataclasses.replace(result.mapped, segments=segments)
    return dataclasses.replace(study, states=study.states | {state: dataclasses.replace(result, mapped=mapped)})


def row_of(rows, territory, layer, segment=0):
    return next(row for row in rows if (row.segment, row.territory, row.layer) == (segment, territory, layer))


def test_the_columns_are_those_of_the_contract(a_study):
    assert segments_csv(segment_rows(a_study)).splitlines()[0] == CONTRACT


def test_every_segment_has_one_row_for_all_layers_and_reads_as_integers(a_study):
    content = list(csv.DictReader(io.StringIO(segments_csv(segment_rows(a_study)))))
    assert [int(row["segment"]) for row in content if row["layer"] == "all"] == list(range(1, 17))
    assert {row["layer"] for row in content} == {"all", "endo", "epi", "vessel", "global"}


def with_pixels(study, state, flows):
    """Return the study with flows (flow, standard error, pixels) of the segments of one state, and no others."""
    found = tuple(SegmentFlow(segment, "all", *numbers) for segment, numbers in flows.items())
    result = study.states[state]
    changed = dataclasses.replace(result, mapped=dataclasses.replace(result.mapped, segments=found))
    return dataclasses.replace(study, states=study.states | {state: changed})


def test_a_territory_is_the_flow_of_its_pixels_and_its_reserve_their_ratio(a_study):
    study = with_pixels(a_study, State.STRESS, {1: (3.0, 0.1, 30), 7: (1.0, 0.3, 10), 9: (2.5, 0.2, 40)})
    study = with_pixels(study, State.REST, {1: (0.8, 0.02, 20), 7: (1.2, 0.02, 20), 9: (0.5, 0.02, 40)})
    territory = row_of(segment_rows(study), "LAD", "vessel")
    assert territory.stress_mbf == pytest.approx(2.5)
    assert territory.stress_se == pytest.approx(math.hypot(30 * 0.1, 10 * 0.3) / 40)
    assert territory.rest_mbf == pytest.approx(1.0)
    assert territory.mpr == pytest.approx(2.5)


def test_the_two_lowest_segments_of_a_territory_are_a_value_of_their_own(a_study):
    study = with_flows(a_study, State.STRESS, {1: (3.0, 0.1), 7: (1.0, 0.3), 13: (2.0, 0.4), 9: (2.5, 0.2)})
    value, error = lowest_two(study, segment_rows(study), "LAD", "stress_mbf")
    assert value == pytest.approx(1.5)
    assert error == pytest.approx(math.sqrt(0.3**2 + 0.4**2) / 2)
    assert math.isnan(lowest_two(study, segment_rows(study), "LCX", "stress_mbf")[0])


def test_the_error_that_segments_share_does_not_average_out(a_study):
    """Against random draws: each segment errs by 0.1 of its own, and all together by a tenth of their flow."""
    rng = np.random.default_rng(2)
    truth = np.array([2.0, 3.0])
    draws = truth * (1.0 + 0.1 * rng.normal(size=(200_000, 1))) + 0.1 * rng.normal(size=(200_000, 2))
    errors = np.hypot(0.1, 0.1 * truth)
    study = with_flows(a_study, State.STRESS, {1: (2.0, errors[0]), 7: (3.0, errors[1])})
    result = study.states[State.STRESS]
    changed = dataclasses.replace(result, mapped=dataclasses.replace(result.mapped, input_error=0.1))
    rows = segment_rows(dataclasses.replace(study, states=study.states | {State.STRESS: changed}))
    for row in (row_of(rows, "LAD", "vessel"), rows[-1]):
        assert row.stress_se == pytest.approx(draws.mean(axis=1).std(), rel=0.02)


def test_a_vessel_with_one_measured_segment_says_so(a_study):
    study = with_flows(a_study, State.STRESS, {9: (2.5, 0.2)})
    assert "one_segment" in row_of(segment_rows(study), "RCA", "vessel").flags


def test_the_reserve_carries_both_errors(a_study):
    study = with_flows(a_study, State.STRESS, {3: (2.4, 0.24)})
    study = with_flows(study, State.REST, {3: (0.8, 0.08)})
    row = row_of(segment_rows(study), "RCA", "all", 3)
    assert row.mpr == pytest.approx(3.0)
    assert row.mpr_se == pytest.approx(3.0 * math.sqrt(0.1**2 + 0.1**2))


def test_the_error_of_a_reserve_is_that_of_random_draws(a_study):
    rng = np.random.default_rng(1)
    draws = rng.normal(2.4, 0.12, 400_000) / rng.normal(0.8, 0.03, 400_000)
    study = with_flows(with_flows(a_study, State.STRESS, {3: (2.4, 0.12)}), State.REST, {3: (0.8, 0.03)})
    assert row_of(segment_rows(study), "RCA", "all", 3).mpr_se == pytest.approx(draws.std(), rel=0.02)


def test_the_global_row_weights_segments_by_their_pixels(a_study):
    flows = (SegmentFlow(1, "all", 1.0, 0.1, 30), SegmentFlow(2, "all", 2.0, 0.1, 10), SegmentFlow(1, "endo", 9, 1, 15))
    result = a_study.states[State.STRESS]
    changed = dataclasses.replace(result, mapped=dataclasses.replace(result.mapped, segments=flows))
    rows = segment_rows(dataclasses.replace(a_study, states={State.STRESS: changed}))
    assert rows[-1].stress_mbf == pytest.approx(1.25)


def test_segments_that_were_not_imaged_are_empty_and_flagged(a_study):
    study = with_flows(with_flows(a_study, State.STRESS, {7: (2.0, 0.1)}), State.REST, {7: (1.0, 0.1)})
    lines = segments_csv(segment_rows(study)).splitlines()
    assert "1,LAD,all,,,,,,,0,not_imaged" in lines


def test_a_segment_without_a_number_leaves_no_reserve(a_study):
    study = with_flows(a_study, State.STRESS, {7: (math.nan, math.nan), 8: (2.0, 0.1)})
    row = row_of(segment_rows(study), "LAD", "all", 7)
    assert math.isnan(row.mpr)
    assert row_of(segment_rows(study), "LAD", "vessel").stress_mbf == pytest.approx(2.0)


@pytest.mark.parametrize("state", [State.STRESS, State.REST])
def test_one_state_alone_leaves_the_other_columns_empty(a_study, state):
    alone = dataclasses.replace(a_study, states={state: a_study.states[state]}, mpr_map=None)
    report = ReportingLogic().run(alone)
    first = next(csv.DictReader(io.StringIO(report.segments_csv)))
    other = "rest_mbf" if state is State.STRESS else "stress_mbf"
    assert first[other] == ""
    assert first["mpr"] == ""
    assert first[f"{state}_mbf"] != ""
    assert "mbf-without-mpr" in {item.code for item in report.notices}


def test_a_fit_that_explains_less_than_half_is_flagged(a_study):
    result = a_study.states[State.STRESS]
    flows = tuple(
        dataclasses.replace(flow, r2=-6.4) if (flow.segment, flow.layer) == (9, "all") else flow
        for flow in result.mapped.segments
    )
    changed = dataclasses.replace(result, mapped=dataclasses.replace(result.mapped, segments=flows))
    rows = segment_rows(dataclasses.replace(a_study, states=a_study.states | {State.STRESS: changed}))
    assert row_of(rows, "RCA", "all", 9).flags == ("stress:poor_fit",)
