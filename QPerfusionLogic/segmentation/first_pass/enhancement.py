"""Turn a registered series into enhancement over its own baseline, free of rejected frames and hot pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.results import Registered
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.signal_model.bolus import rise_frames

SMALLEST_POOL_MM2 = 100.0
"""Area of the RV in an apical slice: it may be the only thing that the bolus has reached."""
DEEP_BREATH_MM = 10.0
"""Displacement over rejected frames from which on the heart before and after them may not lie in one place."""
MOTION_SHARE = 0.5
"""Share of a nearby step of the baseline that leftover motion is expected to move."""


@dataclass(frozen=True)
class Enhancement:
    """Signal over baseline of every pixel.

    Parameters
    ----------
    value : (frames, slices, rows, columns) float32 array
        Signal minus baseline, smoothed lightly over time, divided by the series' own scale (bright blood is about 1).
    baseline : (slices, rows, columns) float32 array
        Mean signal before the bolus, in the same scale.
    time_s : (frames,) array
        Mean time of the slices of each frame.
    spacing_mm : (row, column) distance of pixels in mm.
    onset : int
        Last frame before the bolus enters the images.
    noise : float
        Standard deviation of a pixel's frame-to-frame noise, in the same scale.
    breaths : tuple of int
        First frames after a breath so deep that frames were rejected in it: the heart may lie elsewhere than before.
    """

    value: FloatArray
    baseline: FloatArray
    time_s: FloatArray
    geometry: Geometry
    onset: int
    noise: float
    breaths: tuple[int, ...] = ()

    @property
    def spacing_mm(self) -> tuple[float, float]:
        """(row, column) distance of pixels in mm."""
        return self.geometry.pixel_spacing_mm

    def motion_allowance(self, reach_mm: float = 12.0) -> FloatArray:
        """Return (slices, rows, columns): the contrast that motion alone could bring to a pixel from its neighbourhood.

        It is a share of the range of the baseline within `reach_mm`; blood and myocardium are dark before the bolus,
        fat and the edges of the body are not.
        """
        rows, columns = (2 * max(round(reach_mm / spacing), 1) + 1 for spacing in self.spacing_mm)
        return motion_contrast(self.baseline, (1, rows, columns))

    def mean_around(self, frame: int, half_width: int = 1) -> FloatArray:
        """Return the mean (slices, rows, columns) of the frames from `frame - half_width` to `frame + half_width`."""
        return self.mean_between(frame - half_width, frame + half_width)

    def mean_between(self, first: int, last: int) -> FloatArray:
        """Return the mean (slices, rows, columns) of the frames from `first` to `last`, those that exist."""
        return np.asarray(self.value[max(first, 0) : last + 1].mean(axis=0))


def enhancement_of(registered: Registered) -> Enhancement:
    """Return the enhancement of a registered series; rejected frames are bridged in time."""
    return replace(enhancement_of_series(registered.series, registered.kept), breaths=deep_breaths(registered))


def enhancement_of_series(series: PerfusionSeries, kept: BoolArray | None = None) -> Enhancement:
    """Return the enhancement of a series whose heart stays about where it is; frames outside `kept` are bridged.

    Parameters
    ----------
    series : PerfusionSeries
    kept : (frames, slices) bool array, optional
        By default all frames.
    """
    signal = np.nan_to_num(np.asarray(series.signal, dtype=np.float32), posinf=0.0, neginf=0.0)
    signal = _without_hot_pixels(signal if kept is None else bridged_frames(signal, kept))
    onset = bolus_onset(signal, _pool_share(signal.shape[1:], series.geometry.pixel_spacing_mm))
    baseline = signal[: onset + 1].mean(axis=0)
    value = ndimage.gaussian_filter1d(signal - baseline, 0.7, axis=0, mode="nearest")
    scale = float(np.percentile(value.max(axis=0), 99.0))
    scale = scale if scale > 0.0 else 1.0
    steps = np.abs(np.diff(signal, axis=0)) if len(signal) > 1 else np.zeros(1)
    noise = 1.4826 * float(np.median(steps)) / np.sqrt(2.0)
    time_s = np.asarray(series.time_s, dtype=float).mean(axis=1)
    return Enhancement(value / scale, baseline / scale, time_s, series.geometry, onset, noise / scale)


def deep_breaths(registered: Registered) -> tuple[int, ...]:
    """Return the first frame after every jump of the heart over rejected frames, in any slice.

    A breath deep enough to take frames with it also takes the heart out of the slice; what was there before it and
    what is there after it are hard to lay on each other.
    """
    position_mm = np.asarray(registered.displacement_mm, dtype=float).mean(axis=(2, 3))
    found: set[int] = set()
    for index in range(registered.kept.shape[1]):
        kept = np.flatnonzero(registered.kept[:, index])
        jump_mm = np.linalg.norm(np.diff(position_mm[kept, index], axis=0), axis=1)
        found |= {int(frame) for frame in kept[1:][(jump_mm > DEEP_BREATH_MM) & (np.diff(kept) > 1)]}
    return tuple(sorted(found))


def bridged_frames(signal: FloatArray, kept: BoolArray) -> FloatArray:
    """Return (frames, slices, ...) with rejected frames replaced by linear interpolation between kept neighbours."""
    if np.all(kept):
        return signal
    result = signal.copy()
    frames = np.arange(len(signal))
    for index in range(signal.shape[1]):
        good = np.flatnonzero(kept[:, index])
        if len(good) == 0:
            continue
        after = np.clip(np.searchsorted(good, frames), 0, len(good) - 1)
        before = np.clip(np.searchsorted(good, frames, side="right") - 1, 0, len(good) - 1)
        low, high = good[before], good[after]
        weight = np.where(high > low, (frames - low) / np.maximum(high - low, 1), 0.0).astype(np.float32)
        weight = weight[:, None, None]
        result[:, index] = (1.0 - weight) * signal[low, index] + weight * signal[high, index]
    return result


def _pool_share(shape: tuple[int, ...], spacing_mm: tuple[float, float]) -> float:
    """Return the share of an image (slices, rows, columns) that the smallest pool fills in one slice, at most 0.005."""
    return min(SMALLEST_POOL_MM2 / (float(np.prod(shape)) * spacing_mm[0] * spacing_mm[1]), 0.005)


def bolus_onset(signal: FloatArray, share: float = 0.005) -> int:
    """Return the last frame before the brightest `share` of the image departs from its first frames.

    What motion can bring to a pixel from its surroundings does not count: fat that moves with the breath can change as
    much as blood.
    """
    first = np.median(signal[:3], axis=0)
    difference = ndimage.uniform_filter(signal - first, size=(1, 1, 3, 3)) - motion_contrast(first, (1, 11, 11))
    trace = np.percentile(difference.reshape(len(signal), -1), 100.0 * (1.0 - share), axis=1)
    trace = np.maximum.accumulate(trace)
    threshold = trace[0] + 0.2 * (trace[-1] - trace[0])
    return max(int(np.ceil(rise_frames(trace, threshold, int(np.argmax(trace))))) - 2, 0)


def motion_contrast(still: FloatArray, size: tuple[int, int, int]) -> FloatArray:
    """Return (slices, rows, columns): a share of the range that a still image has within a window of `size`."""
    smooth = ndimage.uniform_filter(still, size=(1, 3, 3))
    return np.asarray(
        MOTION_SHARE * (ndimage.maximum_filter(smooth, size=size) - ndimage.minimum_filter(smooth, size=size))
    )


def _without_hot_pixels(signal: FloatArray) -> FloatArray:
    """Return the signal clipped a little above the brightest thing that is larger than a few pixels.

    Single stuck pixels can be tens of times brighter than blood, and after registration they wander.
    """
    brightest = signal.max(axis=0)
    ceiling = 1.2 * float(ndimage.grey_opening(brightest, size=(1, 5, 5)).max())
    return np.minimum(signal, ceiling) if ceiling > 0.0 else signal
