"""The tables of a result: arterial input, segment curves, frames, segments and notices."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import vtk

from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import AifMethodComparison, ArterialInput, Mapped, Registered
from QPerfusionLogic.data.series import Quantity, State
from QPerfusionLogic.mrml.nodes.tables import Column, add_table
from QPerfusionLogic.reporting.tables.report import SegmentRow

from .aif_reference_curves import measured_as_gadolinium, population_at

SHOWN_DIGITS = 3
"""Decimals of flow and reserve in the segment table; `segments.csv` has them all."""
_SEGMENT_UNITS = dict.fromkeys(("stress_mbf", "stress_se", "rest_mbf", "rest_se"), "mL/min/g")


def add_aif_table(scene: Any, name: str, arterial_input: ArterialInput, state: State) -> Any:
    """Add the arterial input over time: measured, corrected, gadolinium, its band, and a population's curve."""
    gadolinium = Quantity.GADOLINIUM.value
    columns = [
        Column("time_s", arterial_input.time_s, "s", "time on the clock of the tissue series"),
        Column("measured", arterial_input.measured, "", "blood curve as read from the images"),
        Column("corrected", arterial_input.corrected, "", "blood curve with saturation undone"),
        Column(gadolinium, arterial_input.gd_mmol_l, "mmol/L", "gadolinium in blood"),
        Column(
            "measured_mmol_l",
            measured_as_gadolinium(arterial_input),
            "mmol/L",
            "blood curve as read, scaled to gadolinium where it is low; the rest is saturation",
        ),
    ]
    if arterial_input.lower_mmol_l is not None and arterial_input.upper_mmol_l is not None:
        columns.append(Column("lower_mmol_l", arterial_input.lower_mmol_l, "mmol/L", "lower end of the band"))
        columns.append(Column("upper_mmol_l", arterial_input.upper_mmol_l, "mmol/L", "upper end of the band"))
    population = population_at(arterial_input, state)
    if population is not None:
        columns.append(Column("population_mmol_l", population, "mmol/L", "healthy population, at this arrival"))
    node = add_table(scene, name, columns)
    node.SetAttribute("QPerfusion.AifMode", arterial_input.mode)
    return node


def add_curve_table(scene: Any, name: str, mapped: Mapped) -> Any:
    """Add time, gadolinium, fit and residual of every segment and layer; shorter curves end with NaN."""
    longest = max(len(times) for times in mapped.curve_time_s.values())
    columns = []
    for key, times in mapped.curve_time_s.items():
        prefix = curve_prefix(*key)
        columns.append(Column(f"{prefix} time", _padded(times, longest), "s"))
        columns.append(Column(f"{prefix} gd", _padded(mapped.segment_curves[key], longest), "mmol/L"))
        columns.append(Column(f"{prefix} fit", _padded(mapped.segment_fits[key], longest), "mmol/L"))
        residual = mapped.segment_curves[key] - mapped.segment_fits[key]
        columns.append(Column(f"{prefix} residual", _padded(residual, longest), "mmol/L", "measured less fit"))
    return add_table(scene, name, columns)


def curve_prefix(segment: int, layer: str) -> str:
    """Return how the columns of a segment's curves begin.

    Examples
    --------
    >>> curve_prefix(7, "all"), curve_prefix(7, "endo")
    ('7', '7 endo')
    """
    return str(segment) if layer == "all" else f"{segment} {layer}"


def add_frame_table(scene: Any, name: str, registered: Registered) -> Any:
    """Add when every slice of every frame was taken, whether it was kept and why not."""
    frames, slices = registered.kept.shape
    reasons = [registered.reason[frame][item] for frame in range(frames) for item in range(slices)]
    source = registered.series.source.time_source or "not recorded"
    return add_table(
        scene,
        name,
        [
            Column("frame", np.repeat(np.arange(frames), slices)),
            Column("slice", np.tile(np.arange(slices), frames)),
            Column("time_s", registered.series.time_s.ravel(), "s", f"time source: {source}"),
            Column("kept", registered.kept.ravel()),
            Column("reason", reasons),
        ],
    )


def add_segment_table(scene: Any, name: str, rows: tuple[SegmentRow, ...]) -> Any:
    """Add the segment table of the report, with units, rounded to what is read."""
    columns = []
    for item in dataclasses.fields(rows[0]):
        values = [getattr(row, item.name) for row in rows]
        if item.name == "flags":
            values = [" ".join(value) for value in values]
        elif isinstance(values[0], float):
            values = np.round(values, SHOWN_DIGITS).tolist()
        columns.append(Column(item.name, values, _SEGMENT_UNITS.get(item.name, "")))
    return add_table(scene, name, columns)


def add_constants_table(scene: Any, name: str, constants: dict[str, dict[str, str]]) -> Any:
    """Add every constant that was used: state -> name -> value with unit and source."""
    rows = [(state, key, str(value)) for state, found in constants.items() for key, value in found.items()]
    columns = zip(("state", "constant", "value"), zip(*rows, strict=True), strict=True)
    return add_table(scene, name, [Column(title, values) for title, values in columns])


def add_aif_method_table(scene: Any, name: str, methods: tuple[AifMethodComparison, ...]) -> Any:
    """Add every AIF method: the flow that it gives, which was used, why a method was refused."""
    return add_table(
        scene,
        name,
        [
            Column("state", [str(item.state) for item in methods]),
            Column("method", [item.method for item in methods]),
            Column("used", [item.used for item in methods]),
            Column("mean_mbf", [item.mean_mbf for item in methods], "mL/min/g"),
            Column("refused", [item.refused for item in methods]),
        ],
    )


def add_notice_table(scene: Any, name: str, notices: tuple[Notice, ...]) -> Any:
    """Add what the reader of the result has to know, and what to do."""
    names = ("severity", "code", "state", "stage", "message", "action")
    columns = [Column(item, [str(getattr(notice, item)) for notice in notices]) for item in names]
    return add_table(scene, name, columns)


def _padded(values: Any, length: int) -> Any:
    return np.concatenate([values, np.full(length - len(values), np.nan)])


def toggle_frame(table: Any, row: int) -> None:
    """Exclude the frame of one row of a frame table by hand, or keep it again."""
    set_kept(table, row, table.GetTable().GetValueByName(row, "kept").ToDouble() == 0.0)


def set_kept(table: Any, row: int, keep: bool) -> None:
    """Keep or exclude the frame of one row of a frame table by hand."""
    table.GetTable().SetValueByName(row, "kept", vtk.vtkVariant(1.0 if keep else 0.0))
    table.GetTable().SetValueByName(row, "reason", vtk.vtkVariant("" if keep else "excluded by hand"))
    table.GetTable().Modified()
    table.Modified()
