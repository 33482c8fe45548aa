"""Rings by dynamic programming."""

import numpy as np

from QPerfusionLogic.segmentation.contours.polar_rings import PolarGrid, best_ring, hull_ring


def test_the_best_ring_follows_a_valley_in_noise():
    random = np.random.default_rng(1)
    truth = 40.0 + 8.0 * np.cos(np.arange(96) * 2 * np.pi / 96)
    cost = np.minimum(np.abs(np.arange(80)[None, :] - truth[:, None]), 10.0) + random.normal(0.0, 2.0, (96, 80))
    assert np.abs(best_ring(cost, stiffness=0.5) - truth).mean() < 1.5


def test_the_ring_is_closed():
    random = np.random.default_rng(2)
    ring = best_ring(random.normal(size=(96, 60)), stiffness=0.2, reach=3)
    assert abs(ring[0] - ring[-1]) <= 3


def test_the_hull_bridges_a_notch_and_leaves_a_circle_alone():
    angle = np.arange(96) * 2 * np.pi / 96
    circle = np.full(96, 20.0)
    notched = np.where(np.abs(angle - np.pi) < 0.3, 12.0, 20.0)
    assert np.allclose(hull_ring(circle, angle), 20.0)
    assert hull_ring(notched, angle).min() > 18.5


def test_a_disc_has_the_area_of_its_contour():
    grid = PolarGrid((30.0, 31.5), (1.5, 1.5), 40.0)
    area = grid.inside(np.full(96, 20.0), (64, 64)).sum() * 1.5**2
    assert abs(area / (np.pi * 20.0**2) - 1.0) < 0.03
