"""How often true segment flow lies within 1.96 standard errors: python Testing/benchmarks/segment_errors.py [N]

N fresh digital patients (12 by default), stress and rest, true contours and motion, arterial input and conversion from
the images.
"""

from __future__ import annotations

import sys

import numpy as np

from qperfusion_research.flow.configurations import Configuration
from qperfusion_research.flow.evaluation import true_segments
from qperfusion_research.flow.stages import StateStages
from QPerfusionLogic.data.series import State
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient
from QPerfusionLogic.settings.schema import Settings

SEED = 6000


def errors_of(seed, state, simulated, patient):
    """Return error, standard error and its part from the fit alone for every segment, in mL/min/g."""
    truth = simulated.truth[state]
    settings = Settings().with_value("kinetics.pixelwise", False)
    stages = StateStages(simulated.study, truth, settings, patient.pattern.hematocrit, seed)
    mapped = stages.run(Configuration("images", arterial_input="images")).mapped
    flows = {flow.segment: flow for flow in mapped.segments if flow.layer == "all" and np.isfinite(flow.mbf)}
    rows = []
    for segment, true in true_segments(truth).items():
        if segment in flows:
            flow = flows[segment]
            own = np.sqrt(max(flow.mbf_se**2 - (mapped.input_error * flow.mbf) ** 2, 0.0))
            rows.append((flow.mbf - true, flow.mbf_se, own))
    return rows


def main():
    """Print one line for each state."""
    found = {State.STRESS: [], State.REST: []}
    for seed in range(SEED, SEED + (int(sys.argv[1]) if len(sys.argv) > 1 else 12)):
        patient = sample_patient(seed, slices=3, frames=40)
        simulated = simulate_patient(patient)
        for state, rows in found.items():
            rows += errors_of(seed, state, simulated, patient)
    for state, rows in found.items():
        error, told, own = np.array(rows).T
        inside, alone = (np.mean(np.abs(error) < 1.96 * size) for size in (told, own))
        print(f"{state}: {len(rows)} segments, within 1.96 standard errors {inside:.0%}, of the fit alone {alone:.0%}")


if __name__ == "__main__":
    main()
