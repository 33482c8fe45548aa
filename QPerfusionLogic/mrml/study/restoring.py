"""A result read back from its nodes, stage by stage, and what the user has edited in it since it was filled in."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.results import ArterialInput, Concentration, Mapped, Registered, Segmented, StateResult
from QPerfusionLogic.data.series import PerfusionSeries, SeriesKind, State
from QPerfusionLogic.data.study import Acquisition, LabelMap
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.results.mapped_files import mapped_fields
from QPerfusionLogic.io.results.stage_records import (
    arterial_input_fields,
    conversion_fields,
    notices_of,
    registration_fields,
    segmentation_fields,
)
from QPerfusionLogic.mrml.nodes.landmarks import insertion_points_of
from QPerfusionLogic.mrml.nodes.marks import read_note
from QPerfusionLogic.mrml.nodes.segmentations import aif_region_of, labels_of
from QPerfusionLogic.mrml.nodes.sequences import frames_of, series_of_sequence
from QPerfusionLogic.mrml.nodes.tables import column_names, column_values
from QPerfusionLogic.mrml.nodes.volumes import image_of
from QPerfusionLogic.pipeline.job import Edits

from .filling import SceneStudy
from .result_tables import curve_prefix
from .stage_metadata import flags_edited, numbers_edited

_PIXELS, _SECONDS, _MMOL_L = 0.01, 0.002, 1e-3
"""Changes below these are rounding, not edits."""


def restored(found: SceneStudy, state: State, acquisition: Acquisition) -> tuple[StateResult, Edits]:
    """Return what a study of the scene holds of one state, and what was edited in it.

    Frame times are those of the frame table. Outputs of stages whose nodes are not there are None.
    """
    registered, edits = _registered(found, state)
    result = StateResult(state, acquisition)
    if registered is None:
        return result, edits
    if edits.time_s is not None and acquisition.tissue.time_s.shape == edits.time_s.shape:
        tissue = dataclasses.replace(acquisition.tissue, time_s=edits.time_s)
        result = dataclasses.replace(result, acquisition=dataclasses.replace(acquisition, tissue=tissue))
    segmented, edits = _segmented(found, state, registered.series, edits)
    if segmented is not None and read_note(found.node("segmentation", state), "MaskGiven"):
        mask = LabelMap(segmented.labels, registered.series.geometry, "given")
        result = dataclasses.replace(result, acquisition=dataclasses.replace(result.acquisition, mask=mask))
    arterial_input, edits = _arterial_input(found, state, edits)
    result = dataclasses.replace(
        result,
        registered=registered,
        segmented=segmented,
        arterial_input=arterial_input,
        concentration=_concentration(found, state, registered.series),
        mapped=_mapped(found, state),
    )
    return result, edits


def _registered(found: SceneStudy, state: State) -> tuple[Registered | None, Edits]:
    sequence, table = found.node("registered", state), found.node("table:frames", state)
    if sequence is None or table is None:
        return None, Edits()
    series = series_of_sequence(sequence, SeriesKind.TISSUE, state)
    kept, reason, time_s = _frames(table, series)
    edits = Edits(
        kept=kept if flags_edited(table, kept, "kept") else None,
        time_s=time_s if numbers_edited(table, time_s, "time_s", _SECONDS) else None,
    )
    displacement = read_note(sequence, "DisplacementMm")
    shape = (series.frames, series.slices, 1, 1, 2)
    about = read_note(sequence, "Registered") or _of_version_0_1(sequence, series.slices)
    registered = Registered(
        series if edits.time_s is None else dataclasses.replace(series, time_s=time_s),
        np.array(displacement, dtype=np.float32) if displacement is not None else np.zeros(shape, np.float32),
        kept,
        reason,
        notices=notices_of(about["notices"]),
        **registration_fields(about),
    )
    return registered, edits


def _of_version_0_1(sequence: Any, slices: int) -> dict[str, Any]:
    """Return the record of a registration from a scene of version 0.1, which has a note for each part of it."""
    return {
        "heart_centre": read_note(sequence, "HeartCentre") or np.full((slices, 2), np.nan).tolist(),
        "quality": read_note(sequence, "Quality") or {},
        "notices": read_note(sequence, "Notices"),
    }


def _frames(table: Any, series: PerfusionSeries) -> tuple[Any, tuple[tuple[str, ...], ...], FloatArray]:
    shape = (series.frames, series.slices)
    kept = np.array(column_values(table, "kept")).astype(bool)
    if kept.size != series.frames * series.slices:
        raise InputError(f"{kept.size} rows in {table.GetName()}", expected=f"{series.frames * series.slices}")
    reasons = np.array(column_values(table, "reason"), dtype=object).reshape(shape)
    time_s = np.array(column_values(table, "time_s"), dtype=float).reshape(shape)
    return kept.reshape(shape), tuple(tuple(str(cell) for cell in row) for row in reasons), time_s


def _segmented(
    found: SceneStudy, state: State, series: PerfusionSeries, edits: Edits
) -> tuple[Segmented | None, Edits]:
    node, points_node = found.node("segmentation", state), found.node("insertion_points", state)
    segments, layers = found.node("segments", state), found.node("layers", state)
    if node is None:
        return None, edits
    about = read_note(node, "Segmented")
    labels = labels_of(node, series.geometry, series.image_shape)
    points = np.full((series.slices, 2, 2), np.nan)
    if points_node is not None:
        points = insertion_points_of(points_node, series.geometry)
    if about is None or segments is None or layers is None:
        # A scene of an older version: its labels and points are all there is.
        labels = dataclasses.replace(labels, source=node.GetAttribute("QPerfusion.Source") or "edited")
        return None, dataclasses.replace(edits, labels=labels, insertion_points=points)
    region = aif_region_of(node, series.geometry, series.image_shape)
    if flags_edited(node, labels.labels, "labels"):
        edits = dataclasses.replace(edits, labels=LabelMap(labels.labels, series.geometry, "edited"))
    if numbers_edited(points_node, points, "points", _PIXELS):
        edits = dataclasses.replace(edits, insertion_points=points)
    if region is not None and flags_edited(node, region, "aif_region"):
        edits = dataclasses.replace(edits, aif_region=region)
    segmented = Segmented(
        labels=labels.labels,
        segments=image_of(segments).astype(np.uint8),
        layers=image_of(layers).astype(np.uint8),
        aif_region=region if region is not None else np.zeros(series.image_shape, dtype=bool),
        insertion_points=points,
        notices=notices_of(about["notices"]),
        **segmentation_fields(about),
    )
    return segmented, edits


def _arterial_input(found: SceneStudy, state: State, edits: Edits) -> tuple[ArterialInput | None, Edits]:
    table = found.node("table:aif", state)
    about = read_note(table, "ArterialInput") if table is not None else None
    if table is None or about is None:
        return None, edits
    names = column_names(table)
    columns = {name: np.array(column_values(table, name), dtype=float) for name in names}
    curve = columns["gd_mmol_l"]
    if numbers_edited(table, curve, "gd_mmol_l", _MMOL_L):
        edits = dataclasses.replace(edits, arterial_mmol_l=curve)
    arterial_input = ArterialInput(
        time_s=columns["time_s"],
        measured=columns["measured"],
        corrected=columns["corrected"],
        gd_mmol_l=curve,
        lower_mmol_l=columns.get("lower_mmol_l"),
        upper_mmol_l=columns.get("upper_mmol_l"),
        notices=notices_of(about["notices"]),
        **arterial_input_fields(about),
    )
    return arterial_input, edits


def _concentration(found: SceneStudy, state: State, series: PerfusionSeries) -> Concentration | None:
    sequence, saturated = found.node("gadolinium", state), found.node("saturated", state)
    about = read_note(sequence, "Concentration") if sequence is not None else None
    if sequence is None or about is None or saturated is None:
        return None
    return Concentration(
        frames_of(sequence),
        series.time_s,
        image_of(saturated).astype(bool),
        notices=notices_of(about["notices"]),
        **conversion_fields(about),
    )


def _mapped(found: SceneStudy, state: State) -> Mapped | None:
    table = found.node("table:curves", state)
    about = read_note(table, "Mapped") if table is not None else None
    maps = {
        role.removeprefix("map:"): image_of(node)
        for (of, role), node in found.nodes.items()
        if of == str(state) and role.startswith("map:")
    }
    if table is None or about is None or "mbf" not in maps:
        return None
    fields = mapped_fields(about)
    curves: dict[str, dict[tuple[int, str], FloatArray]] = {"time": {}, "gd": {}, "fit": {}}
    names = set(column_names(table))
    for flow in fields["segments"]:
        prefix = curve_prefix(flow.segment, flow.layer)
        if f"{prefix} time" not in names:
            continue
        times = np.array(column_values(table, f"{prefix} time"), dtype=float)
        for name, found_curves in curves.items():
            values = np.array(column_values(table, f"{prefix} {name}"), dtype=float)
            found_curves[flow.segment, flow.layer] = values[np.isfinite(times)]
    return Mapped(
        maps=maps,
        curve_time_s=curves["time"],
        segment_curves=curves["gd"],
        segment_fits=curves["fit"],
        notices=notices_of(about["notices"]),
        **fields,
    )
