"""Frames without contrast, and each pixel's signal in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, RIGHT_VENTRICLE, BoolArray, FloatArray
from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.results import Registered, Segmented
from QPerfusionLogic.signal_model.bolus import find_bolus
from QPerfusionLogic.signal_model.magnitude import are_magnitudes, noise_variance, without_noise_floor

FEWEST_FRAMES = 3
ASSUMED_SHARE = 0.1
"""Share of the frames taken as baseline where no bolus is found."""
NEIGHBOURHOOD = 5
"""Pixels on a side that share an estimate of the noise."""


@dataclass(frozen=True)
class Baseline:
    """Frames before contrast arrives, per slice.

    Parameters
    ----------
    frames : (frames, slices) bool array
        Before arrival in the left ventricle: for blood of the left heart and myocardium.
    right_frames : (frames, slices) bool array
        Before arrival in the right ventricle: for its blood.
    """

    frames: BoolArray
    right_frames: BoolArray
    notices: tuple[Notice, ...] = ()


def baseline_of(registered: Registered, segmented: Segmented) -> Baseline:
    """Return the pre-contrast frames of each slice, rejected frames left out.

    The arrival in each slice is read from its own blood pools; a slice without one takes the earliest of the others.
    """
    series = registered.series
    left = _frames_before(registered, segmented.labels == LEFT_VENTRICLE)
    right = _frames_before(registered, segmented.labels == RIGHT_VENTRICLE)
    notices: list[Notice] = []
    if left is None:
        assumed = max(int(ASSUMED_SHARE * series.frames), 1)
        left = np.full(series.slices, assumed)
        notices.append(_no_bolus(assumed))
    elif left.min() < FEWEST_FRAMES:
        notices.append(_short(int(left.min())))
    if right is None:
        right = left
    return Baseline(_mask(left, registered), _mask(np.minimum(right, left), registered), tuple(notices))


def baseline_signal(signal: FloatArray, frames: BoolArray) -> FloatArray:
    """Return the mean (slices, rows, columns) over the baseline frames, trimmed where there are five or more."""
    result = np.empty(signal.shape[1:])
    for index in range(signal.shape[1]):
        chosen = signal[frames[:, index], index]
        mean = np.mean if len(chosen) < 5 else _trimmed_mean
        result[index] = mean(chosen, axis=0, dtype=float) if len(chosen) else np.nan
    return result


def magnitude_baseline(signal: FloatArray, frames: BoolArray) -> FloatArray:
    """Return `baseline_signal` of magnitudes without what noise adds, read from neighbouring frames and pixels."""
    level = baseline_signal(signal, frames)
    if not are_magnitudes(signal):
        return level
    for index in range(signal.shape[1]):
        variance = noise_variance(signal[frames[:, index], index])
        level[index] = without_noise_floor(level[index], ndimage.median_filter(variance, NEIGHBOURHOOD))
    return level


def _trimmed_mean(values: FloatArray, axis: int, dtype: type) -> FloatArray:
    """Mean without the lowest and the highest value: nearly as precise as the mean, deaf to one bad frame."""
    total = values.sum(axis=axis, dtype=dtype) - values.min(axis=axis) - values.max(axis=axis)
    return np.asarray(total / (values.shape[axis] - 2))


def _frames_before(registered: Registered, region: BoolArray) -> np.ndarray | None:
    """Frames before arrival per slice (slices,), or None when no slice shows a bolus."""
    signal, times = registered.series.signal, registered.series.time_s
    found = np.full(signal.shape[1], -1)
    for index in range(signal.shape[1]):
        if not region[index].any():
            continue
        kept = registered.kept[:, index]
        curve = np.where(kept, signal[:, index][:, region[index]].mean(axis=1), np.nan)
        bolus = find_bolus(curve, times[:, index])
        if bolus is not None:
            found[index] = bolus.baseline_frames.stop
    if (found < 0).all():
        return None
    return np.where(found < 0, found[found >= 0].min(), found)


def _mask(before: np.ndarray, registered: Registered) -> BoolArray:
    frames = registered.series.frames
    first = np.arange(frames)[:, None] < before[None, :]
    good = first & registered.kept
    return np.where(np.asarray(good.any(axis=0))[None, :], good, first)


def _no_bolus(assumed: int) -> Notice:
    return Notice.of(
        code="no-bolus",
        message=f"no bolus arrives in the left ventricle; the first {assumed} frames were taken as baseline",
        action="check the series and the segmentation",
    )


def _short(frames: int) -> Notice:
    return Notice.of(
        code="no-baseline",
        message=f"only {frames} frame(s) precede the arrival of contrast, so the baseline is poorly known",
        action="start the acquisition earlier or the injection later",
        severity=Severity.SERIOUS if frames < 2 else Severity.WARNING,
    )
