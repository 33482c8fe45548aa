"""Training samples: deterministic, complete, varied and fast enough."""

from __future__ import annotations

import numpy as np
import pytest

from qperfusion_research.phantom.training_slices import training_sample


def test_the_same_seed_gives_the_same_sample():
    first, again = training_sample(3), training_sample(3)
    assert np.array_equal(first.signal, again.signal)
    assert np.array_equal(first.labels, again.labels)


@pytest.mark.parametrize("seed", range(12))
def test_every_sample_has_a_whole_heart_in_view(seed):
    sample = training_sample(seed)
    assert np.isfinite(sample.signal).all()
    assert sample.labels.shape == sample.signal.shape[1:]
    assert (sample.labels == 1).sum() > 40
    assert (sample.labels == 2).sum() > 5
    assert np.all((sample.insertion_points > 0) & (sample.insertion_points < sample.labels.shape[0]))


@pytest.mark.parametrize("seed", range(6))
def test_the_right_ventricle_fills_before_the_left(seed):
    peaks = training_sample(seed).peak_frames
    assert peaks["right_ventricle"] < peaks["left_ventricle"] <= peaks["myocardium"]


@pytest.mark.parametrize("seed", range(6))
def test_insertion_points_lie_on_the_outer_edge_of_the_myocardium(seed):
    sample = training_sample(seed)
    rows, columns = np.nonzero(sample.labels == 1)
    for point in sample.insertion_points:
        assert np.hypot(rows - point[0], columns - point[1]).min() * sample.pixel_mm < 5.0


@pytest.mark.slow
def test_hearts_come_in_every_size_and_orientation():
    samples = [training_sample(seed) for seed in range(30)]
    areas = np.array([(sample.labels == 2).sum() * sample.pixel_mm**2 for sample in samples])
    towards = [
        sample.insertion_points.mean(axis=0) - np.argwhere(sample.labels == 2).mean(axis=0) for sample in samples
    ]
    quadrants = {(bool(row > 0), bool(column > 0)) for row, column in towards}
    assert areas.max() > 4.0 * areas.min()
    assert len(quadrants) == 4
