"""The charts of a result: arterial input against what was measured, and curve, fit and residual of a segment."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from QPerfusionLogic.data.results import Mapped
from QPerfusionLogic.mrml.nodes.plots import ChartLine, add_chart, set_columns, widen_for_legend
from QPerfusionLogic.mrml.nodes.tables import column_names

from .result_tables import curve_prefix


@dataclass(frozen=True)
class CurveLine:
    """A line of a chart of curve and fit: its name, the end of its column's name, colour, points instead of a line."""

    name: str
    column: str
    color: tuple[float, float, float]
    points: bool = False


CURVE_LINES = (
    CurveLine("measured", "gd", (0.15, 0.35, 0.70), points=True),
    CurveLine("fit", "fit", (0.85, 0.45, 0.10)),
    CurveLine("residual", "residual", (0.60, 0.60, 0.60), points=True),
)
"""What is seen of a segment or a pixel."""
_AIF_LINES = (
    ChartLine("measured, scaled", "time_s", "measured_mmol_l", (0.55, 0.55, 0.55), points=True),
    ChartLine("corrected", "time_s", "gd_mmol_l", (0.80, 0.15, 0.15)),
    ChartLine("population", "time_s", "population_mmol_l", (0.30, 0.55, 0.30), dashed=True),
    ChartLine("lower end of the band", "time_s", "lower_mmol_l", (0.95, 0.60, 0.55), dashed=True),
    ChartLine("upper end of the band", "time_s", "upper_mmol_l", (0.95, 0.60, 0.55), dashed=True),
)
"""What is seen of an arterial input; lines whose column the table lacks are left out."""


def add_aif_chart(scene: Any, name: str, table: Any) -> list[Any]:
    """Add the chart of the arterial input: measured, corrected with its band, and a population's."""
    known = column_names(table)
    lines = [dataclasses.replace(line, name=f"{name} {line.name}") for line in _AIF_LINES if line.y_column in known]
    return add_chart(scene, name, table, lines, "time (s)", "gadolinium in blood (mmol/L)")


def add_curve_chart(scene: Any, name: str, table: Any, mapped: Mapped) -> list[Any]:
    """Add the chart of a segment's curve, fit and residual; it begins with the first segment that was measured."""
    prefix = curve_prefix(*next(iter(mapped.segment_curves)))
    lines = [
        ChartLine(f"{name} {line.name}", f"{prefix} time", f"{prefix} {line.column}", line.color, line.points)
        for line in CURVE_LINES
    ]
    nodes = add_chart(scene, name, table, lines, "time (s)", "gadolinium (mmol/L)")
    nodes[0].SetTitle(f"{name}, segment {prefix}")
    return nodes


def show_segment(chart: Any, plots: Sequence[Any], segment: int, layer: str = "all") -> None:
    """Let the chart of segment curves show another segment; `plots` are its plot series, in the order of the lines."""
    prefix = curve_prefix(segment, layer)
    for line, plot in zip(CURVE_LINES, plots, strict=False):
        if plot is not None:
            set_columns(plot, f"{prefix} time", f"{prefix} {line.column}")
    widen_for_legend(chart)
    title = chart.GetTitle().rpartition(", segment ")[0] or chart.GetTitle()
    chart.SetTitle(f"{title}, segment {prefix}")
