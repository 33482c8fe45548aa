"""The charts of a result: arterial input raw against corrected, and the curve and fit of a segment."""

from __future__ import annotations

from typing import Any

from QPerfusionLogic.study import Mapped

from .plots import Line, add_chart, set_columns
from .result_tables import curve_prefix

_MEASURED, _CORRECTED = (0.55, 0.55, 0.55), (0.80, 0.15, 0.15)
_CURVE, _FIT = (0.15, 0.35, 0.70), (0.85, 0.45, 0.10)


def add_aif_chart(scene: Any, name: str, table: Any) -> list[Any]:
    """Add the chart of the arterial input: measured against corrected."""
    lines = [
        Line(f"{name} measured", "time_s", "measured", _MEASURED, points=True),
        Line(f"{name} corrected", "time_s", "corrected", _CORRECTED),
    ]
    return add_chart(scene, name, table, lines, "time (s)", "blood signal, or gadolinium (mmol/L)")


def add_curve_chart(scene: Any, name: str, table: Any, mapped: Mapped) -> list[Any]:
    """Add the chart of a segment's curve and fit; it begins with the first segment that was measured."""
    prefix = curve_prefix(*next(iter(mapped.segment_curves)))
    lines = [
        Line(f"{name} measured", f"{prefix} time", f"{prefix} gd", _CURVE, points=True),
        Line(f"{name} fit", f"{prefix} time", f"{prefix} fit", _FIT),
    ]
    nodes = add_chart(scene, name, table, lines, "time (s)", "gadolinium (mmol/L)")
    nodes[0].SetTitle(f"{name}, segment {prefix}")
    return nodes


def show_segment(chart: Any, curve: Any, fit: Any, segment: int, layer: str = "all") -> None:
    """Let the chart of segment curves show another segment."""
    prefix = curve_prefix(segment, layer)
    set_columns(curve, f"{prefix} time", f"{prefix} gd")
    set_columns(fit, f"{prefix} time", f"{prefix} fit")
    title = chart.GetTitle().rpartition(", segment ")[0] or chart.GetTitle()
    chart.SetTitle(f"{title}, segment {prefix}")
