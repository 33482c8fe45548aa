"""Series in which there is no heart to find, or hardly one: a confident ring in them is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from qperfusion_research.phantom.training_slices import TrainingSample, training_sample
from QPerfusionLogic.data.arrays import BoolArray, FloatArray, dice
from QPerfusionLogic.data.results import Segmented

from .scores import is_flagged

RIGHT = 0.7
"""Dice of LV with wall from which on a ring in a poor series of a true heart is not called wrong."""


@dataclass(frozen=True)
class Negative:
    """Images (frames, rows, columns) with their times, pixel size and, where a heart is there, its pixels."""

    signal: FloatArray
    time_s: FloatArray
    pixel_mm: float
    ventricle: BoolArray | None = None


Maker = Callable[[TrainingSample, np.random.Generator], Negative]


def negative(seed: int, kind: str) -> Negative:
    """Return the negative of a kind made from the digital slice of a seed."""
    return KINDS[kind](training_sample(seed), np.random.default_rng([seed, 5]))


def is_confidently_wrong(given: Negative, found: Segmented) -> bool:
    """Return whether the result draws a ring where there is none without saying that it may be wrong."""
    ventricle = np.isin(found.labels[0], (1, 2))
    if is_flagged(found) or not ventricle.any():
        return False
    return given.ventricle is None or dice(ventricle, given.ventricle) < RIGHT


def _as_negative(sample: TrainingSample, signal: FloatArray) -> Negative:
    return Negative(np.asarray(signal, dtype=np.float32), sample.time_s[: len(signal)], sample.pixel_mm)


def _no_heart(sample: TrainingSample, random: np.random.Generator) -> Negative:
    """The largest part of the image beside the heart."""
    rows, columns = np.nonzero(sample.labels)
    height, width = sample.labels.shape
    parts = [
        (slice(0, rows.min() - 3), slice(0, width)),
        (slice(rows.max() + 3, height), slice(0, width)),
        (slice(0, height), slice(0, columns.min() - 3)),
        (slice(0, height), slice(columns.max() + 3, width)),
    ]
    part = max(parts, key=lambda each: (each[0].stop - each[0].start) * (each[1].stop - each[1].start))
    return _as_negative(sample, sample.signal[:, part[0], part[1]])


def _right_only(sample: TrainingSample, random: np.random.Generator) -> Negative:
    """The LV and its wall stay as they were before the bolus."""
    return _as_negative(sample, _still(sample, np.isin(sample.labels, (1, 2)), 2))


def _aorta_only(sample: TrainingSample, random: np.random.Generator) -> Negative:
    """Both ventricles stay as they were; vessels and organs fill."""
    return _as_negative(sample, _still(sample, sample.labels > 0, 5))


def _still(sample: TrainingSample, where: BoolArray, margin: int) -> FloatArray:
    wide = ndimage.binary_dilation(where, iterations=margin)
    return np.where(wide[None], sample.signal[:1], sample.signal)


def _inverted(sample: TrainingSample, random: np.random.Generator) -> Negative:
    return _as_negative(sample, float(sample.signal.max()) - sample.signal)


def _shuffled(sample: TrainingSample, random: np.random.Generator) -> Negative:
    return _as_negative(sample, sample.signal[random.permutation(len(sample.signal))])


def _frozen(sample: TrainingSample, random: np.random.Generator) -> Negative:
    noise = random.normal(0.0, 0.05 * float(sample.signal.max()), sample.signal.shape)
    return _as_negative(sample, sample.signal[:1] + noise)


def _before_the_bolus(sample: TrainingSample, random: np.random.Generator) -> Negative:
    return _as_negative(sample, sample.signal[: max(sample.peak_frames["right_ventricle"] - 4, 6)])


def _noise(sample: TrainingSample, random: np.random.Generator) -> Negative:
    return _as_negative(sample, np.abs(random.normal(1.0, 0.2, sample.signal.shape)))


def _coarse(sample: TrainingSample, random: np.random.Generator) -> Negative:
    """The true heart in pixels of 8 mm."""
    factor = sample.pixel_mm / 8.0
    blurred = ndimage.gaussian_filter(sample.signal, (0.0, 0.4 / factor, 0.4 / factor))
    ventricle = ndimage.zoom(np.isin(sample.labels, (1, 2)).astype(float), factor, order=1)
    return Negative(ndimage.zoom(blurred, (1.0, factor, factor), order=1), sample.time_s, 8.0, ventricle > 0.5)


def _twenty_frames(sample: TrainingSample, random: np.random.Generator) -> Negative:
    """The true heart, cut to the twenty frames round its LV peak."""
    first = int(np.clip(sample.peak_frames["left_ventricle"] - 12, 0, len(sample.signal) - 20))
    ventricle = np.isin(sample.labels, (1, 2))
    return Negative(sample.signal[first : first + 20], sample.time_s[first : first + 20], sample.pixel_mm, ventricle)


KINDS: dict[str, Maker] = {
    "no heart in the field of view": _no_heart,
    "only the RV fills": _right_only,
    "aorta without ventricles": _aorta_only,
    "inverted contrast": _inverted,
    "frames shuffled": _shuffled,
    "still images with noise": _frozen,
    "cut before the bolus": _before_the_bolus,
    "noise alone": _noise,
    "8 mm pixels": _coarse,
    "20 frames": _twenty_frames,
}
"""In the last two a heart is there: a ring on it is right, one elsewhere is wrong."""
