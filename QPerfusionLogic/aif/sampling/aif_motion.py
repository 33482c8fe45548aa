"""Take the breathing out of an AIF series: the tissue series' motion in the same heartbeats moves it too."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.results import Registered, StateResult
from QPerfusionLogic.data.series import PerfusionSeries

LARGEST_LAG_BEATS = 0.5
"""Frames of both series belong to the same heartbeat when their times agree within half a beat."""


def without_motion(series: PerfusionSeries, state: StateResult) -> PerfusionSeries:
    """Return the AIF series moved frame by frame like the tissue series; unchanged where the beats do not match."""
    registered = state.registered
    if registered is None or not _same_beats(series, registered.series):
        return series
    motion = _at_times(_heart_motion_mm(registered), registered.series.time_s[:, 0], series.time_s.mean(axis=1))
    shift = motion @ registered.series.geometry.in_plane_axes[0] @ series.geometry.in_plane_axes[0].T
    pixels = shift / np.array(series.geometry.pixel_spacing_mm)
    if not np.abs(pixels).max() > 0.05:
        return series
    second = series.second_echo
    return dataclasses.replace(
        series,
        signal=_moved(series.signal, pixels),
        second_echo=None if second is None else _moved(second, pixels),
    )


def _same_beats(series: PerfusionSeries, tissue: PerfusionSeries) -> bool:
    if series.frames != tissue.frames or series.frames < 2:
        return False
    own, other = series.time_s.mean(axis=1), tissue.time_s.mean(axis=1)
    beat = float(np.median(np.diff(other)))
    offset = own - other
    return bool(np.abs(offset - np.median(offset)).max() < LARGEST_LAG_BEATS * beat)


def _heart_motion_mm(registered: Registered) -> FloatArray:
    """Return the displacement (frames, 2) at the heart centre of the most basal slice, along (row, column) axes."""
    field = registered.displacement_mm[:, 0]
    centre = registered.heart_centre[0] if len(registered.heart_centre) else np.full(2, np.nan)
    if not np.isfinite(centre).all():
        return np.asarray(field.mean(axis=(1, 2)))
    row = int(np.clip(round(float(centre[0])), 0, field.shape[1] - 1))
    column = int(np.clip(round(float(centre[1])), 0, field.shape[2] - 1))
    return np.asarray(field[:, row, column])


def _at_times(motion_mm: FloatArray, time_s: FloatArray, wanted_s: FloatArray) -> FloatArray:
    """Return the motion (frames, 2) at other times: the AIF image is read a tenth of a second before the tissue's.

    Two clocks that do not agree on their zero are taken as one.
    """
    lag = wanted_s - time_s
    if np.abs(lag).max() > float(np.median(np.diff(time_s))):
        return motion_mm
    return np.stack([np.interp(wanted_s, time_s, motion_mm[:, axis]) for axis in range(2)], axis=1)


def _moved(images: FloatArray, pixels: FloatArray) -> FloatArray:
    """Return moved(x) = image(x + d) for every frame, d (frames, 2) in pixels.

    Cubic: linear interpolation would blur half-pixel moves, and the pool of a small ventricle is a few pixels wide.
    """
    result = np.empty_like(images)
    for frame, step in enumerate(pixels):
        for index in range(images.shape[1]):
            result[frame, index] = ndimage.shift(images[frame, index], -step, order=3, mode="nearest")
    return result
