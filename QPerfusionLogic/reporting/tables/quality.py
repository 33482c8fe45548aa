"""Quality of one state in single numbers, and the bars they are held against."""

from __future__ import annotations

import math

import numpy as np

from QPerfusionLogic.data.arrays import MYOCARDIUM, FloatArray
from QPerfusionLogic.data.results import SegmentFlow, StateResult

PIXEL_LIMIT = 0.5
"""Share of myocardial pixels that must have a flow for a map to be read; a convention of this report."""
FIT_LIMIT_R2 = 0.85
"""Median R2 of the segment fits below which curves and fits should be looked at; a convention of this report."""
BOUND_LIMIT = 0.5
"""Share of segment fits at a bound of the model above which flows follow the bounds; a convention of this report."""
ERROR_LIMIT = 0.5
"""Median standard error over flow above which flows are not determined; a convention of this report."""
PIXELS_HIGH = 0.15
"""How much higher than their segments half of the pixels may read before it is reported; a convention of this
report."""

POOR_FIT_R2 = 0.5
"""A fit that explains less than half of the variance of its curve is poor, whatever its status."""
HIGHEST_FLOW = 6.0
"""Flow in mL/min/g above which no heart is perfused: PET finds up to about 5 in healthy subjects at stress."""
LOWEST_CONFIDENCE = 0.15
"""Median confidence of the automatic contours below which they show no myocardium; a convention of this report."""


def contour_confidence(result: StateResult) -> float:
    """Return the median confidence of the slices with myocardium; NaN where contours were given or are missing."""
    if result.segmented is None:
        return math.nan
    drawn = (result.segmented.labels == MYOCARDIUM).any(axis=(1, 2))
    values = np.asarray(result.segmented.confidence, dtype=float)[drawn]
    values = values[np.isfinite(values)]
    return float(np.median(values)) if values.size else math.nan


def share_of_poor_fits(result: StateResult) -> float:
    """Return the share of segment fits with an R2 below 0.5; NaN without fits."""
    scores = [flow.r2 for flow in whole_segments(result) if math.isfinite(flow.r2)]
    return sum(score < POOR_FIT_R2 for score in scores) / len(scores) if scores else math.nan


def share_of_impossible_flows(result: StateResult) -> float:
    """Return the share of segments whose flow is above what a heart can have; NaN without flows."""
    flows = segments_with_flow(result)
    return sum(flow.mbf > HIGHEST_FLOW for flow in flows) / len(flows) if flows else math.nan


def pixels_over_segments(result: StateResult) -> float:
    """Return the median, over the segments, of their median pixel over their own flow, less one; NaN without both."""
    ratios = [flow.median_pixel_mbf / flow.mbf - 1.0 for flow in segments_with_flow(result) if flow.mbf > 0]
    known = [ratio for ratio in ratios if math.isfinite(ratio)]
    return float(np.median(known)) if known else math.nan


def rejected_share(result: StateResult) -> float:
    """Return the share of (frame, slice) pairs that were rejected, NaN without registration."""
    return float((~result.registered.kept).mean()) if result.registered is not None else math.nan


def whole_segments(result: StateResult) -> list[SegmentFlow]:
    """Return the flows of whole segments (layer "all")."""
    return [flow for flow in result.mapped.segments if flow.layer == "all"] if result.mapped is not None else []


def segments_with_flow(result: StateResult) -> list[SegmentFlow]:
    """Return the flows of whole segments that have a number."""
    return [flow for flow in whole_segments(result) if math.isfinite(flow.mbf)]


def share_at_bound(result: StateResult) -> float:
    """Return the share of segment fits that ended at a bound of the model; NaN without fits."""
    flows = segments_with_flow(result)
    return sum("at_bound" in flow.flags for flow in flows) / len(flows) if flows else math.nan


def median_relative_error(result: StateResult) -> float:
    """Return the median of standard error over flow of the segments; NaN without fits."""
    ratios = [flow.mbf_se / flow.mbf for flow in segments_with_flow(result) if flow.mbf > 0]
    known = [ratio for ratio in ratios if not math.isnan(ratio)]
    return float(np.median(known)) if known else math.nan


def median_r2(result: StateResult) -> float:
    """Return the median R2 of the segment fits; NaN without fits."""
    scores = [flow.r2 for flow in whole_segments(result) if math.isfinite(flow.r2)]
    return float(np.median(scores)) if scores else math.nan


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
    values = myocardial_values(result, "mbf")
    return float(np.isfinite(values).mean()) if values.size else math.nan


def median_flow(result: StateResult) -> float:
    """Return the median flow of all myocardial pixels (mL/min/g), which a few bad pixels or segments do not move."""
    values = myocardial_values(result, "mbf")
    values = values[np.isfinite(values)]
    return float(np.median(values)) if values.size else math.nan


def myocardial_values(result: StateResult, name: str) -> FloatArray:
    """Return the values of a map (pixels,) inside the myocardium, empty where there is no such map."""
    if result.mapped is None or result.segmented is None or name not in result.mapped.maps:
        return np.zeros(0)
    return np.asarray(result.mapped.maps[name], dtype=float)[result.segmented.labels == MYOCARDIUM]
