"""Digital patients have their slices where the AHA segments of the pipeline expect them."""

from __future__ import annotations

import numpy as np
import pytest

from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.simulation.truth import aha_segments_at
from QPerfusionLogic.segmentation.regions.aha_segments import APICAL, BASAL, LEVELS, MID

FIRST_SEGMENTS = {BASAL: range(1, 7), MID: range(7, 13), APICAL: range(13, 17)}


@pytest.mark.parametrize("slices", list(LEVELS))
def test_every_slice_of_a_patient_is_at_the_level_that_the_cascade_calls_it(slices: int) -> None:
    angles = np.linspace(0.0, 2.0 * np.pi, 50)
    levels = sample_patient(1, slices=slices).levels
    for position, level in zip(levels, LEVELS[slices], strict=True):
        assert set(aha_segments_at(angles, position).tolist()) == set(FIRST_SEGMENTS[level])
