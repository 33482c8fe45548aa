"""Kinetic results of one state in the output folder: maps, curves with their fits, flow of every segment."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.heart_prior import HeartPrior
from QPerfusionLogic.data.results import Mapped, SegmentFlow
from QPerfusionLogic.data.slice_stacks import on_grid
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.nrrd_files import read_map, write_map
from QPerfusionLogic.io.files.plain_json import read_plain, write_json
from QPerfusionLogic.settings.old_names import present_choice

Curves = dict[tuple[int, str], FloatArray]
FILES = ("maps/*.nrrd", "curves.csv", "kinetics.json")
"""Files of one state that this module writes."""
COLUMNS = ("segment", "layer", "time_s", "gd_mmol_l", "fit_mmol_l")


def write_mapped(mapped: Mapped, geometry: Geometry, place: Path) -> None:
    """Write maps, curves and segment flows into the folder of a state."""
    (place / "maps").mkdir(exist_ok=True)
    for name, values in mapped.maps.items():
        write_map(place / "maps" / f"{name}.nrrd", values.astype(np.float32), geometry, {"unit": unit_of(name)})
    with (place / "curves.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for (segment, layer), times in mapped.curve_time_s.items():
            curves = (times, mapped.segment_curves[segment, layer], mapped.segment_fits[segment, layer])
            writer.writerows((segment, layer, *map(_number, row)) for row in zip(*curves, strict=True))
    write_json(place / "kinetics.json", mapped_record(mapped))


def read_mapped(place: Path, geometry: Geometry, shape: tuple[int, int, int]) -> Mapped | None:
    """Return what `write_mapped` wrote, on the grid (slices, rows, columns) of the series; None where it wrote nothing.

    Folders of version 0.1 hold maps and curves only.

    Raises
    ------
    InputError
        When a file is damaged.
    """
    if not (place / "maps" / "mbf.nrrd").exists():
        return None
    maps = {}
    for path in sorted((place / "maps").glob("*.nrrd")):
        values, its_geometry = read_map(path)
        maps[path.stem] = np.asarray(on_grid(values, its_geometry, geometry, shape))
    record = read_plain(place / "kinetics.json") if (place / "kinetics.json").exists() else {}
    times, curves, fits = _curves(place / "curves.csv")
    return Mapped(maps=maps, curve_time_s=times, segment_curves=curves, segment_fits=fits, **mapped_fields(record))


def mapped_record(mapped: Mapped) -> dict[str, Any]:
    """Return model, fit window, error of the arterial input and segment flows as they are kept in folder and scene."""
    return {
        "model": mapped.model,
        "window_s": [float(value) for value in mapped.window_s],
        "input_error": mapped.input_error,
        "heart_prior": None if mapped.heart_prior is None else dataclasses.asdict(mapped.heart_prior),
        "segments": [dataclasses.asdict(flow) for flow in mapped.segments],
    }


def mapped_fields(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `Mapped` that `mapped_record` kept, by name; defaults where the record lacks them.

    Examples
    --------
    >>> mapped_fields({"model": "btex_cells"})["model"]
    'btex_mixing_cells'
    """
    first, last = record.get("window_s", (0.0, 0.0))
    prior = record.get("heart_prior")
    return {
        "model": present_choice("kinetics.model", record.get("model", "")),
        "window_s": (float(first), float(last)),
        "input_error": float(record.get("input_error", 0.0)),
        "heart_prior": None if prior is None else HeartPrior(**prior),
        "segments": tuple(_flow(item) for item in record.get("segments", ())),
    }


def _flow(item: Mapping[str, Any]) -> SegmentFlow:
    fields: dict[str, Any] = {name: float("nan") if value is None else value for name, value in item.items()}
    return SegmentFlow(**{**fields, "flags": tuple(item["flags"])})


def _curves(path: Path) -> tuple[Curves, Curves, Curves]:
    """Return times, measured and fitted curves by segment and layer."""
    columns: dict[tuple[int, str], list[list[float]]] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                values = [float(row[name] or "nan") for name in COLUMNS[2:]]
                columns.setdefault((int(row["segment"]), row["layer"]), []).append(values)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} unreadable ({error})", expected=f"the columns {', '.join(COLUMNS)}") from error
    tables = {key: np.array(rows).T for key, rows in columns.items()}
    times, measured, fitted = ({key: table[index] for key, table in tables.items()} for index in range(3))
    return times, measured, fitted


def unit_of(map_name: str) -> str:
    """Return the UCUM unit of a map.

    Examples
    --------
    >>> unit_of("mbf"), unit_of("r2")
    ('mL/min/g', '1')
    """
    units = {"mbf": "mL/min/g", "mbf_se": "mL/min/g", "ps": "mL/min/g", "delay": "s", "vp": "mL/g", "ve": "mL/g"}
    return units.get(map_name, "mmol/L" if map_name == "rms" else "1")


def _number(value: float) -> str:
    return f"{float(value):.6g}" if np.isfinite(value) else ""
