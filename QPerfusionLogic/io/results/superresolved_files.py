"""The super-resolved series in the output folder, so that a resumed run need not compute it again."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import StateResult, Superresolved
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.data.slice_stacks import in_order_of
from QPerfusionLogic.data.study import Acquisition
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.nrrd_files import read_map, read_sequence, write_map, write_sequence
from QPerfusionLogic.io.files.plain_json import plain, read_plain

SERIES, SPREAD, ABOUT = "superresolved.seq.nrrd", "superresolution_spread.nrrd", "superresolution.json"
FILES = (SERIES, SPREAD, ABOUT, "superresolved_proton_density.seq.nrrd", "superresolved_second_echo.seq.nrrd")
"""Everything that `write_superresolved` may write."""
KEPT = (
    "residual",
    "added_detail_ratio",
    "relative_uncertainty",
    "fraction",
    "direction",
    "model_name",
    "model_checksum",
)
BESIDE = ("proton_density", "second_echo")
"""Images beside the frames, kept because their matrix grows with that of the frames."""


def write_superresolved(found: Superresolved, place: Path) -> None:
    """Write the series, its spread, and what is known about each frame into the folder of a state."""
    series = found.series
    write_sequence(place / SERIES, series.signal, series.time_s, series.geometry)
    write_map(place / SPREAD, found.spread, series.geometry)
    for name in BESIDE:
        images = getattr(series, name)
        if images is not None:
            count = np.arange(len(images), dtype=float)
            write_sequence(place / f"superresolved_{name}.seq.nrrd", images, count, series.geometry)
    content = plain({name: getattr(found, name) for name in KEPT})
    (place / ABOUT).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def with_superresolved(result: StateResult, place: Path, notices: tuple[Notice, ...]) -> StateResult:
    """Return the state with the super-resolved series that an earlier run left in its folder, if it did.

    Parameters
    ----------
    result : StateResult
        With the acquisition as it was loaded.
    place : Path
    notices : tuple of Notice
        Of the earlier run; those of this stage go to the series again.

    Raises
    ------
    InputError
        When the files are of another series.
    """
    if not (place / SERIES).exists():
        return result
    tissue, images, about = result.acquisition.tissue, read_sequence(place / SERIES), _about(place / ABOUT)
    if images.values.shape[:2] != tissue.signal.shape[:2]:
        raise InputError(
            f"{place / SERIES} of shape {images.values.shape}",
            expected=f"{tissue.frames} frames and {tissue.slices} slices as in the input series",
        )
    index_to_lps = in_order_of(images.geometry.index_to_lps, images.geometry, tissue.geometry, axis=0)
    own = tuple(item for item in notices if item.stage == "superresolution" and item.state == str(result.state))
    series = dataclasses.replace(
        tissue,
        signal=in_order_of(images.values, images.geometry, tissue.geometry, axis=1),
        geometry=Geometry(index_to_lps) if images.values.shape != tissue.signal.shape else tissue.geometry,
        notices=tuple(dict.fromkeys((*tissue.notices, *own))),
        proton_density=_images(place, "proton_density", tissue),
        second_echo=_images(place, "second_echo", tissue),
    )
    found = Superresolved(
        series=series,
        spread=in_order_of(*read_map(place / SPREAD), tissue.geometry, axis=0),
        residual=np.array(about["residual"], dtype=float),
        added_detail_ratio=np.array(about.get("added_detail_ratio", about.get("departure")), dtype=float),
        relative_uncertainty=np.array(about.get("relative_uncertainty", about.get("doubt")), dtype=float),
        fraction=float(about["fraction"]),
        direction=str(about["direction"]),
        model_name=str(about["model_name"]),
        model_checksum=str(about["model_checksum"]),
    )
    return use_superresolved(result, found)


def use_superresolved(result: StateResult, found: Superresolved) -> StateResult:
    """Return the state whose later stages work on the super-resolved series."""
    acquisition: Acquisition = dataclasses.replace(result.acquisition, tissue=found.series)
    return dataclasses.replace(result, acquisition=acquisition, superresolved=found)


def _images(place: Path, name: str, tissue: PerfusionSeries) -> FloatArray | None:
    path = place / f"superresolved_{name}.seq.nrrd"
    if not path.exists():
        return None
    found = read_sequence(path)
    return in_order_of(found.values, found.geometry, tissue.geometry, axis=1)


def _about(path: Path) -> dict[str, Any]:
    content = read_plain(path)
    missing = set(KEPT) - set(content)
    if missing:
        raise InputError(f"{path} without {', '.join(sorted(missing))}", expected="the file of the earlier run")
    return dict(content)
