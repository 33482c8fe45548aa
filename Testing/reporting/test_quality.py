"""Quality numbers and the notices that follow from them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.series import State
from QPerfusionLogic.reporting.logic import ReportingLogic
from QPerfusionLogic.reporting.tables.quality import transmural_gradient
from QPerfusionLogic.reporting.tables.quality_table import quality_items


def codes(study):
    return {(item.code, item.state): item for item in ReportingLogic().run(study).notices}


def replaced(study, state, **stages):
    return dataclasses.replace(study, states=study.states | {state: dataclasses.replace(study.states[state], **stages)})


@pytest.mark.parametrize(("rejected", "warned"), [(12, False), (13, True)])
def test_more_than_a_fifth_of_rejected_frames_asks_to_repeat_the_scan(a_study, rejected, warned):
    result = a_study.states[State.STRESS]
    kept = np.ones_like(result.registered.kept)
    kept[:rejected] = False
    study = replaced(a_study, State.STRESS, registered=dataclasses.replace(result.registered, kept=kept))
    found = codes(study).get(("many-frames-rejected", "stress"))
    assert (found is not None) == warned
    if found is not None:
        assert "repeat the scan" in found.action
        assert found.severity is Severity.SERIOUS


def test_a_learned_aif_brings_its_published_rest_and_reserve_bias(a_study):
    study = a_study
    for state in (State.STRESS, State.REST):
        learned = dataclasses.replace(study.states[state].arterial_input, mode="neural_network")
        study = replaced(study, state, arterial_input=learned)
    message = codes(study)["aif-learned-rest", "rest"].message
    assert "+0.12 mL/min/g" in message
    assert "-0.30" in message


def test_a_learned_aif_at_stress_alone_needs_no_caveat(a_study):
    stress = a_study.states[State.STRESS]
    learned = dataclasses.replace(stress.arterial_input, mode="neural_network")
    study = dataclasses.replace(
        a_study, states={State.STRESS: dataclasses.replace(stress, arterial_input=learned)}, mpr_map=None
    )
    assert ("aif-learned-rest", "rest") not in codes(study)


def test_a_state_without_segments_is_serious(a_study):
    mapped = dataclasses.replace(a_study.states[State.REST].mapped, segments=())
    assert codes(replaced(a_study, State.REST, mapped=mapped))["no-segments", "rest"].severity is Severity.SERIOUS


def test_a_saturated_arterial_input_misses_its_bar(a_study):
    result = a_study.states[State.STRESS]
    features = result.arterial_input.features | {"apparent_peak_mmol_l": 3.4}
    saturated = dataclasses.replace(result.arterial_input, mode="signal_inversion", features=features)
    items = {item.name: item for item in quality_items(dataclasses.replace(result, arterial_input=saturated))}
    assert items["apparent AIF peak, tissue images"].good is False


@pytest.mark.parametrize(("limit", "good"), [(2.0, False), (4.0, True)])
def test_the_limit_of_saturation_is_that_of_the_settings(a_study, limit, good):
    result = a_study.states[State.STRESS]
    features = result.arterial_input.features | {"apparent_peak_mmol_l": 2.5, "saturation_limit_mmol_l": limit}
    known = dataclasses.replace(result.arterial_input, mode="signal_inversion", features=features, notices=())
    items = {item.name: item for item in quality_items(dataclasses.replace(result, arterial_input=known))}
    assert items["apparent AIF peak, tissue images"].good is good
    assert items["apparent AIF peak, tissue images"].bar == f"at most {limit:g} mmol/L"


def test_the_transmural_gradient_is_that_of_the_made_up_heart(a_study):
    assert transmural_gradient(a_study.states[State.REST]) == pytest.approx(0.93 / 1.06, rel=1e-6)


def test_an_arterial_input_called_saturated_misses_its_bar_whatever_its_apparent_peak(a_study):
    result = a_study.states[State.STRESS]
    notices = (Notice("aif-still-saturated", "compressed peak"),)
    told = dataclasses.replace(result.arterial_input, mode="signal_inversion", notices=notices)
    items = {item.name: item for item in quality_items(dataclasses.replace(result, arterial_input=told))}
    assert items["apparent AIF peak, tissue images"].good is False
    assert items["saturation of the AIF"].good is False


def test_a_state_where_most_segments_have_no_flow_is_serious(a_study):
    mapped = a_study.states[State.REST].mapped
    flows = tuple(
        dataclasses.replace(flow, mbf=np.nan, mbf_se=np.nan) if flow.segment > 5 else flow for flow in mapped.segments
    )
    study = replaced(a_study, State.REST, mapped=dataclasses.replace(mapped, segments=flows))
    found = codes(study)["few-segments-with-flow", "rest"]
    assert found.severity is Severity.SERIOUS
    assert found.message.startswith("11 of 16 segments at rest")


def test_a_map_with_holes_warns(a_study):
    result = a_study.states[State.STRESS]
    holes = result.mapped.maps["mbf"].copy()
    holes[:, ::2] = np.nan
    holes[:, :, ::3] = np.nan
    mapped = dataclasses.replace(result.mapped, maps=result.mapped.maps | {"mbf": holes})
    assert ("few-pixels-with-flow", "stress") in codes(replaced(a_study, State.STRESS, mapped=mapped))


def with_segments(study, state, **changes):
    mapped = study.states[state].mapped
    flows = tuple(dataclasses.replace(flow, **changes) for flow in mapped.segments)
    return replaced(study, state, mapped=dataclasses.replace(mapped, segments=flows))


def test_fits_that_run_into_their_bounds_warn(a_study):
    found = codes(with_segments(a_study, State.REST, flags=("at_bound",)))["fits-at-bound", "rest"]
    assert found.message.startswith("100% of the segment fits at rest end at a bound")
    assert ("fits-at-bound", "rest") not in codes(a_study)


def test_flows_smaller_than_twice_their_error_are_serious(a_study):
    found = codes(with_segments(a_study, State.REST, mbf_se=0.7))["flow-undetermined", "rest"]
    assert found.severity is Severity.SERIOUS
    assert ("flow-undetermined", "stress") not in codes(a_study)


def test_a_good_study_meets_every_bar(a_study):
    for result in a_study.states.values():
        assert all(item.good in (None, True) for item in quality_items(result))


def test_pixels_that_read_higher_than_their_segments_are_told_with_the_setting_against_it(a_study):
    flows = a_study.states[State.STRESS].mapped.segments
    high = tuple(dataclasses.replace(flow, median_pixel_mbf=1.3 * flow.mbf) for flow in flows)
    mapped = dataclasses.replace(a_study.states[State.STRESS].mapped, segments=high)
    found = codes(replaced(a_study, State.STRESS, mapped=mapped))
    assert "30% higher" in found["pixels-read-high", "stress"].message
    assert "hierarchical prior" in found["pixels-read-high", "stress"].action
    assert ("pixels-read-high", "rest") not in found


def test_a_saturated_tissue_curve_that_nobody_reads_misses_no_bar(a_study):
    """A dual sequence exists because the tissue images saturate: that is no fault of the scan."""
    result = a_study.states[State.STRESS]
    note = Notice.of("aif-saturated", "the blood signal of the tissue series is saturated", severity=Severity.NOTE)
    features = result.arterial_input.features | {"apparent_peak_mmol_l": 3.4}
    dual = dataclasses.replace(result.arterial_input, mode="dual_sequence", features=features, notices=(note,))
    items = {item.name: item for item in quality_items(dataclasses.replace(result, arterial_input=dual))}
    assert items["apparent AIF peak, tissue images"].good is None
    assert "saturation of the AIF" not in items
    read = dataclasses.replace(dual, notices=(dataclasses.replace(note, severity=Severity.WARNING),))
    items = {item.name: item for item in quality_items(dataclasses.replace(result, arterial_input=read))}
    assert items["saturation of the AIF"].good is False
