"""Points of one series in another: the same place in the patient, whatever the grids."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from QPerfusionLogic.data.geometry import Geometry


def oblique(seed, slices=3, spacing_mm=(1.7, 2.3), thickness_mm=8.0, mirrored=False):
    random = np.random.default_rng(seed)
    axes = Rotation.random(random_state=seed).as_matrix() * np.array([spacing_mm[1], spacing_mm[0], thickness_mm])
    axes[:, 2] *= -1.0 if mirrored else 1.0
    matrices = np.tile(np.eye(4), (slices, 1, 1))
    matrices[:, :3, :3] = axes
    matrices[:, :3, 3] = random.normal(0.0, 80.0, 3) + np.arange(slices)[:, None] * 1.5 * axes[:, 2]
    return Geometry(matrices)


@pytest.mark.parametrize("seed", range(5))
def test_pixels_go_to_the_patient_and_back(seed):
    geometry = oblique(seed, mirrored=seed % 2 == 1)
    points = geometry.positions(1, (5, 7), finer=2)
    rows, columns, off_plane = np.moveaxis(geometry.in_slice(1, points), -1, 0)
    assert rows[:, 0] == pytest.approx((np.arange(10) + 0.5) / 2 - 0.5)
    assert columns[0] == pytest.approx((np.arange(14) + 0.5) / 2 - 0.5)
    assert off_plane == pytest.approx(0.0, abs=1e-9)
    assert geometry.nearest_slice(points) == (1, pytest.approx(0.0, abs=1e-9))


def test_axes_are_those_of_rows_and_columns():
    geometry = oblique(3)
    rows, columns = geometry.in_plane_axes[2]
    spacing = geometry.pixel_spacing_mm
    assert geometry.lps_of(2, 1.0, 0.0) - geometry.lps_of(2, 0.0, 0.0) == pytest.approx(spacing[0] * rows)
    assert geometry.lps_of(2, 0.0, 1.0) - geometry.lps_of(2, 0.0, 0.0) == pytest.approx(spacing[1] * columns)


def test_a_plane_in_the_patient_is_sampled_alike_on_every_grid():
    geometry, other = oblique(1), oblique(1, spacing_mm=(2.9, 1.1))
    slope = np.array([0.3, -0.7, 0.2])
    values = np.stack([geometry.positions(index, (60, 60)) @ slope for index in range(3)])
    points = other.positions(1, (20, 20))
    found = geometry.sample(values, points, 1.0)
    assert np.isfinite(found).all()
    assert found == pytest.approx(points @ slope)


def test_slices_too_far_away_and_places_off_the_grid_have_no_value():
    geometry = oblique(2)
    values = np.ones((3, 10, 10))
    points = geometry.positions(0, (12, 12))
    found = geometry.sample(values, points, 1.0)
    assert np.isfinite(found[:10, :10]).all()
    assert np.isnan(found[10:]).all()
    assert np.isnan(geometry.sample(values, points, 1.0, among=np.array([False, True, True]))).all()


def test_only_files_without_a_place_have_none():
    assert not Geometry.axis_aligned(3).has_position
    assert not Geometry(Geometry.axis_aligned(1).index_to_lps * np.array([-1, -1, 1, 1])).has_position
    assert oblique(0).has_position
