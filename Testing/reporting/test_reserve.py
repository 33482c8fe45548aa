"""When stress and rest may be divided, and the pixel map of the reserve."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from QPerfusionLogic.data.conversion_physics import ConversionPhysics
from QPerfusionLogic.data.series import State
from QPerfusionLogic.pipeline.comparability import compare_states
from QPerfusionLogic.pipeline.reserve import mpr_map
from QPerfusionLogic.reporting.logic import ReportingLogic


def with_protocol(result, **changes):
    tissue = result.acquisition.tissue
    protocol = dataclasses.replace(tissue.protocol, **changes)
    series = dataclasses.replace(tissue, protocol=protocol)
    return dataclasses.replace(result, acquisition=dataclasses.replace(result.acquisition, tissue=series))


def changed(result, stage, **changes):
    return dataclasses.replace(result, **{stage: dataclasses.replace(getattr(result, stage), **changes)})


DIFFERENT = {
    "agent": lambda rest: with_protocol(rest, agent="gadoterate"),
    "relaxivity": lambda rest: changed(rest, "concentration", physics=ConversionPhysics(relaxivity_l_mmol_s=3.9)),
    "conversion": lambda rest: changed(rest, "concentration", mode="relative_enhancement"),
    "AIF method": lambda rest: changed(rest, "arterial_input", mode="neural_network"),
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
    assert mpr_map(a_study.states[State.STRESS], rest) is None
    assert not any(key.startswith("mpr") for key in report.images)


def test_other_sequence_parameters_only_warn(a_study):
    rest = with_protocol(a_study.states[State.REST], flip_angle_deg=18.0)
    report = ReportingLogic().run(dataclasses.replace(a_study, states=a_study.states | {State.REST: rest}))
    warning = next(item for item in report.notices if item.code == "sequence-parameters-differ")
    assert "flip angle (degree): stress 12, rest 18" in warning.message
    assert math.isfinite(report.rows[0].mpr)


def test_equal_acquisitions_are_compared_without_a_word(a_study):
    check = compare_states(a_study.states[State.STRESS], a_study.states[State.REST])
    assert check.allowed
    assert check.notices() == ()


def test_the_pixel_map_divides_stress_by_rest_inside_the_stress_myocardium(a_study):
    stress, rest = a_study.states[State.STRESS], a_study.states[State.REST]
    ratio = mpr_map(stress, rest)
    wall = stress.segmented.labels == 1
    assert np.isnan(ratio[~wall]).all()
    expected = stress.mapped.maps["mbf"][wall] / rest.mapped.maps["mbf"][wall]
    np.testing.assert_allclose(ratio[wall], expected, rtol=1e-5)


def test_the_pixel_map_does_not_mind_where_the_heart_lies_at_rest(a_study):
    stress, rest = a_study.states[State.STRESS], a_study.states[State.REST]
    moved = changed(rest, "mapped", maps=rest.mapped.maps | {"mbf": np.roll(rest.mapped.maps["mbf"], 3, axis=1)})
    shapes = {name: np.roll(getattr(rest.segmented, name), 3, axis=1) for name in ("labels", "segments", "layers")}
    points = rest.segmented.insertion_points + np.array([3.0, 0.0])
    moved = changed(moved, "segmented", **shapes, insertion_points=points)
    np.testing.assert_allclose(mpr_map(stress, moved), mpr_map(stress, rest), rtol=1e-5)


def a_ring(state, inner, outer, turned_deg, flow):
    """Return a state whose rings have these radii in pixels, its flow given by angle and depth in the wall."""
    rows, columns = np.mgrid[: state.segmented.labels.shape[1], : state.segmented.labels.shape[2]]
    radius, angle = np.hypot(rows - 36, columns - 38), np.arctan2(rows - 36, columns - 38) - np.deg2rad(turned_deg)
    plane = np.where(radius < inner, 2, np.where(radius < outer, 1, 0)).astype(np.uint8)
    at = np.deg2rad(turned_deg + np.array([-135.0, 135.0]))
    points = np.stack([36 + outer * np.sin(at), 38 + outer * np.cos(at)], axis=1)
    labels = np.stack([plane] * 3)
    values = np.where(plane == 1, flow(angle, (radius - inner) / (outer - inner)), np.nan)
    changes = {"labels": labels, "segments": (labels == 1).astype(np.uint8), "insertion_points": np.stack([points] * 3)}
    return changed(changed(state, "segmented", **changes), "mapped", maps={"mbf": np.stack([values] * 3)})


def test_layers_are_divided_by_the_same_layers_of_a_larger_thinner_heart(a_study):
    def flow(angle, depth):
        return (1.0 + 0.5 * np.cos(angle)) * (1.0 + depth)

    stress = a_ring(a_study.states[State.STRESS], 6.0, 17.0, 0.0, lambda angle, depth: 3.0 * flow(angle, depth))
    rest = a_ring(a_study.states[State.REST], 10.0, 18.0, 20.0, flow)
    ratio = mpr_map(stress, rest)
    wall = stress.segmented.labels == 1
    assert np.isfinite(ratio[wall]).mean() > 0.98
    assert np.nanmedian(np.abs(ratio[wall] - 3.0)) < 0.1
    assert np.nanquantile(np.abs(ratio[wall] - 3.0), 0.95) < 0.45


def test_a_layer_that_is_unknown_at_rest_has_no_reserve(a_study):
    stress, rest = a_study.states[State.STRESS], a_study.states[State.REST]
    segments = np.where(rest.segmented.segments == 1, 0, rest.segmented.segments)
    ratio = mpr_map(stress, changed(rest, "segmented", segments=segments))
    unknown = stress.segmented.segments == 1
    assert np.isnan(ratio[unknown]).mean() > 0.5
    assert np.isfinite(ratio[stress.segmented.segments == 4]).all()


def test_rest_flow_near_zero_gives_no_ratio(a_study):
    stress, rest = a_study.states[State.STRESS], a_study.states[State.REST]
    empty = changed(rest, "mapped", maps={"mbf": np.zeros_like(rest.mapped.maps["mbf"])})
    assert np.isnan(mpr_map(stress, empty)).all()


def test_another_number_of_slices_gives_no_pixel_map(a_study):
    stress, rest = a_study.states[State.STRESS], a_study.states[State.REST]
    fewer = {name: getattr(rest.segmented, name)[:2] for name in ("labels", "segments", "layers", "insertion_points")}
    assert mpr_map(stress, changed(rest, "segmented", **fewer)) is None
