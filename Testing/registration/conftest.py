"""A small beating-free heart with a bolus, moved by a known amount."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.series import PerfusionSeries, State

SPACING_MM = 2.2


def heart_frames(frames: int = 40, size: int = 128, noise: float = 2.0, seed: int = 3) -> np.ndarray:
    """Return (frames, size, size) images of a still chest with two blood pools, a myocardium and a passing bolus."""
    rows, columns = np.indices((size, size)) - size / 2.0
    time = np.arange(frames, dtype=float)

    def bolus(start: float, width: float) -> np.ndarray:
        shifted = np.clip(time - start, 0.0, None) / width
        return shifted**2 * np.exp(2.0 * (1.0 - shifted))

    left = np.hypot(rows, columns) < 10.0
    wall = (np.hypot(rows, columns) < 16.0) & ~left
    right = (np.hypot(rows + 4.0, (columns + 22.0) * 1.2) < 9.0) & ~wall
    body = np.hypot(rows * 1.1, columns) < 0.46 * size
    lung = (np.hypot(rows + 8.0, (columns - 32.0) * 0.8) < 15.0) & ~wall
    liver = (np.hypot(rows - 40.0, columns + 20.0) < 20.0) & ~wall
    still = 60.0 * body + 25.0 * wall + 40.0 * liver - 45.0 * lung
    images = (
        still
        + right * 160.0 * bolus(6.0, 4.0)[:, None, None]
        + left * 150.0 * bolus(11.0, 5.0)[:, None, None]
        + wall * 45.0 * bolus(14.0, 10.0)[:, None, None]
    )
    smooth = ndimage.gaussian_filter(images, (0.0, 0.8, 0.8))
    return smooth + np.random.default_rng(seed).normal(0.0, noise, smooth.shape)


@pytest.fixture(scope="session")
def still_frames() -> np.ndarray:
    """(40, 128, 128) frames without motion."""
    return heart_frames()


@pytest.fixture(scope="session")
def breathing() -> np.ndarray:
    """(40, 2) displacement in pixels of a patient who breathes mostly along the rows."""
    time = np.arange(40)
    return np.stack([2.5 * np.sin(time / 2.3) + 0.04 * time, 0.8 * np.sin(time / 2.3 + 0.4)], axis=1)


@pytest.fixture(scope="session")
def as_series() -> Callable[..., PerfusionSeries]:
    """Return a function that makes a series from (frames, [slices,] rows, columns) images."""

    def make(images: np.ndarray, spacing_mm: float = SPACING_MM, **fields: object) -> PerfusionSeries:
        signal = images[:, None] if images.ndim == 3 else images
        time_s = np.repeat(np.arange(len(signal), dtype=float)[:, None], signal.shape[1], axis=1)
        geometry = Geometry.axis_aligned(signal.shape[1], (spacing_mm, spacing_mm))
        return PerfusionSeries(np.asarray(signal, np.float32), time_s, geometry, state=State.REST, **fields)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def moved() -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return a function that moves the content of every frame by (frames, 2) pixels."""

    def move(frames: np.ndarray, displacement: np.ndarray) -> np.ndarray:
        return np.stack(
            [ndimage.shift(image, d, order=3, mode="nearest") for image, d in zip(frames, displacement, strict=True)]
        )

    return move
