"""Tell the two blood pools apart in any perfusion series: both enhance most, the right one first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.signal_model.bolus import find_bolus, rise_frames

BRIGHT_SHARE = 0.45
"""Pool pixels enhance at least this share of the brightest ones."""
LARGEST_SHARE = 0.5
"""Where more of the image is that bright, noise is all that there is."""
SMALLEST_GAP_FRAMES = 1.5
"""Frames between the arrival in the right and in the left pool."""
BASELINE_PERCENTILE = 5.0
"""Of the signal over time: holds too where the first frames already show contrast."""
SMALLEST_POOL_MM2 = 100.0


@dataclass(frozen=True)
class Pools:
    """Blood pools (slices, rows, columns) and their arrival in frames."""

    left: BoolArray
    right: BoolArray
    left_arrival: float
    right_arrival: float


def detect_pools(series: PerfusionSeries) -> Pools | None:
    """Return the pools of the slice where they show best, or None where no two pools enhance one after the other."""
    best: tuple[float, Pools] | None = None
    smallest = max(int(SMALLEST_POOL_MM2 / float(np.prod(series.geometry.pixel_spacing_mm))), 4)
    for index in range(series.slices):
        found = _pools_of_slice(np.asarray(series.signal[:, index], dtype=float), smallest)
        if found is None:
            continue
        score, left, right, left_arrival, right_arrival = found
        if best is None or score > best[0]:
            full_left, full_right = (np.zeros(series.image_shape, dtype=bool) for _ in range(2))
            full_left[index], full_right[index] = left, right
            best = score, Pools(full_left, full_right, left_arrival, right_arrival)
    return None if best is None else best[1]


def _pools_of_slice(signal: FloatArray, smallest: int) -> tuple[float, BoolArray, BoolArray, float, float] | None:
    smooth = ndimage.gaussian_filter(np.nan_to_num(signal), (0.7, 0.7, 0.7))
    enhancement, arrival = _enhancement_and_arrival(smooth)
    bright = enhancement > BRIGHT_SHARE * np.percentile(enhancement, 99.0)
    if bright.sum() < 2 * smallest or bright.mean() > LARGEST_SHARE:
        return None
    connected = _components(bright, smallest)
    if not connected:
        return None
    split = _two_arrivals(arrival[np.any(connected, axis=0)])
    if split is None:
        return None
    early = _with_bolus(_components(bright & (arrival < split), smallest), signal)
    late = _with_bolus(_components(bright & (arrival >= split), smallest), signal)
    candidates = [(_pair_score(first, second, enhancement), second, first) for first in early for second in late]
    if not candidates:
        return None
    score, left, right = max(candidates, key=lambda entry: entry[0])
    return score, left, right, float(np.median(arrival[left])), float(np.median(arrival[right]))


def _enhancement_and_arrival(signal: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return peak minus baseline and the frame of half the peak on the way up, per pixel (rows, columns)."""
    peak = np.argmax(signal, axis=0)
    baseline = np.percentile(signal, BASELINE_PERCENTILE, axis=0)
    top = np.max(signal, axis=0)
    half = baseline + 0.5 * (top - baseline)
    return top - baseline, rise_frames(signal, half, peak)


def _two_arrivals(arrival: FloatArray) -> float | None:
    """Return the arrival that splits early from late pixels (largest between-class variance), or None without two."""
    values = np.sort(np.clip(arrival, *np.percentile(arrival, (5.0, 95.0))))
    count = len(values)
    lower = np.arange(1, count)
    sums = np.cumsum(values)[:-1]
    early, late = sums / lower, (values.sum() - sums) / (count - lower)
    between = lower * (count - lower) * (late - early) ** 2
    index = int(np.argmax(between))
    if late[index] - early[index] < SMALLEST_GAP_FRAMES:
        return None
    return float(0.5 * (values[index] + values[index + 1]))


def _components(mask: BoolArray, smallest: int) -> list[BoolArray]:
    labels, count = ndimage.label(ndimage.binary_opening(mask) if mask.sum() > 4 * smallest else mask)
    sizes = ndimage.sum_labels(mask, labels, np.arange(1, count + 1))
    return [labels == index + 1 for index in range(count) if sizes[index] >= smallest]


def _with_bolus(components: list[BoolArray], signal: FloatArray) -> list[BoolArray]:
    frames = np.arange(len(signal), dtype=float)
    return [part for part in components if find_bolus(signal[:, part].mean(axis=1), frames) is not None]


def _pair_score(right: BoolArray, left: BoolArray, enhancement: FloatArray) -> float:
    """Large, bright, compact pools that lie close to each other score high."""
    gap = np.linalg.norm(np.array(ndimage.center_of_mass(right)) - np.array(ndimage.center_of_mass(left)))
    sizes = np.sqrt(right.sum()) + np.sqrt(left.sum())
    return float(np.sqrt(right.sum() * left.sum()) * enhancement[left].mean() / (1.0 + (gap / sizes) ** 2))
