"""Curves of a result as plot series and charts that read the tables of the scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer

from QPerfusionLogic.data.arrays import FloatArray

LEGEND_LINE = 0.1
"""Height of one line of a legend in heights of the curves, in a chart of the result layout."""
_TITLE_SIZE, _AXIS_TITLE_SIZE, _SMALL_SIZE = 10, 12, 10
"""Sizes of the title, of the titles of the axes, and of legend and numbers; a chart stands beside three polar maps."""


@dataclass(frozen=True)
class ChartLine:
    """A curve of a chart: its name, the columns of its table, its colour (0 to 1), points instead of a line, dashed."""

    name: str
    x_column: str
    y_column: str
    color: tuple[float, float, float]
    points: bool = False
    dashed: bool = False


def add_chart(scene: Any, name: str, table: Any, lines: Sequence[ChartLine], x_title: str, y_title: str) -> list[Any]:
    """Add a chart of some columns of a table.

    Returns
    -------
    list
        The vtkMRMLPlotChartNode, then one vtkMRMLPlotSeriesNode per line.
    """
    chart = scene.AddNewNodeByClass("vtkMRMLPlotChartNode", scene.GenerateUniqueName(name))
    chart.SetTitle(name)
    chart.SetXAxisTitle(x_title)
    chart.SetYAxisTitle(y_title)
    chart.SetLegendVisibility(True)
    nodes = [chart]
    for line in lines:
        series = scene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", scene.GenerateUniqueName(line.name))
        series.SetAndObserveTableNodeID(table.GetID())
        set_columns(series, line.x_column, line.y_column)
        series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
        series.SetColor(*line.color)
        _style(series, line)
        chart.AddAndObservePlotSeriesNodeID(series.GetID())
        nodes.append(series)
    widen_for_legend(chart)
    return nodes


def set_text_sizes(chart: Any) -> None:
    """Let title and legend of a chart fit into a view as narrow as that of the result layout."""
    chart.SetTitleFontSize(_TITLE_SIZE)
    chart.SetAxisTitleFontSize(_AXIS_TITLE_SIZE)
    chart.SetAxisLabelFontSize(_SMALL_SIZE)
    chart.SetLegendFontSize(_SMALL_SIZE)


def widen_for_legend(chart: Any) -> None:
    """Let the axis of values end so far above them that the legend, which is at the top, covers none.

    The texts are made small enough for the view too, which those of earlier versions were not.
    """
    set_text_sizes(chart)
    shown = [chart.GetNthPlotSeriesNode(index) for index in range(chart.GetNumberOfPlotSeriesNodes())]
    values = np.concatenate([_values_of(series) for series in shown]) if shown else np.empty(0)
    chart.SetYAxisRangeAuto(values.size == 0)
    if values.size:
        low, high = float(values.min()), float(values.max())
        extent = max(high - low, 1e-6)
        chart.SetYAxisRange(low - 0.05 * extent, high + (0.1 + LEGEND_LINE * len(shown)) * extent)


def _values_of(series: Any) -> FloatArray:
    """Return the numbers of a plot series that are drawn."""
    table = series.GetTableNode().GetTable() if series.GetTableNode() is not None else None
    column = table.GetColumnByName(series.GetYColumnName() or "") if table is not None else None
    if column is None:
        return np.empty(0)
    values = np.array([column.GetValue(row) for row in range(column.GetNumberOfTuples())], dtype=float)
    return values[np.isfinite(values)]


def set_columns(series: Any, x_column: str, y_column: str) -> None:
    """Let a plot series show other columns of its table."""
    series.SetXColumnName(x_column)
    series.SetYColumnName(y_column)


def _style(series: Any, line: ChartLine) -> None:
    kind = slicer.vtkMRMLPlotSeriesNode
    drawn = kind.LineStyleDash if line.dashed else kind.LineStyleSolid
    series.SetMarkerStyle(kind.MarkerStyleCircle if line.points else kind.MarkerStyleNone)
    series.SetLineStyle(kind.LineStyleNone if line.points else drawn)
    series.SetMarkerSize(6)
    series.SetLineWidth(2)
