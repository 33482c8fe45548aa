"""Low-resolution frames: which lines are measured, what is left of the image."""

from __future__ import annotations

import numpy as np
import pytest

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.superresolution.frames.acquired import edge_of_spectrum
from QPerfusionLogic.superresolution.frames.degradation import (
    kept_lines,
    low_resolution,
    low_resolution_pair,
    measured_lines,
)


@pytest.mark.parametrize(("size", "fraction", "count"), [(96, 0.3, 29), (96, 0.4, 38), (96, 0.5, 48), (97, 0.4, 39)])
def test_as_many_central_lines_are_measured_as_the_fraction_says(size: int, fraction: float, count: int) -> None:
    lines = np.fft.fftshift(measured_lines(size, fraction))
    assert lines.sum() == count
    where = np.flatnonzero(lines)
    assert where[-1] - where[0] == count - 1
    assert abs(where.mean() - size // 2) <= 0.5


def test_kept_lines_come_in_pairs_of_both_signs() -> None:
    for size in (31, 32, 96, 97):
        kept = kept_lines(size, 0.4)
        assert (kept == kept[-np.arange(size) % size]).all()


def test_a_slow_wave_survives_and_a_fast_one_is_gone() -> None:
    rows = np.arange(96)[:, None] / 96.0
    slow, fast = np.cos(2 * np.pi * 5 * rows), np.cos(2 * np.pi * 30 * rows)
    image = np.broadcast_to(10.0 + slow + fast, (96, 40))
    np.testing.assert_allclose(low_resolution(image, 0.4), np.broadcast_to(10.0 + slow, (96, 40)), atol=1e-10)


def test_the_direction_of_phase_encoding_can_be_either(sharp_frames: FloatArray) -> None:
    turned = sharp_frames.swapaxes(-2, -1)
    np.testing.assert_allclose(
        low_resolution(turned, 0.4, axis=-1).swapaxes(-2, -1), low_resolution(sharp_frames, 0.4), atol=1e-6
    )


def test_low_and_full_complex_frames_share_the_noise_of_the_measured_lines() -> None:
    random = np.random.default_rng(0)
    image = np.full((64, 64), 100.0 + 0.0j)
    low, full = low_resolution_pair(image, 1.0, 0.4, random)
    kept = kept_lines(64, 0.4)
    difference = np.abs(np.fft.fft(low - full, axis=0))
    assert difference[kept].max() < 0.1 * difference[~kept].max()


def test_a_fraction_that_leaves_no_line_out_is_refused() -> None:
    with pytest.raises(InputError, match="phase-encoding lines"):
        measured_lines(96, 1.0)


@pytest.mark.parametrize("fraction", [0.3, 0.4, 0.5])
def test_the_edge_of_the_spectrum_tells_the_fraction(sharp_frames: FloatArray, fraction: float) -> None:
    found, drop = edge_of_spectrum(low_resolution(sharp_frames, fraction), -2)
    assert drop > 2.0
    assert found == pytest.approx(fraction, abs=0.03)


def test_a_full_spectrum_has_no_edge(sharp_frames: FloatArray) -> None:
    assert edge_of_spectrum(sharp_frames, -2)[1] < 2.0
    assert edge_of_spectrum(sharp_frames, -1)[1] < 2.0
