"""What taking blood out of pixels does to flow maps, in the wall and at its edges.

python Testing/benchmarks/blood_in_pixels.py [PATIENTS] quantifies fresh digital patients from their images with
`kinetics.blood_in_pixels` left_in and taken_out. For each state and choice, in the pixels of segments (wall) and in
those of the contours that the trim leaves out of them (edge): bias, SD and correlation against the true flow map, the
share of pixels marked as mixtures, that of pixels that are called converged and read more than 2 mL/min/g too high,
and seconds of the fit.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict

import numpy as np

import QPerfusionLogic as qp
from QPerfusionLogic.data.arrays import MYOCARDIUM
from QPerfusionLogic.data.results import FIT_STATUS
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient
from QPerfusionLogic.pipeline.flow_mapping import map_flow
from QPerfusionLogic.settings.schema import KineticsSettings

FIRST_SEED, SLICES = 62000, 3
TOO_HIGH = 2.0


def main(patients):
    """Print one row for each state, choice and place."""
    found = defaultdict(lambda: defaultdict(list))
    for seed in range(FIRST_SEED, FIRST_SEED + patients):
        simulated = simulate_patient(sample_patient(seed, slices=SLICES))
        settings = qp.Settings().with_value("kinetics.pixelwise", False)
        for state, result in qp.quantify(simulated.study, settings=settings).states.items():
            if result.segmented is None:
                continue
            true, segments = simulated.truth[state].maps["mbf"], result.segmented.segments
            for choice in ("left_in", "taken_out"):
                started = time.monotonic()
                maps = map_flow(result, KineticsSettings(blood_in_pixels=choice)).maps
                seconds = time.monotonic() - started
                known = np.isfinite(true) & np.isfinite(maps["mbf"]) & (result.segmented.labels == MYOCARDIUM)
                for place, inside in (("wall", known & (segments > 0)), ("edge", known & (segments == 0))):
                    row = found[str(state), choice, place]
                    row["true"].append(true[inside])
                    row["flow"].append(maps["mbf"][inside])
                    row["status"].append(maps["status"][inside])
                    row["seconds"].append(seconds)
        print(f"patient {seed}", file=sys.stderr, flush=True)
    print(f"{patients} digital patients from images, seeds from {FIRST_SEED}, {SLICES} slices")
    for (state, choice, place), row in found.items():
        true, flow, status = (np.concatenate(row[name]) for name in ("true", "flow", "status"))
        error = flow - true
        high = (error > TOO_HIGH) & (status == FIT_STATUS.index("converged"))
        print(
            f"{state}, {choice}, {place} ({error.size} pixels): bias {error.mean():+.2f}, median "
            f"{np.median(error):+.2f}, SD {error.std():.2f} mL/min/g, r {np.corrcoef(true, flow)[0, 1]:.3f}; "
            f"mixtures {np.mean(status == FIT_STATUS.index('blood_mixed')):.1%}, converged and too high "
            f"{high.mean():.1%}; {np.mean(row['seconds']):.1f} s a state"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 6)
