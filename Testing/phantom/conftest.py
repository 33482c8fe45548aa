"""Digital patients shared by the tests of the phantom room."""

from __future__ import annotations

import pytest

from QPerfusionLogic.data.series import State
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.simulation.simulated import SimulatedStudy
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient


@pytest.fixture(scope="session")
def a_small_study() -> SimulatedStudy:
    """One slice, stress only, few frames: quick to image."""
    return simulate_patient(
        sample_patient(5, slices=1, frames=24, states=(State.STRESS,), condition="ischaemia", territory="LAD")
    )
