"""How well segment flow can be known at all: python Testing/benchmarks/stress_limit.py [PATIENTS] prints the bound.

The matched kinetics of `evaluate flow` (true gadolinium, CNR 20 a pixel, true input) on the same digital patients. The
bound is the Bayesian Cramer-Rao bound of flow, delay, Vp, PS and ve of every segment, the latter four scattered round
a centre that the heart shares (decision 7), the centre round its published range; plug flow, one flow within a pixel.
No estimator that knows just that has a smaller mean squared error. Of flow nothing is known beforehand here; the fit
knows a little (decision 10).
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
from pathlib import Path

import numpy as np

from QPerfusionLogic.phantom.patients.sampling import sample_patient

sys.path.insert(0, str(Path(__file__).parent))

from curves import STEP_S, btex_residue

from QPerfusionLogic.data.heart_prior import DELAY_WITHIN_HEART_S
from QPerfusionLogic.kinetics.models.btex import Btex
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient

CNR, SLICES, FRAMES, FIRST_SEED = 20.0, 3, 40, 3000
VOLUMES = [Btex.layout.parameters[Btex.layout.index_of(name)] for name in ("vp", "ps", "ve")]
WITHIN_HEART = np.array([DELAY_WITHIN_HEART_S, *(item.within_heart_log_sd for item in VOLUMES)])
"""Scatter of delay (s) and of the logarithms of Vp, PS and ve round the heart's centre."""
OVER_HEARTS = np.array([0.7, *(item.over_hearts[1] for item in VOLUMES)])
"""Scatter of the centre: delays anywhere in 0 to 2.5 s, published ranges as 95 % intervals."""
STEP = 1e-3


def curve(values, fine_s, plasma, time_s):
    """Return the tissue curve at times for log flow, delay, and logarithms of Vp, PS and ve."""
    flow, vp, ps, ve = np.exp(values[[0, 2, 3, 4]])
    residue = btex_residue(fine_s, flow, vp, ps, ve)
    size = 2 * fine_s.size
    full = np.fft.irfft(np.fft.rfft(plasma, size) * np.fft.rfft(residue, size))[: fine_s.size] * STEP_S
    return flow / 60.0 * np.interp(time_s - values[1], fine_s, full, left=0.0)


def slopes(values, *given):
    """Return the derivatives (frames, 5) of the curve."""
    steps = STEP * np.eye(5)
    return np.stack([(curve(values + s, *given) - curve(values - s, *given)) / (2.0 * STEP) for s in steps], axis=1)


def bound(truth, hematocrit):
    """Return flows (n,) of the segments of a state and the covariance (n, n) of their logarithms at the bound."""
    wall = truth.labels == 1
    deviation = float(np.nanmax(np.nanmean(truth.gd_mmol_l[:, wall], axis=1))) / CNR
    fine_s = np.arange(0.0, float(truth.time_s.max()) + 2.0, STEP_S)
    plasma = np.interp(fine_s, truth.aif_time_s, truth.aif_mmol_l) / (1.0 - hematocrit)
    flows, blocks = [], []
    for index in range(len(truth.labels)):
        kept = ~truth.bad[:, index]
        for segment in np.unique(truth.segments[index][truth.segments[index] > 0]):
            inside = truth.segments[index] == segment
            mean = {name: float(np.nanmean(truth.maps[name][index][inside])) for name in truth.maps}
            values = np.log([mean["plasma_flow"], 1.0, mean["vp"], mean["ps"], mean["ve"]])
            values[1] = mean["delay"]
            slope = slopes(values, fine_s, plasma, truth.time_s[kept, index])
            flows.append(mean["mbf"])
            blocks.append(slope.T @ slope * inside.sum() / deviation**2)
    n = len(blocks)
    information = np.zeros((5 * n + 4, 5 * n + 4))
    information[-4:, -4:] = np.diag(OVER_HEARTS**-2 + n * WITHIN_HEART**-2)
    for index, block in enumerate(blocks):
        part = slice(5 * index, 5 * index + 5)
        information[part, part] = block + np.diag([0.0, *WITHIN_HEART**-2])
        information[5 * index + 1 : 5 * index + 5, -4:] = -np.diag(WITHIN_HEART**-2)
        information[-4:, 5 * index + 1 : 5 * index + 5] = -np.diag(WITHIN_HEART**-2)
    return np.array(flows), np.linalg.inv(information)[0 : 5 * n : 5, 0 : 5 * n : 5]


def main(patients):
    """Print CV and CV within a patient at the bound, as `evaluate flow` counts them, for each state."""
    found = {}
    for seed in range(FIRST_SEED, FIRST_SEED + patients):
        patient = sample_patient(seed, slices=SLICES, frames=FRAMES)
        for state, truth in simulate_patient(patient).truth.items():
            flows, covariance = bound(truth, patient.pattern.hematocrit)
            error = covariance * np.outer(flows, flows)
            within = np.trace(error) - error.sum() / len(flows)
            found.setdefault(str(state), []).append((flows.sum(), np.trace(error), within, len(flows)))
    for state, rows in found.items():
        total, error, within, count = np.sum(rows, axis=0)
        cv, cv_within = (100.0 * np.sqrt(part / count) / (total / count) for part in (error, within))
        print(f"{state}: {patients} patients, {int(count)} segments, bound CV {cv:.1f} %, within {cv_within:.1f} %")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 16)
