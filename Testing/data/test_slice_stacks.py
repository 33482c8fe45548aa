"""Positions of slices that a file notes are matrices, or the file is refused."""

import numpy as np
import pytest

from QPerfusionLogic.data.slice_stacks import in_series_order, times_of_slices
from QPerfusionLogic.errors import InputError


@pytest.mark.parametrize("noted", [[[1, 2], [3]], "text", [[["a"] * 4] * 4], [[[float("nan")] * 4] * 4], {"a": 1}])
def test_damaged_positions_of_slices_are_refused(noted):
    with pytest.raises(InputError, match="times of slices"):
        in_series_order(np.eye(4), 1, noted)


@pytest.mark.parametrize("noted", [[[1, 2], [3]], "text", [[float("inf")]]])
def test_damaged_times_of_slices_are_refused(noted):
    with pytest.raises(InputError, match="times of slices"):
        times_of_slices(np.zeros(1), noted, 1)
