"""Off-screen pictures of charts, drawn from the chart nodes with VTK's charts, as Slicer's plot views draw them."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support


def chart_picture(node: Any, size: tuple[int, int] = (480, 400)) -> np.ndarray:
    """Return (rows, columns, 3) pixels of a vtkMRMLPlotChartNode."""
    chart = vtk.vtkChartXY()
    chart.SetTitle(node.GetTitle())
    chart.GetTitleProperties().SetFontSize(node.GetTitleFontSize())
    for axis, title in ((vtk.vtkAxis.BOTTOM, node.GetXAxisTitle()), (vtk.vtkAxis.LEFT, node.GetYAxisTitle())):
        chart.GetAxis(axis).SetTitle(title)
        chart.GetAxis(axis).GetTitleProperties().SetFontSize(node.GetAxisTitleFontSize())
        chart.GetAxis(axis).GetLabelProperties().SetFontSize(node.GetAxisLabelFontSize())
    chart.SetShowLegend(bool(node.GetLegendVisibility()))
    chart.GetLegend().GetLabelProperties().SetFontSize(node.GetLegendFontSize())
    if not node.GetYAxisRangeAuto():
        chart.GetAxis(vtk.vtkAxis.LEFT).SetBehavior(vtk.vtkAxis.FIXED)
        chart.GetAxis(vtk.vtkAxis.LEFT).SetUnscaledRange(node.GetYAxisRange())
    # The chart holds no tables: they have to live as long as it is drawn.
    tables = [_add_plot(chart, node.GetNthPlotSeriesNode(index)) for index in range(node.GetNumberOfPlotSeriesNodes())]
    actor = vtk.vtkContextActor()
    actor.GetScene().AddItem(chart)
    renderer = vtk.vtkRenderer()
    renderer.SetBackground(1.0, 1.0, 1.0)
    renderer.AddActor(actor)
    actor.GetScene().SetRenderer(renderer)
    window = vtk.vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetSize(*size)
    window.AddRenderer(renderer)
    window.Render()
    pixels = _grabbed(window)
    window.Finalize()
    del tables
    return pixels


def _add_plot(chart: Any, series: Any) -> Any:
    kind = slicer.vtkMRMLPlotSeriesNode
    points = series.GetLineStyle() == kind.LineStyleNone
    source = series.GetTableNode().GetTable()
    table = vtk.vtkTable()
    for name, column in (("x", series.GetXColumnName()), ("y", series.GetYColumnName())):
        array = vtk.vtkDoubleArray()
        array.SetName(name)
        found = source.GetColumnByName(column)
        for row in range(found.GetNumberOfTuples()):
            array.InsertNextValue(found.GetValue(row))
        table.AddColumn(array)
    plot = chart.AddPlot(vtk.vtkChart.POINTS if points else vtk.vtkChart.LINE)
    plot.SetInputData(table, 0, 1)
    plot.SetLabel(series.GetName())
    color = series.GetColor()
    plot.SetColor(*(int(255 * channel) for channel in color), 255)
    plot.SetWidth(1.5 if points else 2.0)
    if points:
        plot.SetMarkerStyle(vtk.vtkPlotPoints.CIRCLE)
        plot.SetMarkerSize(5)
    elif series.GetLineStyle() == kind.LineStyleDash:
        plot.GetPen().SetLineType(vtk.vtkPen.DASH_LINE)
    return table


def _grabbed(window: Any) -> np.ndarray:
    grabbed = vtk.vtkWindowToImageFilter()
    grabbed.SetInput(window)
    grabbed.SetInputBufferTypeToRGB()
    grabbed.ReadFrontBufferOff()
    grabbed.Update()
    width, height, _ = grabbed.GetOutput().GetDimensions()
    scalars = numpy_support.vtk_to_numpy(grabbed.GetOutput().GetPointData().GetScalars())
    return scalars.reshape(height, width, 3)[::-1].copy()
