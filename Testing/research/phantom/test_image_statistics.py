"""Image statistics on pictures whose numbers are known, and the montage made from digital patients."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from qperfusion_research.phantom.image_statistics import as_table, compare_samples, edge_width_mm, series_statistics
from qperfusion_research.phantom.montage import key_frames, main, montage_row
from qperfusion_research.phantom.real_comparison import real_statistics
from QPerfusionLogic.errors import InputError


@pytest.fixture
def a_drawn_series():
    """Ring of 30 and pool of 100 at their peaks over a baseline of 10, in a body of 40; and its labels."""
    rows, columns = np.mgrid[:64, :64]
    radius = np.hypot(rows - 32, columns - 32)
    labels = np.zeros((64, 64), np.uint8)
    labels[radius < 14], labels[radius < 8] = 1, 2
    time = np.arange(50)
    signal = np.full((50, 64, 64), 40.0)
    signal[:, labels == 2] = (10 + 90 * np.exp(-(((time - 18) / 3.0) ** 2)))[:, None]
    signal[:, labels == 1] = (10 + 20 * np.exp(-(((time - 26) / 6.0) ** 2)))[:, None]
    return signal, labels


def test_ratios_and_times_are_read_as_they_were_drawn(a_drawn_series):
    signal, labels = a_drawn_series
    found = series_statistics(signal, labels, 2.0)
    assert found["myocardium peak"] == pytest.approx(0.3)
    assert found["LV baseline"] == pytest.approx(0.1, abs=0.01)
    assert found["myocardium time to peak, frames"] == 8
    assert found["LV area mm2"] == 4.0 * (labels == 2).sum()
    assert found["LV full width, frames"] == pytest.approx(2.355 * 3.0 / np.sqrt(2.0), abs=1.0)


def test_noise_is_read_relative_to_the_peak(a_drawn_series):
    signal, labels = a_drawn_series
    noise = 3.0 * np.random.default_rng(0).standard_normal(signal.shape)
    found = series_statistics(signal + noise, labels, 2.0)
    assert found["noise, myocardium"] == pytest.approx(0.03, rel=0.15)
    assert abs(found["noise correlation, rows"]) < 0.05


def test_smoothed_noise_is_correlated(a_drawn_series):
    signal, labels = a_drawn_series
    noise = gaussian_filter(9.0 * np.random.default_rng(0).standard_normal(signal.shape), (0, 0.8, 0.0))
    found = series_statistics(signal + noise, labels, 2.0)
    assert found["noise correlation, rows"] > 0.4
    assert abs(found["noise correlation, columns"]) < 0.05


def test_a_blurred_edge_is_wider():
    rows, columns = np.mgrid[:80, :80]
    radius = np.hypot(rows - 40, columns - 40)
    cavity, muscle = radius < 12, (radius >= 12) & (radius < 20)
    image = np.where(cavity, 100.0, 20.0)
    widths = [edge_width_mm(gaussian_filter(image, sigma), cavity, muscle, 1.0) for sigma in (0.3, 1.5, 2.5)]
    assert widths[0] < widths[1] < widths[2]
    assert 1.0 < widths[1] / (2.563 * 1.5) < 1.35, "bins of 1 mm widen it a little"


def test_a_sample_compared_with_itself_cannot_be_told_apart():
    sample = [{"a": value} for value in (1.0, 2.0, 3.0)]
    assert compare_samples(sample, sample)[0].probability_digital_larger == pytest.approx(0.5)
    assert "| a | 2 (1.5-2.5) | 2 (1.5-2.5) | 0.50 |" in as_table(compare_samples(sample, sample))


def test_key_frames_follow_the_bolus(a_drawn_series):
    signal, labels = a_drawn_series
    baseline, right, left, tissue = key_frames(signal, labels)
    assert baseline <= right < left == 18
    assert tissue == 26


def test_a_montage_row_shows_four_frames(a_drawn_series):
    assert montage_row(*a_drawn_series).shape == (64, 4 * 64)
    assert montage_row(*a_drawn_series, size=40).shape == (40, 4 * 40)


def test_the_montage_is_written(tmp_path):
    assert main([str(tmp_path / "montage.png"), "--patients", "1"]) == 0
    assert (tmp_path / "montage.png").stat().st_size > 1000


def test_a_folder_without_series_is_refused(tmp_path):
    with pytest.raises(InputError):
        real_statistics(tmp_path)
