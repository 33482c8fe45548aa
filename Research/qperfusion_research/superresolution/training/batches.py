"""Batches for training: frames turned, mirrored and mixed, cut to low resolution, scaled as inference scales them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.superresolution.frames.degradation import (
    ComplexArray,
    kept_lines,
    low_resolution,
    low_resolution_pair,
)
from QPerfusionLogic.superresolution.frames.frame_resolver import scale_of

FRACTIONS = (0.3, 0.5)
"""Range of the share of measured lines, as in the paper."""
COMPLEX_SHARE = 0.3
"""Share of the pairs made from complex data with noise before the lines are cut."""
CLEAN_NOISE = (0.004, 0.05)
"""Range of the noise that is added to frames without noise, over their bright tissue."""
Pair = tuple[FloatArray, FloatArray, BoolArray, FloatArray]
"""Low and full resolution (rows, columns), kept lines (rows,), fraction."""


@dataclass(frozen=True)
class Batch:
    """Pairs with phase encoding along the rows.

    Parameters
    ----------
    low, full : (n, 1, rows, columns) float32 arrays
        Zero-filled and full-resolution frames.
    kept : (n, rows) bool array
        The lines that a result keeps.
    fraction : (n,) float32 array
        Share of the lines that was measured.
    """

    low: FloatArray
    full: FloatArray
    kept: BoolArray
    fraction: FloatArray


def random_batch(series: FloatArray, random: np.random.Generator, size: int, clean: bool = False) -> Batch:
    """Return a batch from series (n, frames, size, size); every batch is of one of two shapes.

    Either the whole extent in phase encoding and a band of the readout, or a square cut out before the lines are: the
    paper's 96 by 96, whose borders then meet in k-space. Clean series are drawn without noise: the low-resolution frame
    is that of noisy lines, the full-resolution frame the truth.
    """
    whole = random.random() < 0.5
    pair = _pair_with_truth if clean else _pair
    pairs = [pair(_varied(series, random), random, whole) for _ in range(size)]
    low, full, kept, fraction = (np.stack(part) for part in zip(*pairs, strict=True))
    return Batch(low[:, None], full[:, None], kept, fraction.astype(np.float32))


def _varied(series: FloatArray, random: np.random.Generator) -> FloatArray:
    frame = _drawn(series, random)
    chance = random.random()
    if chance < 0.1:
        frame = max(float(frame.max()), 1e-6) - frame
    elif chance < 0.25:
        other = np.rot90(_drawn(series, random), int(random.integers(4)))
        frame = frame + random.uniform(0.1, 1.0) * other
    frame = np.rot90(frame, int(random.integers(4)))
    return frame[:, ::-1] if random.random() < 0.5 else frame


def _drawn(series: FloatArray, random: np.random.Generator) -> FloatArray:
    one = series[random.integers(len(series))]
    return np.asarray(one[random.integers(len(one))], np.float32)


def _pair(frame: FloatArray, random: np.random.Generator, whole: bool) -> Pair:
    fraction = random.uniform(*FRACTIONS)
    frame = _cut(frame, random, whole)
    if random.random() < COMPLEX_SHARE:
        noise = scale_of(frame) * random.uniform(0.0, 0.03)
        low, full = low_resolution_pair(frame * _phase(random, frame.shape), noise, fraction, random)
    else:
        low, full = low_resolution(frame, fraction), frame
    return _scaled_pair(low, full, fraction, random)


def _pair_with_truth(frame: FloatArray, random: np.random.Generator, whole: bool) -> Pair:
    """Return a pair of a frame without noise: noise is in the low-resolution frame only."""
    fraction = random.uniform(*FRACTIONS)
    frame = _cut(frame, random, whole)
    noise = scale_of(frame) * float(np.exp(random.uniform(*np.log(CLEAN_NOISE))))
    low, _ = low_resolution_pair(frame * _phase(random, frame.shape), noise, fraction, random)
    return _scaled_pair(low, frame, fraction, random)


def _cut(frame: FloatArray, random: np.random.Generator, whole: bool) -> FloatArray:
    """Return a band of the readout, or a square."""
    size = frame.shape[0]
    width = 9 * size // 16 if whole else 3 * size // 4
    column = int(random.integers(0, size - width + 1))
    if not whole:
        row = int(random.integers(0, size - width + 1))
        frame = frame[row : row + width]
    return frame[:, column : column + width]


def _scaled_pair(low: FloatArray, full: FloatArray, fraction: float, random: np.random.Generator) -> Pair:
    scale = scale_of(low) * np.exp(random.normal(0.0, 0.15))
    kept = kept_lines(len(full), fraction)
    return (low / scale).astype(np.float32), (full / scale).astype(np.float32), kept, np.asarray(fraction)


def _phase(random: np.random.Generator, shape: tuple[int, ...]) -> ComplexArray:
    """Return a smooth phase factor (rows, columns), complex: a plane, a bowl and a ripple."""
    rows, columns = np.meshgrid(*(np.linspace(-1.0, 1.0, size) for size in shape), indexing="ij")
    slope, bowl = random.normal(0.0, 2.0, 2), random.normal(0.0, 1.0, 3)
    phase = slope[0] * rows + slope[1] * columns + bowl[0] * rows**2 + bowl[1] * columns**2 + bowl[2] * rows * columns
    return np.asarray(np.exp(1j * (phase + 0.3 * np.sin(3.0 * rows + random.uniform(0.0, 6.3)))))
