from __future__ import annotations

import numpy as np
import pytest

from QPerfusionLogic.phantom.anatomy.heart import HeartShape, draw_heart
from QPerfusionLogic.phantom.anatomy.shapes import Canvas
from QPerfusionLogic.phantom.anatomy.slice_object import make_grid
from QPerfusionLogic.phantom.anatomy.tissue_types import AIR, RV_BLOOD, TISSUES


@pytest.mark.parametrize("level", [0.1, 0.5, 0.8])
def test_the_right_ventricle_inserts_where_its_cavity_ends_on_the_epicardium(level: float) -> None:
    grid = make_grid(192, 1.0, 2, 0.0, False)
    canvas = Canvas(len(TISSUES), grid, AIR)
    place = draw_heart(canvas, HeartShape(trabeculation=0.0), level, 1.0)
    on_wall = (canvas.fractions[RV_BLOOD] > 0.3) & (np.abs(place.epi_depth_mm) < 2.0)
    for point in (place.anterior_insertion_mm, place.inferior_insertion_mm):
        distance_mm = np.hypot(grid.x_mm - point[0], grid.y_mm - point[1])[on_wall].min()
        assert distance_mm < 4.0
