"""Quality of a study in numbers (rejected frames, motion, saturation, fits, transmural gradient) and what follows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.settings import ReportingSettings
from QPerfusionLogic.study import Notice, Severity, State, StateResult, StudyResult

from .thresholds import PUBLISHED_LEARNED_AIF_MPR_BIAS, PUBLISHED_LEARNED_AIF_REST_BIAS

REJECTED_LIMIT = 0.20
"""Share of rejected frames above which the scan should be repeated (qPerfusion explainer)."""

SATURATION_LIMIT_MMOL_L = 3.0
"""Apparent AIF peak above which the curve is called saturated (qPerfusion explainer)."""

PIXEL_LIMIT = 0.5
"""Share of myocardial pixels that must have a flow for a map to be read; a convention of this report."""

FIT_LIMIT_R2 = 0.85
"""Median R2 of the segment fits below which curves and fits should be looked at; a convention of this report."""


@dataclass(frozen=True)
class QualityItem:
    """One line of the quality table; `good` is None where there is no bar."""

    name: str
    value: str
    bar: str = ""
    good: bool | None = None


def rejected_share(result: StateResult) -> float:
    """Return the share of (frame, slice) pairs that were rejected, NaN without registration."""
    return float((~result.registered.kept).mean()) if result.registered is not None else math.nan


def quality_items(result: StateResult) -> tuple[QualityItem, ...]:
    """Return the quality of one state, from those stages that were run."""
    return (*_motion_items(result), *_arterial_items(result), *_fit_items(result))


def quality_notices(study: StudyResult, settings: ReportingSettings) -> tuple[Notice, ...]:
    """Return what the reader must know that no single stage can tell."""
    found: list[Notice] = []
    for state, result in study.states.items():
        share = rejected_share(result)
        if share > REJECTED_LIMIT:
            found.append(
                _notice(
                    "too-many-rejected-frames",
                    f"{share:.0%} of the {state} images were rejected (limit {REJECTED_LIMIT:.0%})",
                    "repeat the scan if the patient still is in the scanner; else read this state with caution",
                    Severity.SERIOUS,
                    state,
                )
            )
        if result.mapped is not None and not result.mapped.segments:
            found.append(
                _notice(
                    "no-segments",
                    f"no AHA segments at {state}: there is no segment report",
                    "draw the myocardium and place the insertion points, then resume from segmentation",
                    Severity.SERIOUS,
                    state,
                )
            )
    found += [item for state, result in study.states.items() for item in _coverage_notices(state, result)]
    return (*found, *_learned_aif_notices(study), *_single_state_notices(study))


def transmural_gradient(result: StateResult) -> float:
    """Return endocardial over epicardial flow, both weighted by pixels; NaN where a layer is missing."""
    means = []
    for layer in ("endo", "epi"):
        flows = [flow for flow in result.mapped.segments if flow.layer == layer] if result.mapped is not None else []
        known = [(flow.mbf, flow.n_pixels) for flow in flows if math.isfinite(flow.mbf) and flow.n_pixels > 0]
        total = sum(pixels for _, pixels in known)
        means.append(sum(mbf * pixels for mbf, pixels in known) / total if total else math.nan)
    return means[0] / means[1] if means[1] > 0 else math.nan


def share_with_flow(result: StateResult) -> float:
    """Return the share of myocardial pixels that have a flow; NaN without maps or myocardium."""
    if result.mapped is None or result.segmented is None:
        return math.nan
    values = result.mapped.maps["mbf"][result.segmented.labels == 1]
    return float(np.isfinite(values).mean()) if values.size else math.nan


def median_flow(result: StateResult) -> float:
    """Return the median flow of all myocardial pixels (mL/min/g), which a few bad pixels or segments do not move."""
    if result.mapped is None or result.segmented is None:
        return math.nan
    values = result.mapped.maps["mbf"][result.segmented.labels == 1]
    values = values[np.isfinite(values)]
    return float(np.median(values)) if values.size else math.nan


def _coverage_notices(state: State, result: StateResult) -> list[Notice]:
    """Return a notice when hardly a segment or pixel got a flow."""
    flows = [flow for flow in result.mapped.segments if flow.layer == "all"] if result.mapped is not None else []
    failed = [flow for flow in flows if not math.isfinite(flow.mbf)]
    share = share_with_flow(result)
    advice = "look at the curves and fits, the arterial input and the contours"
    if len(failed) * 2 > len(flows):
        message = (
            f"{len(failed)} of {len(flows)} segments at {state} have no blood flow: their curves could not be fitted"
        )
        return [_notice("few-segments-with-flow", message, advice, Severity.SERIOUS, state)]
    if 0.0 < share < PIXEL_LIMIT:
        message = f"only {share:.0%} of the myocardial pixels at {state} have a blood flow"
        return [_notice("few-pixels-with-flow", message, advice, Severity.WARNING, state)]
    return []


def _motion_items(result: StateResult) -> list[QualityItem]:
    if result.registered is None:
        return []
    share = rejected_share(result)
    items = [QualityItem("rejected images", f"{share:.0%}", f"at most {REJECTED_LIMIT:.0%}", share <= REJECTED_LIMIT)]
    displacement = np.asarray(result.registered.displacement_mm, dtype=float)
    if displacement.size:
        reach = np.linalg.norm(displacement, axis=-1)
        items.append(QualityItem("motion taken out, largest", f"{_largest(reach):.1f} mm"))
    items += [QualityItem(name.replace("_", " "), _number(value)) for name, value in result.registered.quality.items()]
    return items


def _arterial_items(result: StateResult) -> list[QualityItem]:
    found = result.arterial_input
    if found is None:
        return []
    apparent = found.features.get("apparent_peak_mmol_l", math.nan)
    saturated = any("saturated" in item.code for item in found.notices)
    items = []
    if math.isfinite(apparent):
        items.append(
            QualityItem(
                "apparent AIF peak, tissue images",
                f"{apparent:.2f} mmol/L",
                f"at most {SATURATION_LIMIT_MMOL_L:g} mmol/L",
                apparent <= SATURATION_LIMIT_MMOL_L and not saturated,
            )
        )
    if saturated:
        items.append(QualityItem("saturation of the AIF", "found, see “Before you read”", "none", False))
    if result.concentration is not None and result.segmented is not None:
        inside = result.segmented.labels == 1
        share = float(result.concentration.saturated[inside].mean()) if inside.any() else math.nan
        items.append(QualityItem("saturated myocardial pixels", f"{share:.1%}" if math.isfinite(share) else "–"))
    return items


def _fit_items(result: StateResult) -> list[QualityItem]:
    mapped = result.mapped
    if mapped is None:
        return []
    items = []
    scores = [flow.r2 for flow in mapped.segments if flow.layer == "all" and math.isfinite(flow.r2)]
    if scores:
        median = float(np.median(scores))
        items.append(
            QualityItem(
                "median R² of segment fits", f"{median:.3f}", f"at least {FIT_LIMIT_R2}", median >= FIT_LIMIT_R2
            )
        )
    if "status" in mapped.maps and result.segmented is not None:
        status = mapped.maps["status"][result.segmented.labels == 1]
        status = status[np.isfinite(status)]
        if status.size:
            items.append(QualityItem("myocardial pixels with a converged fit", f"{float((status == 0).mean()):.0%}"))
    share = share_with_flow(result)
    if share > 0:
        items.append(
            QualityItem(
                "myocardial pixels with a flow", f"{share:.0%}", f"at least {PIXEL_LIMIT:.0%}", share >= PIXEL_LIMIT
            )
        )
    median = median_flow(result)
    if math.isfinite(median):
        items.append(QualityItem("median flow of myocardial pixels", f"{median:.2f} mL/min/g"))
    gradient = transmural_gradient(result)
    if math.isfinite(gradient):
        items.append(QualityItem("endocardial / epicardial flow", f"{gradient:.2f}"))
    return items


def _learned_aif_notices(study: StudyResult) -> list[Notice]:
    learned = [
        state
        for state, result in study.states.items()
        if result.arterial_input is not None and result.arterial_input.mode == "learned"
    ]
    if State.REST not in learned:
        return []
    return [
        _notice(
            "learned-aif-at-rest",
            f"a learned AIF is validated for stress only: published bias {PUBLISHED_LEARNED_AIF_REST_BIAS:+.2f} "
            f"mL/min/g at rest and {PUBLISHED_LEARNED_AIF_MPR_BIAS:+.2f} of the MPR",
            "take rest flow and reserve from a dual-sequence or dual-bolus AIF where there is one",
            Severity.WARNING,
            State.REST,
        )
    ]


def _single_state_notices(study: StudyResult) -> list[Notice]:
    measured = [state for state, result in study.states.items() if result.mapped is not None]
    if len(measured) != 1:
        return []
    other = {State.STRESS: "rest", State.REST: "stress"}.get(measured[0], "the other state")
    return [
        _notice(
            "mbf-without-mpr",
            f"only {measured[0]} was measured: blood flow is read without its reserve",
            f"add {other} to form the perfusion reserve",
            Severity.NOTE,
            measured[0],
        )
    ]


def _notice(code: str, message: str, action: str, severity: Severity, state: State) -> Notice:
    return Notice(code, message, action, severity, "reporting", str(state))


def _largest(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.max()) if finite.size else math.nan


def _number(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "–"
