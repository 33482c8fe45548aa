"""Which way the heart lies, whatever way the image does."""

import numpy as np
import pytest

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.segmentation.regions.orientation import anterior_direction, apex_normal, base_to_apex

SHORT_AXIS = {
    "rows": np.array([-0.37, 0.37, -0.85]),
    "columns": np.array([0.71, 0.70, 0.0]),
}
"""A usual short-axis plane in the standard display: columns run from the septum to the lateral wall."""


def short_axis(rows: np.ndarray, columns: np.ndarray, slices: int = 1, step_mm: float = 10.0) -> Geometry:
    matrices = np.zeros((slices, 4, 4))
    normal = np.cross(SHORT_AXIS["columns"], SHORT_AXIS["rows"])
    normal = normal / np.linalg.norm(normal)
    matrices[:, :3, 0], matrices[:, :3, 1], matrices[:, :3, 2] = columns * 2.0, rows * 2.0, normal * 8.0
    matrices[:, 3, 3] = 1.0
    matrices[:, :3, 3] = np.arange(slices)[:, None] * step_mm * normal
    return Geometry(matrices)


def test_the_anterior_wall_is_up_in_the_standard_display():
    geometry = short_axis(SHORT_AXIS["rows"], SHORT_AXIS["columns"])
    direction = anterior_direction(geometry, 0, np.array([0.0, -1.0]))
    assert direction @ [-1.0, 0.0] > 0.95


@pytest.mark.parametrize("flip_rows", [1, -1])
@pytest.mark.parametrize("flip_columns", [1, -1])
@pytest.mark.parametrize("transpose", [False, True])
def test_the_anterior_wall_is_the_same_place_in_the_patient_for_mirrored_and_turned_images(
    flip_rows, flip_columns, transpose
):
    rows, columns = flip_rows * SHORT_AXIS["rows"], flip_columns * SHORT_AXIS["columns"]
    right_lps = -SHORT_AXIS["columns"]
    if transpose:
        rows, columns = columns, rows
    geometry = short_axis(rows, columns)
    towards_right = np.array([right_lps @ rows, right_lps @ columns])
    row, column = anterior_direction(geometry, 0, towards_right)
    anterior_lps = row * rows + column * columns
    assert anterior_lps @ -SHORT_AXIS["rows"] > 0.95


def test_the_apex_lies_to_the_left_in_front_and_below():
    normal = apex_normal(short_axis(SHORT_AXIS["rows"], SHORT_AXIS["columns"]), 0)
    assert np.sign(normal).tolist() == [1.0, -1.0, -1.0]


@pytest.mark.parametrize("step_mm", [10.0, -10.0])
def test_slices_are_ordered_from_base_to_apex_by_their_position(step_mm):
    geometry = short_axis(SHORT_AXIS["rows"], SHORT_AXIS["columns"], 3, step_mm)
    order = base_to_apex(geometry, np.array([10.0, 10.0, 10.0]))
    first, last = geometry.index_to_lps[order[0], :3, 3], geometry.index_to_lps[order[-1], :3, 3]
    assert (last - first) @ np.array([1.0, -1.0, -1.0]) > 0.0


def test_slices_without_a_position_are_ordered_by_the_area_of_the_ventricle():
    assert base_to_apex(Geometry.axis_aligned(3), np.array([100.0, 300.0, 500.0])) == [2, 1, 0]
