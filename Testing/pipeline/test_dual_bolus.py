"""The arterial input of digital dual-bolus patients, each state with its own pre-bolus, against the truth.

Flow goes with one over the area of the arterial input, so an area that is right in both states makes both flows right.
"""

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient
from QPerfusionLogic.pipeline.pipeline import Pipeline

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def simulated():
    patient = sample_patient(11, slices=1, frames=40)
    return simulate_patient(dataclasses.replace(patient, pre_bolus_ratio=10.0, dual_sequence=False))


def area_over_truth(study, simulated):
    """Area of the first 25 s after the bolus arrives, found over true, by state."""
    found = {}
    for state, result in Pipeline().run(study, stop_after="aif").states.items():
        truth, arterial = simulated.truth[state], result.arterial_input
        start = truth.aif_time_s[np.argmax(truth.aif_mmol_l)] - 8.0
        fine = np.arange(start, start + 25.0, 0.1)
        curves = [(arterial.time_s, arterial.gd_mmol_l), (truth.aif_time_s, truth.aif_mmol_l)]
        areas = [float(np.interp(fine, time_s, values).sum()) for time_s, values in curves]
        found[state] = areas[0] / areas[1]
    return found


def test_the_pre_bolus_of_each_state_gives_its_true_arterial_input(simulated):
    for ratio in area_over_truth(simulated.study, simulated).values():
        assert ratio == pytest.approx(1.0, abs=0.12)
