"""How pixels and segments of a heart agree, and which of both is right: by the scope of the priors.

python Testing/benchmarks/pixels_and_segments.py [PATIENTS] quantifies fresh digital patients from their images and
fits them with `kinetics.prior_scope` segments and pixels. For each state and scope: median over segments of the median
pixel over the flow of its segment; bias, SD and correlation of pixels against the true flow map; the same bias in
segments whose true flow is below two thirds of the heart's median (defects); seconds of the fit.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict

import numpy as np

import QPerfusionLogic as qp
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient
from QPerfusionLogic.pipeline.flow_mapping import map_flow
from QPerfusionLogic.settings.schema import KineticsSettings

FIRST_SEED, SLICES = 61000, 3
DEFECT = 2.0 / 3.0
"""Share of the median true flow of a heart below which a pixel is in a defect."""


def pairs(mapped, result, truth):
    """Return ratios of median pixel over segment, and true and estimated flow of the pixels in a segment and wall."""
    flow, segments = mapped.maps["mbf"], result.segmented.segments
    ratios = [
        np.nanmedian(flow[segments == item.segment]) / item.mbf for item in mapped.segments if item.layer == "all"
    ]
    true = truth.maps["mbf"]
    inside = (segments > 0) & np.isfinite(true) & np.isfinite(flow)
    return ratios, true[inside], flow[inside]


def main(patients):
    """Print one row for each state and scope."""
    found = defaultdict(lambda: defaultdict(list))
    for seed in range(FIRST_SEED, FIRST_SEED + patients):
        simulated = simulate_patient(sample_patient(seed, slices=SLICES))
        settings = qp.Settings().with_value("kinetics.pixelwise", False)
        for state, result in qp.quantify(simulated.study, settings=settings).states.items():
            if result.segmented is None:
                continue
            for scope in ("segments", "pixels"):
                kinetics = KineticsSettings(prior_scope=scope)
                started = time.monotonic()
                mapped = map_flow(result, kinetics)
                ratios, true, estimated = pairs(mapped, result, simulated.truth[state])
                row = found[str(state), scope]
                row["seconds"].append(time.monotonic() - started)
                row["ratio"] += ratios
                row["error"].append(estimated - true)
                row["defect"].append((estimated - true)[true < DEFECT * np.median(true)])
                row["r"].append(np.corrcoef(true, estimated)[0, 1])
        print(f"patient {seed}", file=sys.stderr, flush=True)
    print(f"{patients} digital patients from images, seeds from {FIRST_SEED}, {SLICES} slices")
    for (state, scope), row in found.items():
        error, defect, ratio = np.concatenate(row["error"]), np.concatenate(row["defect"]), np.array(row["ratio"])
        print(
            f"{state}, priors of {scope}: pixel / segment {np.nanmedian(ratio):.3f} "
            f"(within 5 %: {np.mean(abs(ratio - 1.0) <= 0.05):.0%}, "
            f"within 15 %: {np.mean(abs(ratio - 1.0) <= 0.15):.0%}); "
            f"pixels against truth: bias {error.mean():+.2f}, median {np.median(error):+.2f}, SD {error.std():.2f} "
            f"mL/min/g, r {np.mean(row['r']):.3f}; in defects {defect.mean():+.2f} ({defect.size} pixels); "
            f"{np.mean(row['seconds']):.1f} s a state"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
