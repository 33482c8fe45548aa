"""What the reader must know that no single stage can show: rejections, flows without foundation, missing halves."""

from __future__ import annotations

import dataclasses
import math

from QPerfusionLogic.aif.methods.neural_network import published_limits
from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.results import StateResult, StudyResult
from QPerfusionLogic.data.series import State
from QPerfusionLogic.registration.motion_notices import MANY_REJECTED, many_rejected

from .quality import (
    BOUND_LIMIT,
    ERROR_LIMIT,
    HIGHEST_FLOW,
    LOWEST_CONFIDENCE,
    PIXEL_LIMIT,
    PIXELS_HIGH,
    contour_confidence,
    median_relative_error,
    pixels_over_segments,
    rejected_share,
    segments_with_flow,
    share_at_bound,
    share_of_impossible_flows,
    share_of_poor_fits,
    share_with_flow,
    whole_segments,
)
from .segment_table import mean_flow

MOST = 0.5
"""Share of the segments that are most of them."""
_ADVICE = "look at the curves and fits, the arterial input and the contours"


def quality_notices(study: StudyResult) -> tuple[Notice, ...]:
    """Return the notices of every state and of the study as a whole."""
    found: list[Notice] = []
    for state, result in study.states.items():
        found += _rejection(state, result)
        found += _coverage(state, result)
        found += _foundation(state, result)
        found += _plausibility(state, result)
    return (*found, *_reserve_below_one(study), *_learned_aif(study), *_single_state(study))


def _rejection(state: State, result: StateResult) -> list[Notice]:
    if result.registered is None or not rejected_share(result) > MANY_REJECTED:
        return []
    return [many_rejected(state, result.registered.kept)]


def _coverage(state: State, result: StateResult) -> list[Notice]:
    """Return a notice when there are no segments, or hardly a segment or pixel got a flow."""
    if result.mapped is None:
        return []
    segments, share = len(whole_segments(result)), share_with_flow(result)
    failed = segments - len(segments_with_flow(result))
    if not segments:
        message = f"no AHA segments at {state}: there is no segment report"
        action = "draw the myocardium and place the insertion points, then resume from segmentation"
        return [_notice("no-segments", message, action, state)]
    if failed * 2 > segments:
        message = f"{failed} of {segments} segments at {state} have no blood flow: their curves could not be fitted"
        return [_notice("few-segments-with-flow", message, _ADVICE, state)]
    if 0.0 < share < PIXEL_LIMIT:
        message = f"only {share:.0%} of the myocardial pixels at {state} have a blood flow"
        return [_notice("few-pixels-with-flow", message, _ADVICE, state)]
    return []


def _foundation(state: State, result: StateResult) -> list[Notice]:
    """Return notices when the data do not determine the flows."""
    found = []
    if share_at_bound(result) > BOUND_LIMIT:
        message = (
            f"{share_at_bound(result):.0%} of the segment fits at {state} end at a bound of the model: "
            "their flow follows the bound, not the data"
        )
        found.append(_notice("fits-at-bound", message, _ADVICE, state))
    if median_relative_error(result) > ERROR_LIMIT:
        message = (
            f"the standard error of half of the segments at {state} is above {median_relative_error(result):.0%} "
            "of their flow: the data hardly determine it"
        )
        found.append(_notice("flow-undetermined", message, _ADVICE, state))
    if pixels_over_segments(result) > PIXELS_HIGH:
        message = (
            f"single pixels at {state} read {pixels_over_segments(result):.0%} higher than their segments: noise does "
            "that where flow and delay are hardly distinguished"
        )
        action = 'trust the segments; the hierarchical prior with the scope "pixels" holds pixels near their segments'
        found.append(_notice("pixels-read-high", message, action, state))
    return found


def _plausibility(state: State, result: StateResult) -> list[Notice]:
    """Return notices on flows, fits and contours that cannot be right."""
    found = []
    impossible, poor, confidence = (
        share_of_impossible_flows(result),
        share_of_poor_fits(result),
        contour_confidence(result),
    )
    if impossible > 0.0:
        message = f"{impossible:.0%} of the segments at {state} have a flow above {HIGHEST_FLOW:g} mL/min/g"
        severity = Severity.SERIOUS if impossible > MOST else Severity.WARNING
        found.append(_notice("flow-impossible", message, _ADVICE, state, severity))
    if poor > MOST:
        message = f"{poor:.0%} of the segment fits at {state} explain less than half of their curve (R2 below 0.5)"
        found.append(_notice("fits-poor", message, _ADVICE, state))
    if confidence < LOWEST_CONFIDENCE:
        message = f"the automatic contours at {state} have a confidence of {confidence:.0%}"
        action = "draw the myocardium or give a mask, then resume from segmentation"
        found.append(_notice("contours-unreliable", message, action, state))
    return found


def _reserve_below_one(study: StudyResult) -> list[Notice]:
    """Return a notice where stress flow of the whole heart is below its rest flow."""
    means = {state: mean_flow(whole_segments(result), 0.0)[0] for state, result in study.states.items()}
    stress, rest = means.get(State.STRESS, math.nan), means.get(State.REST, math.nan)
    if not stress < rest:
        return []
    message = (
        f"flow of the whole heart is lower at stress ({stress:.2f}) than at rest ({rest:.2f} mL/min/g): the states may "
        "be swapped, or the stressor had no effect"
    )
    action = "check which series is stress, the stressor and what the patient had taken before"
    return [Notice.of("reserve-below-one", message, action, stage="reporting")]


def _learned_aif(study: StudyResult) -> list[Notice]:
    rest = study.states.get(State.REST)
    if rest is None or rest.arterial_input is None or rest.arterial_input.mode != "neural_network":
        return []
    limits = published_limits(State.REST)
    return [dataclasses.replace(item, stage="aif", state=str(State.REST)) for item in limits]


def _single_state(study: StudyResult) -> list[Notice]:
    measured = [state for state, result in study.states.items() if result.mapped is not None]
    if len(measured) != 1:
        return []
    other = {State.STRESS: "rest", State.REST: "stress"}.get(measured[0], "the other state")
    message = f"only {measured[0]} was measured: blood flow is read without its reserve"
    action = f"add {other} to form the perfusion reserve"
    return [_notice("mbf-without-mpr", message, action, measured[0])]


def _notice(code: str, message: str, action: str, state: State, severity: Severity | None = None) -> Notice:
    return Notice.of(code, message, action, severity=severity, stage="reporting", state=str(state))
