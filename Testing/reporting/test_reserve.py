"""When stress and rest may be divided, and the pixel map of the reserve."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from QPerfusionLogic.reporting import ReportingLogic, compare_states, mpr_map
from QPerfusionLogic.study import State


def with_protocol(result, **changes):
    tissue = result.acquisition.tissue
    protocol = dataclasses.replace(tissue.protocol, **changes)
    series = dataclasses.replace(tissue, protocol=protocol)
    return dataclasses.replace(result, acquisition=dataclasses.replace(result.acquisition, tissue=series))


def changed(result, stage, **changes):
    return dataclasses.replace(result, **{stage: dataclasses.replace(getattr(result, stage), **changes)})


DIFFERENT = {
    "agent": lambda rest: with_protocol(rest, agent="gadoterate"),
    "relaxivity": lambda rest: changed(rest, "concentration", constants={"r1": "3.9 L/mmol/s (Shen 2015)"}),
    "conversion": lambda rest: changed(rest, "concentration", mode="relative_enhancement"),
    "AIF route": lambda rest: changed(rest, "arterial_input", mode="learned"),
    "model": lambda rest: changed(rest, "mapped", model="btex"),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_the_reserve_is_refused_when_stress_and_rest_differ_in(a_study, name):
    rest = DIFFERENT[name](a_study.states[State.REST])
    report = ReportingLogic().run(dataclasses.replace(a_study, states=a_study.states | {State.REST: rest}))
    assert all(math.isnan(row.mpr) for row in report.rows)
    assert all("mpr_refused" in row.flags for row in report.rows if row.layer == "all")
    refusal = next(item for item in report.notices if item.code == "mpr-refused")
    assert name in refusal.message
    assert mpr_map(a_study.states[State.STRESS], rest, None) is None
    assert not any(key.startswith("mpr") for key in report.images)


def test_other_sequence_parameters_only_warn(a_study):
    rest = with_protocol(a_study.states[State.REST], flip_angle_deg=18.0)
    report = ReportingLogic().run(dataclasses.replace(a_study, states=a_study.states | {State.REST: rest}))
    warning = next(item for item in report.notices if item.code == "sequence-parameters-differ")
    assert "flip angle: stress 12, rest 18" in warning.message
    assert math.isfinite(report.rows[0].mpr)


def test_equal_acquisitions_are_compared_without_a_word(a_study):
    check = compare_states(a_study.states[State.STRESS], a_study.states[State.REST])
    assert check.allowed
    assert check.notices() == ()


def test_the_pixel_map_divides_stress_by_rest_inside_the_stress_myocardium(a_study):
    stress, rest = a_study.states[State.STRESS], a_study.states[State.REST]
    ratio = mpr_map(stress, rest, None)
    wall = stress.segmented.labels == 1
    assert np.isnan(ratio[~wall]).all()
    expected = stress.mapped.maps["mbf"][wall] / rest.mapped.maps["mbf"][wall]
    np.testing.assert_allclose(ratio[wall], expected, rtol=1e-5)


def test_the_pixel_map_undoes_the_displacement_between_rest_and_stress(a_study):
    stress, rest = a_study.states[State.STRESS], a_study.states[State.REST]
    moved_map = np.roll(rest.mapped.maps["mbf"], 3, axis=1)
    moved = changed(rest, "mapped", maps=rest.mapped.maps | {"mbf": moved_map})
    moved = changed(moved, "segmented", segments=np.roll(rest.segmented.segments, 3, axis=1))
    displacement = np.tile([3 * 2.2, 0.0], (3, 1))
    np.testing.assert_allclose(mpr_map(stress, moved, displacement), mpr_map(stress, rest, None), rtol=1e-5)


def test_a_stress_wall_on_the_rest_cavity_has_no_reserve(a_study):
    stress, rest = a_study.states[State.STRESS], a_study.states[State.REST]
    segments = rest.segmented.segments.copy()
    inner = rest.segmented.layers == 1
    segments[inner] = 0
    ratio = mpr_map(stress, changed(rest, "segmented", segments=segments), None)
    assert np.isnan(ratio[inner]).all()
    assert np.isfinite(ratio[rest.segmented.layers == 2]).any()


def test_rest_flow_near_zero_gives_no_ratio(a_study):
    stress, rest = a_study.states[State.STRESS], a_study.states[State.REST]
    empty = changed(rest, "mapped", maps={"mbf": np.zeros_like(rest.mapped.maps["mbf"])})
    assert np.isnan(mpr_map(stress, empty, None)).all()


def test_grids_of_another_size_give_no_pixel_map(a_study):
    stress, rest = a_study.states[State.STRESS], a_study.states[State.REST]
    smaller = changed(rest, "mapped", maps={"mbf": rest.mapped.maps["mbf"][:2]})
    assert mpr_map(stress, smaller, None) is None
