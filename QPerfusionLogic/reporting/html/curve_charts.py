"""Charts of the report: the arterial input and the curve and fit of every segment."""

from __future__ import annotations

import math

import numpy as np

from QPerfusionLogic.aif.methods.aif_method import aif_methods
from QPerfusionLogic.data.aha_model import SEGMENT_NAMES, SEGMENTS
from QPerfusionLogic.data.results import ArterialInput, Mapped, StateResult

from .vector_graphics import BLUE, GREEN, GREY, ORANGE, PINK, Chart

FEATURE_MARKS = (("bolus_arrival_time_s", "arrival"), ("first_pass_end_s", "end of first pass"))


def arterial_input_charts(found: ArterialInput, window_s: tuple[float, float] | None = None) -> tuple[str, str]:
    """Return two SVG charts: the blood curve as measured and corrected, and blood gadolinium with its band.

    Parameters
    ----------
    found : ArterialInput
        The arterial input of one state.
    window_s : (start, stop), optional
        Fit window to shade.
    """
    raw = Chart("time (s)", _measured_label(found), "As measured", height=250)
    raw.line(found.time_s, found.measured, GREY, "measured", width=2.0)
    if not np.allclose(found.measured, found.corrected, equal_nan=True):
        raw.line(found.time_s, found.corrected, BLUE, "saturation undone", width=2.0)
    gadolinium = Chart("time (s)", "blood gadolinium (mmol/L)", "Arterial input", height=250)
    if window_s is not None and window_s[1] > window_s[0]:
        gadolinium.strip(*window_s, GREY, "fit window")
    if found.lower_mmol_l is not None and found.upper_mmol_l is not None:
        gadolinium.band(found.time_s, found.lower_mmol_l, found.upper_mmol_l, ORANGE, "band of the correction")
    gadolinium.line(found.time_s, found.gd_mmol_l, ORANGE, "gadolinium", width=2.0)
    for (name, label), colour in zip(FEATURE_MARKS, (GREEN, PINK), strict=True):
        value = found.features.get(name, math.nan)
        if math.isfinite(value):
            gadolinium.vertical(value, colour, label)
    return raw.svg(), gadolinium.svg()


def segment_charts(result: StateResult) -> tuple[tuple[int, str], ...]:
    """Return (segment, SVG) of every measured segment: mean curve as dots, fit as a line, one scale for all."""
    mapped = result.mapped
    if mapped is None:
        return ()
    measured = [segment for segment in SEGMENTS if (segment, "all") in mapped.segment_curves]
    low, top = _common_range(mapped, measured)
    flows = {flow.segment: flow for flow in mapped.segments if flow.layer == "all"}
    charts = []
    for segment in measured:
        key = (segment, "all")
        flow = flows.get(segment)
        number = f"{flow.mbf:.2f}" if flow is not None and math.isfinite(flow.mbf) else "–"
        fit = f", R² {flow.r2:.2f}" if flow is not None and math.isfinite(flow.r2) else ""
        chart = Chart("", "", f"{segment} {SEGMENT_NAMES[segment]}: {number}{fit}", 230, 130, compact=True)
        chart.y_range = (low, top)
        if mapped.window_s[1] > mapped.window_s[0]:
            chart.strip(*mapped.window_s, GREY)
        time_s = mapped.curve_time_s[key]
        chart.points(time_s, mapped.segment_curves[key], GREY, radius=1.7)
        if key in mapped.segment_fits:
            chart.line(time_s, mapped.segment_fits[key], BLUE, width=1.9)
        charts.append((segment, chart.svg()))
    return tuple(charts)


def _measured_label(found: ArterialInput) -> str:
    known = aif_methods().get(found.mode)
    return "blood gadolinium (mmol/L)" if known is not None and known.reads_gadolinium else "blood signal (a.u.)"


def _common_range(mapped: Mapped, measured: list[int]) -> tuple[float, float]:
    """Return a scale that holds all but stray samples of all segments."""
    curves = [mapped.segment_curves[segment, "all"] for segment in measured]
    values = np.concatenate([np.ravel(curve) for curve in curves]) if curves else np.zeros(0)
    values = values[np.isfinite(values)]
    low, top = np.percentile(values, (0.5, 99.8)) if values.size else (0.0, 1.0)
    top = float(top) if top > 0 else 1.0
    return min(1.1 * float(low), -0.05 * top), 1.1 * top
