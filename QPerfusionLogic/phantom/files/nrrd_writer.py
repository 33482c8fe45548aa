"""Writes the series of a digital patient as Slicer sequences (.seq.nrrd), each with its protocol as JSON beside it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.phantom.simulation.simulated import SimulatedStudy

from .dicom_pictures import all_series, leading_pictures


def write_nrrd(simulated: SimulatedStudy, folder: Path) -> list[Path]:
    """Write STATE_KIND.seq.nrrd and STATE_KIND.json of every series into `folder`, and return the images' paths.

    Proton-density frames lead the series, as in DICOM. The second echo of an AIF series is not written: a sequence has
    one echo. A T1 map is written in milliseconds.
    """
    from QPerfusionLogic.io.files.nrrd_files import write_map, write_sequence

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for series in all_series(simulated):
        name = "t1_map" if series.kind == "t1_map" else f"{series.state}_{series.kind}"
        path = folder / (f"{name}.nrrd" if series.kind == "t1_map" else f"{name}.seq.nrrd")
        if series.kind == "t1_map":
            write_map(path, series.signal[0], series.geometry)
        else:
            write_sequence(path, *_with_density(series), series.geometry)
            given = {key: value for key, value in dataclasses.asdict(series.protocol).items() if value is not None}
            (folder / f"{name}.json").write_text(json.dumps(given, indent=1), encoding="utf-8")
        written.append(path)
    return written


def _with_density(series: PerfusionSeries) -> tuple[np.ndarray, np.ndarray]:
    """Return all frames in the order they were taken, and their times from 0."""
    if series.proton_density is None:
        return series.signal, series.time_s
    count, beat_s = leading_pictures(series)
    before = series.time_s[:1] + np.arange(count)[:, None] * beat_s
    return np.concatenate([series.proton_density, series.signal]), np.concatenate(
        [before, series.time_s + count * beat_s]
    )
