"""The images of a series in the order they were taken, each with its clock, ready to be written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.series import PerfusionSeries, Quantity, SeriesKind
from QPerfusionLogic.data.study import T1Map
from QPerfusionLogic.phantom.simulation.simulated import SimulatedStudy

STUDY_START_S = 9 * 3600.0
"""Time of day of the first bolus."""


@dataclass(frozen=True)
class Picture:
    """One image to be written.

    `frame` counts all images of a slice in time, proton-density ones first; `clock_s` is the time of day,
    `since_start_s` the time since the first image of the series.
    """

    pixels: FloatArray
    frame: int
    slice_index: int
    echo: int
    proton_density: bool
    clock_s: float
    since_start_s: float


def all_series(simulated: SimulatedStudy) -> Iterator[PerfusionSeries]:
    """Yield the series of a study in the order they were acquired, the T1 map first."""
    if simulated.study.t1_map is not None:
        yield _t1_series(simulated.study.t1_map)
    acquisitions = [simulated.study.acquisition(state) for state in simulated.study.states]
    acquisitions.sort(key=lambda acquisition: acquisition.tissue.source.acquired_at_s or 0.0)
    for acquisition in acquisitions:
        for series in (acquisition.pre_bolus, acquisition.tissue, acquisition.aif_series):
            if series is not None:
                yield series


def pictures(series: PerfusionSeries) -> Iterator[Picture]:
    """Yield every image in the order it was taken, the slices of a heart beat together."""
    start = STUDY_START_S + (series.source.acquired_at_s or 0.0)
    density = series.proton_density
    leading, beat_s = leading_pictures(series)
    for frame in range(leading + series.frames):
        for index in range(series.slices):
            at = frame - leading
            is_density = frame < leading
            if density is not None and is_density:
                pixels, since = density[frame, index], series.time_s[0, index] + frame * beat_s
            else:
                pixels, since = series.signal[at, index], series.time_s[at, index] + leading * beat_s
            since -= float(series.time_s[0, 0])
            yield Picture(pixels, frame, index, 1, is_density, start + since, since)
            if series.second_echo is not None and at >= 0:
                yield Picture(series.second_echo[at, index], frame, index, 2, False, start + since, since)


def leading_pictures(series: PerfusionSeries) -> tuple[int, float]:
    """Return how many proton-density frames lead a series, and how many seconds apart they are."""
    beat_s = float(np.median(np.diff(series.time_s[:, 0]))) if series.frames > 1 else 0.0
    return (0 if series.proton_density is None else series.proton_density.shape[0]), beat_s


def stored_pixels(pixels: FloatArray, slope: float = 1.0) -> bytes:
    """Return 12-bit little-endian pixels."""
    return bytes(np.clip(np.round(pixels / slope), 0, 4095).astype("<u2").tobytes())


def _t1_series(t1_map: T1Map) -> PerfusionSeries:
    """Return the T1 map as a series of one frame in whole milliseconds."""
    signal = np.rint(t1_map.t1_s * 1e3)[None]
    time_s = np.zeros(signal.shape[:2])
    return PerfusionSeries(
        signal, time_s, t1_map.geometry, kind=SeriesKind.T1_MAP, quantity=Quantity.T1, source=t1_map.source
    )
