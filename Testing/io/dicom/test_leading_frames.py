from __future__ import annotations

import numpy as np
import pytest

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.io.dicom.leading_frames import leading_proton_density_frames


def _series(leading: int, noise: float, moving: bool = False) -> FloatArray:
    """A picture of which blood and myocardium are dark under saturation and fat is not, as a scanner gives it."""
    random = np.random.default_rng(0)
    rows, columns = np.indices((96, 96))
    frames = []
    for index in range(40):
        shift = 2.0 * np.sin(index) if moving else 0.0
        heart = np.hypot(rows - 48 - shift, columns - 48) < 20
        fat = np.abs(rows - 8) < 5
        frames.append(np.where(heart, 190.0 if index < leading else 38.0, np.where(fat, 220.0, 70.0)))
    signal = np.array(frames)[:, None]
    return np.abs(signal + noise * random.normal(size=signal.shape))


@pytest.mark.parametrize("leading", [0, 1, 2, 3])
@pytest.mark.parametrize("noise", [1.0, 35.0])
@pytest.mark.parametrize("moving", [False, True])
def test_leading_frames_are_found_under_noise_and_breathing(leading: int, noise: float, moving: bool) -> None:
    assert leading_proton_density_frames(_series(leading, noise, moving)) == leading


def test_a_bolus_in_the_first_frames_is_not_taken_for_them() -> None:
    signal = _series(0, 1.0) * np.linspace(1.0, 3.0, 40)[:, None, None, None]
    assert leading_proton_density_frames(signal) == 0
