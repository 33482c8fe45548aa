"""The pixel of a study under a point of the patient: its curve, its map values, and a chart that shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.data.heart_prior import HeartPrior
from QPerfusionLogic.data.series import State
from QPerfusionLogic.io.results.mapped_files import mapped_fields
from QPerfusionLogic.mrml.nodes.hierarchy import put_into
from QPerfusionLogic.mrml.nodes.marks import mark, read_note
from QPerfusionLogic.mrml.nodes.plots import ChartLine, add_chart, widen_for_legend
from QPerfusionLogic.mrml.nodes.sequences import times_of
from QPerfusionLogic.mrml.nodes.study_folders import study_folder
from QPerfusionLogic.mrml.nodes.tables import Column, add_table, column_values
from QPerfusionLogic.mrml.nodes.volumes import geometry_of_volume, stored_image, stored_slice
from QPerfusionLogic.mrml.study.filling import SceneStudy
from QPerfusionLogic.mrml.study.result_charts import CURVE_LINES
from QPerfusionLogic.pipeline.pixel_request import PixelFit, PixelRequest
from QPerfusionLogic.settings.schema import KineticsSettings

NEIGHBOURS = 2
"""Pixels on each side of the picked one that are fitted with it."""
NEAR_SLICES = 0.75
"""A point belongs to a slice when it lies within this share of its thickness from it."""


@dataclass(frozen=True)
class Pixel:
    """A pixel of one state of a study."""

    state: State
    slice_index: int
    row: int
    column: int


def pixel_at(study: SceneStudy, state: State, ras: tuple[float, float, float]) -> Pixel | None:
    """Return the pixel at a point (RAS millimetres), None outside the images."""
    node = study.node("map:mbf", state) or study.node("gadolinium", state)
    volume = node.GetNthDataNode(0) if node is not None and node.IsA("vtkMRMLSequenceNode") else node
    if volume is None or volume.GetImageData() is None:
        return None
    geometry = geometry_of_volume(node)
    columns, rows, slices = volume.GetImageData().GetDimensions()
    lps = np.array([-ras[0], -ras[1], ras[2]])
    index, _ = geometry.nearest_slice(lps)
    *place, off_plane = geometry.in_slice(index, lps)
    row, column = (int(value) for value in np.rint(place))
    if index >= slices or abs(off_plane) > NEAR_SLICES or not (0 <= row < rows and 0 <= column < columns):
        return None
    return Pixel(state, index, row, column)


def segment_at(study: SceneStudy, pixel: Pixel) -> int:
    """Return the AHA segment of a pixel, 0 outside the segments."""
    return int(_value(study.node("segments", pixel.state), pixel) or 0)


def map_values(study: SceneStudy, pixel: Pixel) -> dict[str, float]:
    """Return the value of every map at a pixel."""
    return {
        role.removeprefix("map:"): _value(node, pixel)
        for (state, role), node in study.nodes.items()
        if state == str(pixel.state) and role.startswith("map:")
    }


def curve_at(study: SceneStudy, pixel: Pixel) -> tuple[FloatArray, FloatArray]:
    """Return times in s and gadolinium in mmol/L (frames,) of a pixel; empty when there is no gadolinium series."""
    sequence = study.node("gadolinium", pixel.state)
    if sequence is None:
        return np.empty(0), np.empty(0)
    curve = _curves(sequence, pixel.slice_index, np.array([pixel.row]), np.array([pixel.column]))[0]
    return _times(sequence, pixel.slice_index), curve


def request_around(study: SceneStudy, pixel: Pixel, settings: KineticsSettings) -> PixelRequest | None:
    """Return the request to fit a pixel and its neighbours; None when something is missing.

    A block costs little more than one pixel, and more would be too much: the compiled fit lets no other thread run.
    """
    sequence, aif = study.node("gadolinium", pixel.state), study.node("table:aif", pixel.state)
    if sequence is None or aif is None:
        return None
    width, height, _ = sequence.GetNthDataNode(0).GetImageData().GetDimensions()
    around = range(-NEIGHBOURS, NEIGHBOURS + 1)
    block = [(pixel.row + down, pixel.column + right) for down in around for right in around]
    pixels = tuple((row, column) for row, column in block if 0 <= row < height and 0 <= column < width)
    rows, columns = np.array(pixels).T
    time_s = _times(sequence, pixel.slice_index)
    blood = study.node("map:blood_share", pixel.state)
    places = [Pixel(pixel.state, pixel.slice_index, row, column) for row, column in pixels]
    return PixelRequest(
        pixels,
        _curves(sequence, pixel.slice_index, rows, columns),
        time_s,
        _kept(study.node("table:frames", pixel.state), pixel.slice_index, len(time_s)),
        np.array(column_values(aif, "time_s")),
        np.array(column_values(aif, "gd_mmol_l")),
        settings,
        _heart_prior(study, pixel.state),
        np.array([np.isfinite(_value(blood, place)) for place in places]),
    )


def show_curve(scene: Any, study: SceneStudy, pixel: Pixel, fit: PixelFit | None) -> Any:
    """Show curve, fit and residual of a pixel and return the chart; None when the study has no gadolinium series."""
    time_s, curve = curve_at(study, pixel)
    if time_s.size == 0:
        return None
    predicted = np.full(time_s.shape, np.nan) if fit is None or fit.error else fit.predicted
    table, chart = _pixel_chart(scene, study, pixel.state, len(time_s))
    for name, values in zip(_COLUMNS, (time_s, curve, predicted, curve - predicted), strict=True):
        array = table.GetTable().GetColumnByName(name)
        for index, value in enumerate(values):
            array.SetValue(index, float(value))
        array.Modified()
    table.GetTable().Modified()
    widen_for_legend(chart)
    chart.SetTitle(
        f"{str(pixel.state).capitalize()} pixel: slice {pixel.slice_index + 1}, row {pixel.row}, column {pixel.column}"
    )
    return chart


_COLUMNS = ("time_s", "gd", "fit", "residual")


def _pixel_chart(scene: Any, study: SceneStudy, state: State, frames: int) -> tuple[Any, Any]:
    """Return table and chart of the picked pixel, made when they are first needed or the series has other frames."""
    table, chart = study.node("table:pixel", state), study.node("chart:pixel", state)
    if table is not None and chart is not None and table.GetNumberOfRows() == frames:
        return table, chart
    for role in ("table:pixel", "chart:pixel", *(f"plot:pixel:{index}" for index in range(len(CURVE_LINES)))):
        if study.node(role, state) is not None:
            scene.RemoveNode(study.nodes.pop((str(state), role)))
    name = f"{str(state).capitalize()} pixel"
    units = ("s", "mmol/L", "mmol/L", "mmol/L")
    empty = np.full(frames, np.nan)
    table = add_table(scene, name, [Column(*item) for item in zip(_COLUMNS, [empty] * 4, units, strict=True)])
    lines = [ChartLine(f"{name} {line.name}", "time_s", line.column, line.color, line.points) for line in CURVE_LINES]
    nodes = add_chart(scene, name, table, lines, "time (s)", "gadolinium (mmol/L)")
    roles = ("table:pixel", "chart:pixel", *(f"plot:pixel:{index}" for index in range(len(lines))))
    for role, node in zip(roles, (table, *nodes), strict=True):
        mark(node, role, state, study.name)
        study.nodes[str(state), role] = node
        put_into(scene, study_folder(scene, study.name) or study.folder, node)
    return table, nodes[0]


def _heart_prior(study: SceneStudy, state: State) -> HeartPrior | None:
    """Return what the pixels of a state were held near when its maps were made."""
    table = study.node("table:curves", state)
    about = read_note(table, "Mapped") if table is not None else None
    prior: HeartPrior | None = None if about is None else mapped_fields(about)["heart_prior"]
    return prior


def _value(node: Any, pixel: Pixel) -> float:
    if node is None or node.GetImageData() is None:
        return float("nan")
    image = stored_image(node)
    return float(image[stored_slice(node, pixel.slice_index, len(image)), pixel.row, pixel.column])


def _curves(sequence: Any, slice_index: int, rows: Any, columns: Any) -> FloatArray:
    """Return (n, frames) values of some pixels of a slice, without a copy of the images."""
    curves = []
    for index in range(sequence.GetNumberOfDataNodes()):
        image = stored_image(sequence.GetNthDataNode(index))
        curves.append(image[stored_slice(sequence, slice_index, len(image)), rows, columns])
    return np.array(curves, dtype=float).T


def _times(sequence: Any, slice_index: int) -> FloatArray:
    slices = sequence.GetNthDataNode(0).GetImageData().GetDimensions()[2]
    return np.asarray(times_of(sequence, slices)[:, slice_index])


def _kept(table: Any, slice_index: int, frames: int) -> BoolArray:
    if table is None or table.GetNumberOfRows() % frames:
        return np.ones(frames, dtype=bool)
    kept = np.array(column_values(table, "kept")).astype(bool)
    return np.asarray(kept.reshape(frames, -1)[:, slice_index])
