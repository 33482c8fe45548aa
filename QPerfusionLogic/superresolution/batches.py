"""Batches for training: frames turned, mirrored and mixed, cut to low resolution, scaled as inference scales them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.study import BoolArray, FloatArray

from .degradation import ComplexArray, kept_lines, low_resolution, low_resolution_pair

FRACTIONS = (0.3, 0.5)
"""Range of the share of measured lines, as in the paper."""
COMPLEX_SHARE = 0.3
"""Share of the pairs made from complex data with noise before the lines are cut."""


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


def random_batch(series: FloatArray, random: np.random.Generator, size: int) -> Batch:
    """Return a batch from series (n, frames, size, size); every batch is of one of two shapes.

    Either the whole extent in phase encoding and a band of the readout, or a square cut out before the lines are: the
    paper's 96 by 96, whose borders then meet in k-space.
    """
    whole = random.random() < 0.5
    pairs = [_pair(_varied(series, random), random, whole) for _ in range(size)]
    low, full, kept, fraction = (np.stack(part) for part in zip(*pairs, strict=True))
    return Batch(low[:, None], full[:, None], kept, fraction.astype(np.float32))


def scale_of(low: FloatArray) -> float:
    """Return what a zero-filled frame (rows, columns) is divided by before the network sees it."""
    return max(float(np.percentile(low, 99.5)), 1e-12)


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


def _pair(
    frame: FloatArray, random: np.random.Generator, whole: bool
) -> tuple[FloatArray, FloatArray, BoolArray, FloatArray]:
    size = frame.shape[0]
    fraction = random.uniform(*FRACTIONS)
    width = 9 * size // 16 if whole else 3 * size // 4
    column = int(random.integers(0, size - width + 1))
    if not whole:
        row = int(random.integers(0, size - width + 1))
        frame = frame[row : row + width]
    frame = frame[:, column : column + width]
    if random.random() < COMPLEX_SHARE:
        noise = scale_of(frame) * random.uniform(0.0, 0.03)
        low, full = low_resolution_pair(frame * _phase(random, frame.shape), noise, fraction, random)
    else:
        low, full = low_resolution(frame, fraction), frame
    scale = scale_of(low) * np.exp(random.normal(0.0, 0.15))
    kept = kept_lines(len(frame), fraction)
    return (low / scale).astype(np.float32), (full / scale).astype(np.float32), kept, np.asarray(fraction)


def _phase(random: np.random.Generator, shape: tuple[int, ...]) -> ComplexArray:
    """Return a smooth phase factor (rows, columns), complex: a plane, a bowl and a ripple."""
    rows, columns = np.meshgrid(*(np.linspace(-1.0, 1.0, size) for size in shape), indexing="ij")
    slope, bowl = random.normal(0.0, 2.0, 2), random.normal(0.0, 1.0, 3)
    phase = slope[0] * rows + slope[1] * columns + bowl[0] * rows**2 + bowl[1] * columns**2 + bowl[2] * rows * columns
    return np.asarray(np.exp(1j * (phase + 0.3 * np.sin(3.0 * rows + random.uniform(0.0, 6.3)))))
