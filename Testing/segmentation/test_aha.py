"""AHA segments: numbers, order and size on a heart of known angles."""

import numpy as np
import pytest

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.segmentation.regions.aha_segments import aha_segments, slice_levels
from QPerfusionLogic.segmentation.regions.insertion_points import insertion_points

CLOCK = {"up": (-1, 0), "left": (0, -1), "down": (1, 0), "right": (0, 1)}


def point_at(heart, degrees, radius_mm=30.0):
    """(row, column) at an angle counter-clockwise from the right, as on the polar map."""
    angle = np.deg2rad(degrees)
    return heart.centre[0] - radius_mm / 2.0 * np.sin(angle), heart.centre[1] + radius_mm / 2.0 * np.cos(angle)


def standard_points(heart):
    """Anterior insertion at 120 degrees and inferior at 240, as on the polar map."""
    return np.array([[point_at(heart, 120.0), point_at(heart, 240.0)]] * len(heart.labels))


def segment_at(segments, heart, degrees, index=0, radius_mm=25.0):
    row, column = point_at(heart, degrees, radius_mm)
    return int(segments[index, round(row), round(column)])


def test_a_basal_ring_in_the_standard_display_reads_counter_clockwise_from_the_anterior_wall(a_heart):
    segments = aha_segments(a_heart.labels, standard_points(a_heart), Geometry.axis_aligned(1), levels=(0,))
    found = [segment_at(segments, a_heart, degrees) for degrees in (90, 150, 210, 270, 330, 30)]
    assert found == [1, 2, 3, 4, 5, 6]


def test_a_mid_ring_has_segments_seven_to_twelve(a_heart):
    segments = aha_segments(a_heart.labels, standard_points(a_heart), Geometry.axis_aligned(1), levels=(1,))
    assert [segment_at(segments, a_heart, degrees) for degrees in (90, 150, 210, 270, 330, 30)] == list(range(7, 13))


def test_an_apical_ring_has_four_segments_with_the_septum_on_the_side_of_the_right_ventricle(a_heart):
    segments = aha_segments(a_heart.labels, standard_points(a_heart), Geometry.axis_aligned(1), levels=(2,))
    assert [segment_at(segments, a_heart, degrees) for degrees in (90, 180, 270, 0)] == [13, 14, 15, 16]


def test_every_myocardial_pixel_and_no_other_has_a_segment(a_heart):
    segments = aha_segments(a_heart.labels, standard_points(a_heart), Geometry.axis_aligned(1))
    assert ((segments > 0) == (a_heart.labels == 1)).all()


def test_the_six_segments_of_a_ring_are_equally_large(a_heart):
    segments = aha_segments(a_heart.labels, standard_points(a_heart), Geometry.axis_aligned(1), levels=(0,))
    sizes = np.bincount(segments.ravel())[1:7]
    assert sizes.max() / sizes.min() < 1.1


def test_a_mirrored_image_mirrors_its_segments(a_heart):
    points = standard_points(a_heart)
    plain = aha_segments(a_heart.labels, points, Geometry.axis_aligned(1), levels=(0,))
    mirrored_points = points.copy()
    mirrored_points[..., 1] = a_heart.labels.shape[2] - 1 - points[..., 1]
    mirrored = aha_segments(a_heart.labels[:, :, ::-1], mirrored_points, Geometry.axis_aligned(1), levels=(0,))
    assert (mirrored[:, :, ::-1] == plain).mean() > 0.999


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_image_turns_its_segments(a_heart, turns):
    points = standard_points(a_heart)
    plain = aha_segments(a_heart.labels, points, Geometry.axis_aligned(1), levels=(0,))
    size = a_heart.labels.shape[1] - 1
    turned_points = points
    for _ in range(turns):
        turned_points = np.stack([size - turned_points[..., 1], turned_points[..., 0]], axis=-1)
    turned = aha_segments(
        np.rot90(a_heart.labels, turns, axes=(1, 2)), turned_points, Geometry.axis_aligned(1), levels=(0,)
    )
    assert (np.rot90(turned, -turns, axes=(1, 2)) == plain).mean() > 0.999


def test_moving_the_anterior_point_turns_the_segments_with_it(a_heart):
    points = standard_points(a_heart)
    points[0, 0] = point_at(a_heart, 150.0)
    segments = aha_segments(a_heart.labels, points, Geometry.axis_aligned(1), levels=(0,))
    assert segment_at(segments, a_heart, 120.0) == 1
    assert segment_at(segments, a_heart, 180.0) == 2


def test_without_any_point_the_right_ventricle_gives_the_direction(a_heart):
    nothing = np.full((1, 2, 2), np.nan)
    segments = aha_segments(a_heart.labels, nothing, Geometry.axis_aligned(1), levels=(0,))
    assert [segment_at(segments, a_heart, degrees) for degrees in (90, 150, 210, 270)] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("slices", "levels"),
    [
        (1, (1,)),
        (2, (0, 1)),
        (3, (0, 1, 2)),
        (4, (0, 1, 1, 2)),
        (5, (0, 0, 1, 1, 2)),
        (6, (0, 0, 1, 1, 2, 2)),
    ],
)
def test_levels_go_from_base_to_apex(slices, levels):
    labels = np.zeros((slices, 40, 40), dtype=np.uint8)
    for index in range(slices):
        labels[index, 10 : 36 - 3 * index, 10 : 36 - 3 * index] = 1
    assert slice_levels(labels, Geometry.axis_aligned(slices)) == levels
    assert slice_levels(labels[::-1], Geometry.axis_aligned(slices)) == levels[::-1]


def test_a_slice_without_myocardium_takes_no_level(three_slices):
    labels = three_slices.labels.copy()
    labels[0] = 0
    assert slice_levels(labels, Geometry.axis_aligned(3)) == (-1, 0, 1)


def test_insertion_points_lie_where_the_right_ventricle_meets_the_epicardium(a_heart):
    labels = a_heart.labels[0]
    points = insertion_points(labels == 3, np.isin(labels, (1, 2)), Geometry.axis_aligned(1, (2.0, 2.0)), 0)
    anterior, inferior = points
    assert anterior[0] < a_heart.centre[0] < inferior[0]
    assert np.allclose(np.hypot(*(points - a_heart.centre).T) * 2.0, 30.0, atol=1.5)
    # The circles of radius 30 and 27 mm, 30 mm apart, cross 53 degrees from the line between their centres.
    angle = np.rad2deg(np.arctan2(*(points - a_heart.centre).T))
    assert abs(abs(angle[0]) - (180.0 - 53.5)) < 12.0
    assert abs(angle[0] + angle[1]) < 6.0


def test_no_right_ventricle_gives_no_insertion_point(a_heart):
    ventricle = np.isin(a_heart.labels[0], (1, 2))
    points = insertion_points(np.zeros_like(ventricle), ventricle, Geometry.axis_aligned(1), 0)
    assert np.isnan(points).all()
