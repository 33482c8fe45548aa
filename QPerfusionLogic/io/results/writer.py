"""The output folder of the contract: what a study result looks like on disk."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray, LabelArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.results import (
    ArterialInput,
    Concentration,
    Registered,
    Segmented,
    StateResult,
    StudyResult,
)
from QPerfusionLogic.io.files.nrrd_files import write_labels, write_map, write_sequence
from QPerfusionLogic.io.files.plain_json import write_json

from .aif_method_tables import aif_methods_csv, curves_csv
from .checksums import TIMINGS
from .mapped_files import FILES as MAPPED_FILES
from .mapped_files import write_mapped
from .stage_records import (
    arterial_input_record,
    conversion_record,
    notice_records,
    registration_record,
    segmentation_record,
)
from .superresolved_files import FILES as SUPERRESOLUTION_FILES
from .superresolved_files import write_superresolved

STATE_FILES = (
    *SUPERRESOLUTION_FILES,
    "registered.seq.nrrd",
    "proton_density.seq.nrrd",
    "motion.seq.nrrd",
    "frames.csv",
    "registration.json",
    "labels.nrrd",
    "segments.nrrd",
    "layers.nrrd",
    "aif_region.nrrd",
    "landmarks.json",
    "aif.csv",
    "aif.json",
    "aif_methods.csv",
    "gd.seq.nrrd",
    "saturated.nrrd",
    "conversion.json",
    *MAPPED_FILES,
)
"""Files of one state, in its folder."""
OWNED = (
    *(f"{state}/{name}" for state in ("stress", "rest") for name in STATE_FILES),
    "report.html",
    "segments.csv",
    "verdict.json",
    "aif_methods.csv",
    "study.mrb",
    "mpr.nrrd",
    "dicom/*",
    "inputs.json",
    "checksums.json",
    TIMINGS,
)
"""Files that a run replaces or removes in an earlier output folder."""


def write_result(result: StudyResult, folder: Path) -> None:
    """Write everything the stages made, except report, scene and DICOM objects, into `folder`."""
    for state, state_result in result.states.items():
        place = folder / str(state)
        place.mkdir(parents=True, exist_ok=True)
        write_state(state_result, place)
    if result.mpr_map is not None:
        first = next(iter(result.states.values()))
        write_map(folder / "mpr.nrrd", result.mpr_map, first.acquisition.tissue.geometry, {"unit": "1"})
    if result.aif_method_comparison:
        _write_aif_methods(result, folder)
    write_json(folder / "warnings.json", notice_records(result.notices))
    write_json(folder / "provenance.json", result.provenance)
    about = "wall-clock seconds of each stage; they differ between runs of the same input and settings"
    write_json(folder / TIMINGS, {"about": about, "seconds": result.seconds})


def _write_aif_methods(result: StudyResult, folder: Path) -> None:
    (folder / "aif_methods.csv").write_text(aif_methods_csv(result.aif_method_comparison), encoding="utf-8")
    for state in result.states:
        rows = [row for row in result.aif_method_comparison if row.state == state]
        (folder / str(state) / "aif_methods.csv").write_text(curves_csv(rows), encoding="utf-8")


def write_state(result: StateResult, place: Path) -> None:
    """Write the outputs of one state into its folder; stages that were not run leave no file."""
    geometry = result.acquisition.tissue.geometry
    if result.superresolved is not None:
        write_superresolved(result.superresolved, place)
    if result.registered is not None:
        _write_registered(result.registered, place)
    if result.segmented is not None:
        write_segmented(result.segmented, geometry, place)
    if result.arterial_input is not None:
        _write_arterial_input(result.arterial_input, place)
    if result.concentration is not None:
        _write_concentration(result.concentration, geometry, place)
    if result.mapped is not None:
        write_mapped(result.mapped, geometry, place)


def labels_hash(labels: LabelArray) -> str:
    """Return the hash that shows whether a user edited the labels."""
    return hashlib.sha256(np.ascontiguousarray(labels, dtype=np.uint8).tobytes()).hexdigest()


def _write_registered(registered: Registered, place: Path) -> None:
    series = registered.series
    write_sequence(place / "registered.seq.nrrd", series.signal, series.time_s, series.geometry)
    if series.proton_density is not None:
        frames = np.arange(series.proton_density.shape[0], dtype=float)
        write_sequence(place / "proton_density.seq.nrrd", series.proton_density, frames, series.geometry)
    displacement = np.broadcast_to(registered.displacement_mm, (*series.signal.shape, 2))
    vectors = _in_patient_axes(displacement, series.geometry)
    write_sequence(place / "motion.seq.nrrd", vectors, series.time_s, series.geometry, {"unit": "mm"})
    kept, reason = registered.kept, registered.reason
    rows = [
        (frame, item, f"{series.time_s[frame, item]:.4f}", int(kept[frame, item]), reason[frame][item])
        for frame in range(series.frames)
        for item in range(series.slices)
    ]
    _write_csv(place / "frames.csv", ("frame", "slice", "time_s", "kept", "reason"), rows)
    write_json(place / "registration.json", registration_record(registered))


def _in_patient_axes(displacement: FloatArray, geometry: Geometry) -> FloatArray:
    """Return displacement (..., 2) along rows and columns as LPS vectors (..., 3) in mm."""
    return np.einsum("fsrck,ski->fsrci", displacement, geometry.in_plane_axes).astype(np.float32)


def write_segmented(segmented: Segmented, geometry: Geometry, place: Path) -> None:
    """Write labels, AHA segments and landmarks (pixels and LPS mm)."""
    write_labels(place / "labels.nrrd", segmented.labels, geometry)
    write_labels(place / "segments.nrrd", segmented.segments, geometry)
    write_labels(place / "layers.nrrd", segmented.layers, geometry)
    write_labels(place / "aif_region.nrrd", segmented.aif_region.astype(np.uint8), geometry)
    points = [
        {
            "slice": item,
            "anterior": _landmark(segmented.insertion_points[item, 0], geometry, item),
            "inferior": _landmark(segmented.insertion_points[item, 1], geometry, item),
        }
        for item in range(segmented.labels.shape[0])
    ]
    write_json(
        place / "landmarks.json",
        {
            "convention": "pixel is (row, column); mm is LPS; slices and frames count from 0",
            "rv_insertion_points": points,
            **segmentation_record(segmented),
            "labels_sha256": labels_hash(segmented.labels),
        },
    )


def _landmark(point: FloatArray, geometry: Geometry, item: int) -> dict[str, Any] | None:
    if not np.isfinite(point).all():
        return None
    row, column = (float(value) for value in point)
    return {"pixel": [row, column], "mm": geometry.lps_of(item, row, column)}


def _write_arterial_input(arterial_input: ArterialInput, place: Path) -> None:
    columns = {
        "time_s": arterial_input.time_s,
        "measured": arterial_input.measured,
        "corrected": arterial_input.corrected,
        "gd_mmol_l": arterial_input.gd_mmol_l,
    }
    if arterial_input.lower_mmol_l is not None and arterial_input.upper_mmol_l is not None:
        columns |= {"lower_mmol_l": arterial_input.lower_mmol_l, "upper_mmol_l": arterial_input.upper_mmol_l}
    rows = zip(*([_number(value) for value in column] for column in columns.values()), strict=True)
    _write_csv(place / "aif.csv", tuple(columns), rows)
    write_json(place / "aif.json", arterial_input_record(arterial_input))


def _write_concentration(concentration: Concentration, geometry: Geometry, place: Path) -> None:
    values = concentration.gd_mmol_l.astype(np.float32)
    write_sequence(place / "gd.seq.nrrd", values, concentration.time_s, geometry, {"unit": "mmol/L"})
    write_labels(place / "saturated.nrrd", concentration.saturated.astype(np.uint8), geometry)
    write_json(place / "conversion.json", conversion_record(concentration))


def _number(value: float) -> str:
    return f"{float(value):.6g}" if np.isfinite(value) else ""


def _write_csv(path: Path, header: tuple[str, ...], rows: Iterable[tuple[Any, ...] | Any]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
