"""Series to train on: slices of digital patients, and pictures of overlapping shapes, rich in edges as life is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, fftfreq, fftshift, ifft2, ifftshift
from scipy.ndimage import fourier_shift, gaussian_filter

from qperfusion_research.phantom.training_slices import training_sample
from QPerfusionLogic.data.arrays import FloatArray

ShapeLabels = NDArray[np.int32]
SIZE = 128
"""Rows and columns of a training frame."""
LENGTH = 16
"""Frames of a training series."""
FINE = 3
"""Points per pixel and direction on which shapes are drawn before the scanner's k-space cuts their detail."""


def training_series(seed: int, count: int, noise: bool = True) -> FloatArray:
    """Return (count, LENGTH, SIZE, SIZE) float16 magnitude series, half digital patients, half shapes; top near 1.

    Without noise they are the truth behind the same series.

    Examples
    --------
    >>> training_series(0, 1).shape
    (1, 16, 128, 128)
    """
    found = np.empty((count, LENGTH, SIZE, SIZE), np.float16)
    for index in range(count):
        draw: Callable[..., FloatArray] = patient_series if index % 2 == 0 else shape_series
        found[index] = draw(seed * 1_000_003 + index, noise=noise)
    return found


def patient_series(seed: int, count: int = LENGTH, noise: bool = True) -> FloatArray:
    """Return (count, SIZE, SIZE) consecutive frames of one digital patient, a part of the passage of the bolus."""
    random = np.random.default_rng([seed, 17])
    sample = training_sample(seed, SIZE, frames=40, noise=noise)
    first = sample.peak_frames["right_ventricle"] - int(random.integers(-6, count))
    first = int(np.clip(first, 0, 40 - count))
    return scaled(sample.signal[first : first + count])


def shape_series(seed: int, count: int = LENGTH, noise: bool = True) -> FloatArray:
    """Return (count, SIZE, SIZE) frames of one picture of overlapping shapes that moves and changes its intensities.

    Shapes of power-law sizes that hide one another have the edge statistics of photographs (Lee, Mumford and Huang,
    Int J Comput Vis 2001;41:35-59); here they are sampled as a scanner does, by a cut and filtered k-space.
    """
    random = np.random.default_rng([seed, 23])
    labels = overlapping_shapes(random)
    texture = _texture(random, labels.shape)
    levels = _changing_levels(random, int(labels.max()) + 1, count)
    places = _breathing(random, count)
    pictures = ((levels[:, frame][labels] * texture).astype(np.float32) for frame in range(count))
    return scaled(_scanned(random, pictures, places, noise))


def scaled(frames: FloatArray) -> FloatArray:
    """Return frames with a common scale that brings their 99.5 % point to 1."""
    return np.asarray(frames / max(float(np.percentile(frames, 99.5)), 1e-6), np.float32)


def overlapping_shapes(random: np.random.Generator) -> ShapeLabels:
    """Return (FINE SIZE, FINE SIZE) labels: ellipses, bars and rings of all sizes, one over another."""
    size = FINE * SIZE
    labels = np.zeros((size, size), np.int32)
    smallest = random.uniform(0.7, 3.0) * FINE
    number = int(random.integers(120, 600))
    radii = np.sort(_power_distributed(random, smallest, 0.35 * size, number))[::-1]
    spread = random.uniform(0.0, 0.6)
    for index, radius in enumerate(radii * np.exp(random.normal(0.0, spread, number))):
        _draw(random, labels, float(radius), index + 1)
    return labels


def _power_distributed(random: np.random.Generator, low: float, high: float, number: int) -> FloatArray:
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


def _changing_levels(random: np.random.Generator, shapes: int, frames: int) -> FloatArray:
    """Return the intensity (shapes, frames) of each shape: some stay, others rise, and may fall again."""
    power = random.uniform(0.7, 3.0, 2)
    before, after = random.random(shapes) ** power[0], random.random(shapes) ** power[1]
    after = np.where(random.random(shapes) < random.uniform(0.2, 1.0), after, before)
    arrivals = random.uniform(-4.0, frames + 4.0, 3)[random.integers(0, 3, shapes)] + random.normal(0.0, 0.7, shapes)
    widths, stay = random.uniform(0.3, 3.0, shapes), random.uniform(1.0, 12.0, shapes)
    late = (np.arange(frames) - arrivals[:, None]) / widths[:, None]
    rise, fall = (1.0 / (1.0 + np.exp(-np.clip(part, -30.0, 30.0))) for part in (late, late - (stay / widths)[:, None]))
    share = rise - random.uniform(0.0, 1.0, shapes)[:, None] * fall
    return np.asarray(before[:, None] + (after - before)[:, None] * share)


def _breathing(random: np.random.Generator, frames: int) -> FloatArray:
    """Return how far the picture lies (frames, 2) from its place, in pixels: nothing, a breath, jumps."""
    if random.random() < 0.25:
        return np.zeros((frames, 2))
    reach, period = float(np.exp(random.uniform(np.log(0.2), np.log(5.0)))), random.uniform(3.0, 14.0)
    breath = np.sin(2.0 * np.pi * np.arange(frames) / period + random.uniform(0.0, 6.3))
    angle = random.uniform(0.0, 2.0 * np.pi)
    jumps = random.normal(0.0, random.uniform(0.0, 0.6), (frames, 2))
    return np.asarray(reach * breath[:, None] * np.array([np.cos(angle), np.sin(angle)]) + jumps)


def _scanned(
    random: np.random.Generator, pictures: Iterable[FloatArray], places: FloatArray, noisy: bool
) -> FloatArray:
    """Return (frames, SIZE, SIZE) magnitude after motion, a cut and filtered k-space and complex noise."""
    window = scanner_window(random)
    share = float(np.exp(random.uniform(np.log(0.003), np.log(0.04)))) * noisy
    level, frames = 0.0, []
    for picture, place in zip(pictures, places, strict=True):
        size = picture.shape[0]
        level = level or share * float(picture.max())
        centre = slice((size - SIZE) // 2, (size - SIZE) // 2 + SIZE)
        spectrum = ifftshift(fftshift(fft2(picture))[centre, centre]) / FINE**2
        spectrum = fourier_shift(spectrum, place)
        noise = fft2(level * (random.standard_normal((SIZE, SIZE)) + 1j * random.standard_normal((SIZE, SIZE))))
        frames.append(np.abs(ifft2((spectrum + noise) * window)).astype(np.float32))
    return np.stack(frames)


def scanner_window(random: np.random.Generator) -> FloatArray:
    """Return the (SIZE, SIZE) k-space window of a scanner: how far it measures, how softly its filter ends."""
    frequency = np.abs(fftfreq(SIZE)) * 2.0
    softness = random.uniform(0.0, 1.0)
    windows = []
    for limit in np.minimum(random.uniform(0.6, 1.1, 2), 1.0):
        hann = 0.5 * (1.0 + np.cos(np.pi * np.minimum(frequency / limit, 1.0)))
        windows.append(np.where(frequency <= limit, 1.0 - softness + softness * hann, 0.0))
    return np.outer(windows[0], windows[1])
