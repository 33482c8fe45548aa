"""Frames to train on: slices of digital patients, and pictures of overlapping shapes, rich in edges as life is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, fftfreq, fftshift, ifft2, ifftshift
from scipy.ndimage import gaussian_filter

from QPerfusionLogic.phantom.training import training_sample
from QPerfusionLogic.study import FloatArray

ShapeLabels = NDArray[np.int32]

SIZE = 128
"""Rows and columns of a training frame."""
FINE = 3
"""Points per pixel and direction on which shapes are drawn before the scanner's k-space cuts their detail."""


def training_frames(seed: int, count: int) -> FloatArray:
    """Return (count, SIZE, SIZE) float16 magnitude frames, half digital patients, half shapes; top near 1.

    Examples
    --------
    >>> training_frames(0, 4).shape
    (4, 128, 128)
    """
    groups: list[FloatArray] = []
    index = 0
    while sum(len(group) for group in groups) < count:
        draw: Callable[[int], FloatArray] = patient_frames if index % 2 == 0 else shape_frames
        groups.append(draw(seed * 1_000_003 + index).astype(np.float16))
        index += 1
    return np.concatenate(groups)[:count]


def patient_frames(seed: int, count: int = 5) -> FloatArray:
    """Return (count, SIZE, SIZE) frames of one digital patient, spread over the passage of the bolus."""
    random = np.random.default_rng([seed, 17])
    sample = training_sample(seed, SIZE, frames=40)
    peaks = sample.peak_frames
    moments = np.concatenate(
        [[peaks["right_ventricle"], peaks["left_ventricle"], peaks["myocardium"]], random.integers(0, 40, count)]
    )
    return scaled(sample.signal[np.minimum(moments[:count], 39)])


def shape_frames(seed: int, count: int = 5) -> FloatArray:
    """Return (count, SIZE, SIZE) frames of one picture of overlapping shapes with changing intensities.

    Shapes of power-law sizes that hide one another have the edge statistics of photographs (Lee, Mumford and Huang,
    Int J Comput Vis 2001;41:35-59); here they are sampled as a scanner does, by a cut and filtered k-space.
    """
    random = np.random.default_rng([seed, 23])
    labels = overlapping_shapes(random)
    frames = []
    for _ in range(count):
        levels = random.random(labels.max() + 1) ** random.uniform(0.7, 3.0)
        picture = levels[labels] * _texture(random, labels.shape)
        frames.append(_scanned(random, picture.astype(np.float32)))
    return scaled(np.stack(frames))


def scaled(frames: FloatArray) -> FloatArray:
    """Return frames with a common scale that brings their 99.5 % point to 1."""
    return np.asarray(frames / max(float(np.percentile(frames, 99.5)), 1e-6), np.float32)


def overlapping_shapes(random: np.random.Generator) -> ShapeLabels:
    """Return (FINE SIZE, FINE SIZE) labels: ellipses, bars and rings of all sizes, one over another."""
    size = FINE * SIZE
    labels = np.zeros((size, size), np.int32)
    smallest = random.uniform(0.7, 3.0) * FINE
    number = int(random.integers(120, 600))
    radii = np.sort(_power_law(random, smallest, 0.35 * size, number))[::-1]
    spread = random.uniform(0.0, 0.6)
    for index, radius in enumerate(radii * np.exp(random.normal(0.0, spread, number))):
        _draw(random, labels, float(radius), index + 1)
    return labels


def _power_law(random: np.random.Generator, low: float, high: float, number: int) -> FloatArray:
    """Return sizes with density proportional to size^-3, as scale invariance asks, or flatter."""
    power = random.uniform(0.6, 3.0)
    share = random.random(number)
    return np.asarray((low**-power + share * (high**-power - low**-power)) ** (-1.0 / power))


def _draw(random: np.random.Generator, labels: ShapeLabels, radius: float, value: int) -> None:
    """Paint one shape over what is there, inside its own box only."""
    size = labels.shape[0]
    centre = random.uniform(0.0, size, 2)
    kind = random.random()
    aspect = random.uniform(0.3, 1.0) if kind < 0.7 else random.uniform(0.04, 0.2)
    reach = 1.25 * radius
    low = np.maximum(np.floor(centre - reach), 0).astype(int)
    high = np.minimum(np.ceil(centre + reach) + 1, size).astype(int)
    if (high <= low).any():
        return
    y = np.arange(low[0], high[0], dtype=np.float32)[:, None] - np.float32(centre[0])
    x = np.arange(low[1], high[1], dtype=np.float32)[None, :] - np.float32(centre[1])
    turn = random.uniform(0.0, np.pi)
    along, across = np.cos(turn) * x + np.sin(turn) * y, -np.sin(turn) * x + np.cos(turn) * y
    across = across + random.normal(0.0, 0.3) * along * along / radius
    wave = random.normal(0.0, 0.12) * np.cos(random.integers(2, 6) * np.arctan2(across, along) + random.uniform(0, 6.3))
    distance = np.hypot(along, across / aspect) / radius
    inside = distance < 1.0 + wave
    if 0.35 < kind < 0.5:
        inside &= distance > random.uniform(0.4, 0.85) + wave
    labels[low[0] : high[0], low[1] : high[1]][inside] = value


def _texture(random: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    """Return a factor around 1: coil shading, and in some pictures a fine grain."""
    rows, columns = np.meshgrid(*(np.linspace(-1.0, 1.0, size, dtype=np.float32) for size in shape), indexing="ij")
    angle = random.uniform(0.0, 2.0 * np.pi)
    factor = np.exp(random.uniform(0.0, 0.8) * (np.cos(angle) * rows + np.sin(angle) * columns))
    if random.random() < 0.8:
        grain = gaussian_filter(random.standard_normal(shape, dtype=np.float32), FINE * random.uniform(0.5, 2.0))
        factor = factor * np.clip(1.0 + random.uniform(0.0, 0.4) * grain / grain.std(), 0.05, None)
    return np.asarray(factor)


def _scanned(random: np.random.Generator, picture: FloatArray) -> FloatArray:
    """Return (SIZE, SIZE) magnitude after a cut and filtered k-space and complex noise."""
    size = picture.shape[0]
    centre = slice((size - SIZE) // 2, (size - SIZE) // 2 + SIZE)
    spectrum = ifftshift(fftshift(fft2(picture))[centre, centre]) / FINE**2
    top = float(picture.max())
    level = top * float(np.exp(random.uniform(np.log(0.003), np.log(0.04))))
    noise = fft2(level * (random.standard_normal((SIZE, SIZE)) + 1j * random.standard_normal((SIZE, SIZE))))
    return np.abs(ifft2((spectrum + noise) * scanner_window(random))).astype(np.float32)


def scanner_window(random: np.random.Generator) -> FloatArray:
    """Return the (SIZE, SIZE) k-space window of a scanner: how far it measures, how softly its filter ends."""
    frequency = np.abs(fftfreq(SIZE)) * 2.0
    softness = random.uniform(0.0, 1.0)
    windows = []
    for limit in np.minimum(random.uniform(0.6, 1.1, 2), 1.0):
        hann = 0.5 * (1.0 + np.cos(np.pi * np.minimum(frequency / limit, 1.0)))
        windows.append(np.where(frequency <= limit, 1.0 - softness + softness * hann, 0.0))
    return np.outer(windows[0], windows[1])
