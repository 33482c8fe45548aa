"""Curves of a result as plot series and charts that read the tables of the scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import slicer


@dataclass(frozen=True)
class Line:
    """A curve of a chart: its name, the columns of its table, its colour (0 to 1), points instead of a line, dashed."""

    name: str
    x_column: str
    y_column: str
    color: tuple[float, float, float]
    points: bool = False
    dashed: bool = False


def add_chart(scene: Any, name: str, table: Any, lines: Sequence[Line], x_title: str, y_title: str) -> list[Any]:
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
    return nodes


def set_columns(series: Any, x_column: str, y_column: str) -> None:
    """Let a plot series show other columns of its table."""
    series.SetXColumnName(x_column)
    series.SetYColumnName(y_column)


def _style(series: Any, line: Line) -> None:
    kind = slicer.vtkMRMLPlotSeriesNode
    drawn = kind.LineStyleDash if line.dashed else kind.LineStyleSolid
    series.SetMarkerStyle(kind.MarkerStyleCircle if line.points else kind.MarkerStyleNone)
    series.SetLineStyle(kind.LineStyleNone if line.points else drawn)
    series.SetMarkerSize(6)
    series.SetLineWidth(2)
