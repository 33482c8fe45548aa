"""A plain heart with known contours: concentric rings, a crescent and gamma-variate boluses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.results import Registered
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.data.study import LabelMap

SPACING_MM = 2.0


def registered(signal: np.ndarray, geometry: Geometry | None = None) -> Registered:
    """Return a signal (frames, slices, rows, columns) as a registered series with one frame a second."""
    frames, slices = signal.shape[:2]
    time_s = np.repeat(np.arange(frames, dtype=float)[:, None], slices, axis=1)
    geometry = geometry or Geometry.axis_aligned(slices, (SPACING_MM, SPACING_MM))
    return Registered(
        series=PerfusionSeries(signal.astype(np.float32), time_s, geometry),
        displacement_mm=np.zeros((frames, slices, 1, 1, 2)),
        kept=np.ones((frames, slices), dtype=bool),
        reason=tuple(("",) * slices for _ in range(frames)),
        heart_centre=np.full((slices, 2), np.nan),
    )


def gamma(time_s: np.ndarray, start: float, rise: float) -> np.ndarray:
    own = np.clip(time_s - start, 0.0, None) / rise
    return own**3 * np.exp(3.0 * (1.0 - own))


class Heart:
    """Rings of known radii around `centre`, the RV to the left of the image (the standard display)."""

    def __init__(self, radii_mm: tuple[tuple[float, float], ...] = ((20.0, 30.0),), size: int = 96) -> None:
        self.labels = np.zeros((len(radii_mm), size, size), dtype=np.uint8)
        self.centre = (0.5 * size + 3.0, 0.5 * size + 8.0)
        y = (np.arange(size)[:, None] - self.centre[0]) * SPACING_MM
        x = (np.arange(size)[None, :] - self.centre[1]) * SPACING_MM
        for index, (inner, outer) in enumerate(radii_mm):
            right = np.hypot((x + outer) / (0.9 * outer), y / (0.9 * outer)) < 1.0
            self.labels[index][right] = 3
            self.labels[index][np.hypot(y, x) < outer] = 1
            self.labels[index][np.hypot(y, x) < inner] = 2

    def series(self, noise: float = 0.01, frames: int = 45, seed: int = 0) -> np.ndarray:
        """Return (frames, slices, rows, columns): RV at 11 s, LV at 18 s, then myocardium; a bright liver."""
        time_s = np.arange(frames, dtype=float)
        left = gamma(time_s, 12.0, 6.0) + 0.15 * (time_s > 24)
        curves = {3: gamma(time_s, 6.0, 5.0) + 0.15 * (time_s > 24), 2: left}
        curves[1] = 0.25 * ndimage.uniform_filter1d(left, 11, origin=5) / 0.6
        signal = np.full((frames, *self.labels.shape), 0.03)
        signal[:, :, -20:, :] = 0.4
        for value, curve in curves.items():
            signal[:, self.labels == value] = 0.08 + curve[:, None]
        smooth = ndimage.gaussian_filter(signal, (0, 0, 0.5, 0.5))
        return smooth + np.random.default_rng(seed).normal(0.0, noise, smooth.shape)


@pytest.fixture
def a_heart() -> Heart:
    return Heart()


@pytest.fixture
def three_slices() -> Heart:
    return Heart(((22.0, 32.0), (18.0, 28.0), (11.0, 20.0)))


@pytest.fixture
def as_registered() -> Callable[..., Registered]:
    return registered


@pytest.fixture
def a_mask(a_heart: Heart) -> LabelMap:
    return LabelMap(np.where(a_heart.labels == 3, 0, a_heart.labels).astype(np.uint8))


def dice(first: np.ndarray, second: np.ndarray) -> float:
    return float(2.0 * (first & second).sum() / max(first.sum() + second.sum(), 1))


@pytest.fixture
def overlap() -> Callable[[np.ndarray, np.ndarray], float]:
    return dice
