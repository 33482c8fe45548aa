"""Frames, series and settings that the tests of this room share."""

from __future__ import annotations

import numpy as np
import pytest

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.settings.schema import SuperresolutionSettings
from QPerfusionLogic.superresolution.frames.degradation import low_resolution


@pytest.fixture(scope="session")
def sharp_frames() -> FloatArray:
    """Eight frames, 64 x 72, of a ring and many small discs in a body, in which a bolus passes; a little noise."""
    rows, columns = np.meshgrid(np.arange(64), np.arange(72), indexing="ij")

    def disc(row: float, column: float, radius: float) -> FloatArray:
        return np.clip(radius - np.hypot(rows - row, columns - column) + 0.5, 0.0, 1.0)

    pool, wall = disc(33, 36, 7.0), disc(33, 36, 12.0) - disc(33, 36, 7.0)
    body = disc(32, 36, 29.0) - disc(33, 36, 12.0)
    random = np.random.default_rng(4)
    places = random.uniform((4.0, 4.0, 0.8, 0.1), (60.0, 68.0, 3.0, 0.5), (50, 4))
    body = 0.3 * body + sum(value * disc(row, column, radius) for row, column, radius, value in places) * (wall == 0)
    bolus = np.array([0.0, 0.1, 0.6, 1.0, 0.8, 0.5, 0.4, 0.3])
    uptake = np.array([0.0, 0.0, 0.1, 0.3, 0.5, 0.6, 0.6, 0.5])
    frames = body + (0.1 + bolus)[:, None, None] * pool + (0.15 + uptake)[:, None, None] * wall
    noise = 0.005 * (random.standard_normal(frames.shape) + 1j * random.standard_normal(frames.shape))
    return np.asarray(1000.0 * np.abs(frames + noise), np.float32)


@pytest.fixture
def full_series(sharp_frames: FloatArray) -> PerfusionSeries:
    """The frames as a series of one slice."""
    time_s = np.arange(len(sharp_frames))[:, None].astype(float)
    return PerfusionSeries(sharp_frames[:, None], time_s, Geometry.axis_aligned(1))


@pytest.fixture
def low_series(full_series: PerfusionSeries) -> PerfusionSeries:
    """The same with 40 % of its lines along the rows."""
    signal = low_resolution(full_series.signal, 0.4).astype(np.float32)
    return PerfusionSeries(signal, full_series.time_s, full_series.geometry)


@pytest.fixture
def bridge_settings() -> SuperresolutionSettings:
    """The shipped network on the processor."""
    return SuperresolutionSettings(mode="residual_bridge", device="cpu")
