"""Images that are mirrored or transposed against their geometry are questioned: they exchange LAD and RCA."""

import numpy as np
import pytest

from QPerfusionLogic.data.aha_model import level_of
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.notices import Severity
from QPerfusionLogic.data.study import LabelMap
from QPerfusionLogic.errors import SettingsError
from QPerfusionLogic.segmentation.logic import SegmentationLogic
from QPerfusionLogic.segmentation.regions.aha_segments import given_levels
from QPerfusionLogic.segmentation.regions.orientation_checks import orientation_notices
from QPerfusionLogic.settings.schema import SegmentationSettings

ROWS, COLUMNS = np.array([-0.37, 0.37, -0.85]), np.array([0.71, 0.70, 0.0])
"""Directions of a usual short axis in the standard display."""


def short_axis(rows=ROWS, columns=COLUMNS, slices=1, step_mm=-10.0):
    matrices = np.tile(np.eye(4), (slices, 1, 1))
    normal = np.cross(COLUMNS, ROWS)
    matrices[:, :3, 0], matrices[:, :3, 1], matrices[:, :3, 2] = columns * 2.0, rows * 2.0, normal * 8.0
    matrices[:, :3, 3] = np.arange(slices)[:, None] * step_mm * normal + 20.0
    return Geometry(matrices)


def codes(notices, severity=Severity.SERIOUS):
    return [item.code for item in notices if item.severity == severity]


def test_a_heart_that_lies_as_its_geometry_says_gives_no_notice(three_slices):
    assert orientation_notices(three_slices.labels, short_axis(slices=3)) == ()


def test_an_image_that_is_turned_with_its_geometry_gives_no_notice(a_heart):
    transposed = np.transpose(a_heart.labels, (0, 2, 1))
    assert orientation_notices(transposed, short_axis(COLUMNS, ROWS)) == ()
    assert orientation_notices(a_heart.labels[:, :, ::-1], short_axis(ROWS, -COLUMNS)) == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda labels: np.transpose(labels, (0, 2, 1)),
        lambda labels: labels[:, :, ::-1],
        lambda labels: np.rot90(labels, axes=(1, 2)),
        lambda labels: labels[:, ::-1, ::-1],
    ],
    ids=["transposed", "mirrored", "a quarter turn", "half a turn"],
)
@pytest.mark.parametrize("geometry", [short_axis(), Geometry.axis_aligned(1)], ids=["placed", "without position"])
def test_an_image_that_does_not_fit_its_geometry_is_a_serious_doubt(change, geometry, a_heart):
    assert codes(orientation_notices(change(a_heart.labels), geometry)) == ["orientation-contradicted"]


def test_points_that_the_user_placed_settle_the_orientation(a_heart):
    placed = np.array([[[20.0, 30.0], [70.0, 30.0]]])
    assert orientation_notices(np.transpose(a_heart.labels, (0, 2, 1)), short_axis(), placed) == ()


def test_files_without_position_are_a_warning(a_heart):
    found = orientation_notices(a_heart.labels, Geometry.axis_aligned(1))
    assert codes(found, Severity.WARNING) == ["orientation-unknown"]


def test_a_stack_that_grows_towards_its_apex_is_a_serious_doubt(three_slices):
    found = orientation_notices(three_slices.labels, short_axis(slices=3, step_mm=10.0))
    assert codes(found) == ["slice-order-contradicted"]


def segmented(heart, as_registered, levels="automatic", slices=1):
    geometry = short_axis(slices=slices)
    series = as_registered(heart.series(), geometry)
    return SegmentationLogic(SegmentationSettings(levels=levels)).run(series, LabelMap(heart.labels, geometry))


@pytest.mark.parametrize(("levels", "shown"), [("automatic", "mid"), ("basal", "basal"), ("Apical", "apical")])
def test_the_level_of_a_single_slice_can_be_given(levels, shown, a_heart, as_registered):
    found = segmented(a_heart, as_registered, levels)
    assert level_of(found.segments[0]) == shown
    assert ("level-assumed" in codes(found.notices, Severity.NOTE)) is (levels == "automatic")


def test_the_levels_of_a_stack_can_be_given(three_slices, as_registered):
    found = segmented(three_slices, as_registered, "none,basal,apical", slices=3)
    assert [level_of(plane) for plane in found.segments] == ["", "basal", "apical"]


@pytest.mark.parametrize("text", ["basal", "basal,mid,top", "1,2,3"])
def test_levels_that_do_not_fit_the_slices_are_refused(text):
    with pytest.raises(SettingsError, match="3 slices"):
        given_levels(text, 3)
