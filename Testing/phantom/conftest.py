"""Digital patients shared by the tests of the phantom room."""

from __future__ import annotations

import pytest

from QPerfusionLogic.phantom import DigitalPatient, SimulatedStudy, simulate_patient
from QPerfusionLogic.study import State


@pytest.fixture(scope="session")
def a_small_study() -> SimulatedStudy:
    """One slice, stress only, few frames: quick to image."""
    return simulate_patient(
        DigitalPatient.sample(5, slices=1, frames=24, states=(State.STRESS,), condition="ischaemia", territory="LAD")
    )
