"""CPU seconds of a digital patient and of a training sample: python Testing/benchmarks/phantom_speed.py."""

from __future__ import annotations

import time

from qperfusion_research.phantom.training_slices import training_sample
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient

SAMPLES = 20


def main() -> None:
    """Print both figures; the first call of each warms the caches and is not counted."""
    training_sample(0)
    start = time.process_time()
    for seed in range(1, SAMPLES + 1):
        training_sample(seed)
    print(f"training sample: {(time.process_time() - start) / SAMPLES:.3f} s")
    simulate_patient(sample_patient(0, slices=1))
    start = time.process_time()
    simulate_patient(sample_patient(1, slices=3))
    print(f"stress and rest of a patient, 3 slices: {time.process_time() - start:.1f} s")


if __name__ == "__main__":
    main()
