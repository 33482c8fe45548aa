"""What noise adds to magnitudes, and reading it from frames some of which are missing."""

from __future__ import annotations

import numpy as np
import pytest

from QPerfusionLogic.signal_model.magnitude import are_magnitudes, noise_variance, without_noise_floor


@pytest.mark.parametrize("height", [2.0, 3.0, 10.0])
def test_the_mean_of_magnitudes_is_brought_back_to_the_signal(height):
    real, imaginary = np.random.default_rng(1).normal(0.0, 1.0, (2, 200_000))
    level = np.hypot(height + real, imaginary).mean()
    assert without_noise_floor(level, 1.0) == pytest.approx(height, rel=0.03)


def test_missing_frames_and_pixels_leave_the_variance_of_the_others():
    frames = 20.0 + np.random.default_rng(2).normal(0.0, 2.0, (40, 300))
    frames[::9] = np.nan
    frames[:, :5] = np.nan
    variance = noise_variance(frames)
    assert (variance[:5] == 0.0).all()
    assert variance[5:].mean() == pytest.approx(4.0, rel=0.15)


def test_too_few_frames_tell_nothing_and_a_missing_level_stays_missing():
    assert (noise_variance(np.ones((3, 4))) == 0.0).all()
    assert (noise_variance(np.ones((0, 4))) == 0.0).all()
    assert np.isnan(without_noise_floor(np.nan, 1.0))


def test_real_parts_are_told_from_magnitudes():
    real = np.random.default_rng(3).normal(0.5, 1.0, (10, 1, 20, 20))
    assert not are_magnitudes(real)
    assert are_magnitudes(np.abs(real))
