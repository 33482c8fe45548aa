"""A given mask whose myocardium is blood, or lies round the right ventricle, is refused."""

import numpy as np
import pytest

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.segmentation.contours.slice_labels import refuse_blood
from QPerfusionLogic.segmentation.first_pass.blood_pools import BloodPools

ROWS, COLUMNS = np.indices((60, 60))


def disc(row, column, radius):
    return (np.hypot(ROWS - row, COLUMNS - column) < radius)[None]


@pytest.fixture
def pools():
    """RV on the left of the image, LV on the right."""
    right, left = disc(30, 15, 8), disc(30, 42, 8)
    return BloodPools(5, 8, 10, right, left, np.array([[30.0, 42.0]]), np.ones(1))


def ring(row, column):
    labels = np.where(disc(row, column, 14), 1, 0)
    return np.where(disc(row, column, 8), 2, labels).astype(np.uint8)


def test_the_wall_of_the_left_ventricle_is_taken(pools):
    refuse_blood(ring(30, 42), pools, "mask")
    refuse_blood(np.where(ring(30, 42) == 1, 1, 0).astype(np.uint8), pools, "mask without cavity")


def test_blood_under_the_label_of_the_wall_is_refused(pools):
    swapped = np.array([0, 2, 1], dtype=np.uint8)[ring(30, 42)]
    with pytest.raises(InputError, match="label 1 enhances like blood"):
        refuse_blood(swapped, pools, "mask")


def test_a_wall_round_the_right_ventricle_is_refused(pools):
    with pytest.raises(InputError, match="round the blood that comes first"):
        refuse_blood(ring(30, 15), pools, "mask")
