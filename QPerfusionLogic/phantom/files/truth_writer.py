"""Writes the truth of a digital patient beside its images: NRRD maps, CSV tables, JSON parameters."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.aha_model import LAYERS, TERRITORY_OF
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.series import State
from QPerfusionLogic.phantom.simulation.simulated import SimulatedStudy, StateTruth

SEGMENT_COLUMNS = (
    *("segment", "territory", "layer", "stress_mbf", "stress_se", "rest_mbf", "rest_se", "mpr", "mpr_se"),
    *("n_pixels", "flags"),
)


def write_truth(simulated: SimulatedStudy, folder: Path) -> None:
    """Write maps, labels and motion of each state, segments.csv, aif_STATE.csv and patient.json into `folder`."""
    folder = Path(folder)
    for state, truth in simulated.truth.items():
        target = folder / str(state)
        target.mkdir(parents=True, exist_ok=True)
        geometry = simulated.study.acquisition(state).tissue.geometry
        for name, values in {
            **truth.maps,
            "labels": truth.labels,
            "segments": truth.segments,
            "layers": truth.layers,
        }.items():
            _write_nrrd(target / f"{name}.nrrd", values, geometry)
        _write_rows(
            folder / f"aif_{state}.csv", ("time_s", "gd_mmol_l"), zip(truth.aif_time_s, truth.aif_mmol_l, strict=True)
        )
        _write_motion(target / "displacement.csv", truth)
        (target / "landmarks.json").write_text(json.dumps(_landmarks(truth, geometry), indent=1), encoding="utf-8")
    _write_rows(folder / "segments.csv", SEGMENT_COLUMNS, true_segment_rows(simulated.truth))
    content = {"seed": simulated.seed, "parameters": simulated.parameters}
    (folder / "patient.json").write_text(json.dumps(content, indent=1), encoding="utf-8")


def true_segment_rows(truth: dict[State, StateTruth]) -> list[list[Any]]:
    """Return the true MBF of every AHA segment and half, in the columns of the product's segments.csv."""
    rows: list[list[Any]] = []
    for segment in range(1, 17):
        for layer, values in LAYERS.items():
            flow = {state: _segment_mean(entry, segment, values) for state, entry in truth.items()}
            stress, rest = flow.get(State.STRESS, (np.nan, 0)), flow.get(State.REST, (np.nan, 0))
            pixels = max(stress[1], rest[1])
            if pixels == 0:
                continue
            ratio = stress[0] / rest[0]
            numbers = [_number(stress[0]), "", _number(rest[0]), "", _number(ratio), ""]
            rows.append([segment, TERRITORY_OF[segment], layer, *numbers, pixels, ""])
    return rows


def _segment_mean(truth: StateTruth, segment: int, layers: tuple[int, ...]) -> tuple[float, int]:
    inside = (truth.segments == segment) & np.isin(truth.layers, layers)
    return (float(np.nanmean(truth.maps["mbf"][inside])) if inside.any() else np.nan), int(inside.sum())


def _number(value: float) -> str:
    return "" if not np.isfinite(value) else f"{value:.6g}"


def _write_nrrd(path: Path, values: NDArray[Any], geometry: Geometry) -> None:
    import nrrd

    matrix = geometry.stack_to_lps
    if geometry.slices == 1:
        matrix = np.array(geometry.index_to_lps[0])
    header = {
        "space": "left-posterior-superior",
        "space directions": matrix[:3, :3].T,
        "space origin": matrix[:3, 3],
        "kinds": ["domain"] * 3,
    }
    nrrd.write(str(path), np.ascontiguousarray(values.transpose(2, 1, 0)), header, index_order="F")


def _write_motion(path: Path, truth: StateTruth) -> None:
    rows = []
    for (frame, index), time_s in np.ndenumerate(truth.time_s):
        along_rows, along_columns = truth.displacement_mm[frame, index]
        rows.append(
            [frame, index, f"{time_s:.4f}", f"{along_rows:.4f}", f"{along_columns:.4f}", int(truth.bad[frame, index])]
        )
    _write_rows(path, ("frame", "slice", "time_s", "row_mm", "column_mm", "bad"), rows)


def _landmarks(truth: StateTruth, geometry: Geometry) -> list[dict[str, Any]]:
    entries = []
    for index, points in enumerate(truth.insertion_points):
        entry: dict[str, Any] = {"slice": index}
        for name, (row, column) in zip(("anterior", "inferior"), points, strict=True):
            position = geometry.lps_of(index, row, column)
            entry[name] = {"row_column": [float(row), float(column)], "lps_mm": [float(v) for v in position]}
        entries.append(entry)
    return entries


def _write_rows(path: Path, columns: tuple[str, ...], rows: Any) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([f"{value:.6g}" if isinstance(value, float) else value for value in row])
