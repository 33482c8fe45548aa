from __future__ import annotations

import numpy as np
import pytest

from QPerfusionLogic.phantom.scanner.scanner import Scanner


@pytest.mark.parametrize("rotation_deg", [0.0, 35.0, -50.0])
def test_the_heart_lies_in_the_chest_as_hearts_do(rotation_deg: float) -> None:
    """Short-axis views of patients: towards the free wall is left and posterior, towards the inferior wall is down."""
    scanner = Scanner(rotation_rad=np.deg2rad(rotation_deg))
    columns, rows, base_to_apex = scanner.axes()
    angle = np.deg2rad(rotation_deg)
    free_wall = columns * np.cos(angle) - rows * np.sin(angle)
    inferior = columns * np.sin(angle) + rows * np.cos(angle)
    assert free_wall[0] > 0.3, "left is +x"
    assert free_wall[1] > 0.3, "posterior is +y"
    assert inferior[2] < -0.5, "inferior is -z"
    np.testing.assert_allclose(np.cross(columns, rows), -base_to_apex, atol=1e-12)
