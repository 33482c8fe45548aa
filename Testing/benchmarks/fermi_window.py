"""What the window of the Fermi model does to flow at rest and stress, on noisy curves of capillaries with plug flow.

python Testing/benchmarks/fermi_window.py [WINDOW_S ...] prints, for the model's own window and for those given in
seconds after arrival, the median and SD of estimated over true flow of 300 curves and the share of fits at a bound.
"""

from __future__ import annotations

import sys

import numpy as np

from QPerfusionLogic.kinetics.models.btex import Btex
from QPerfusionLogic.kinetics.models.fermi import Fermi
from QPerfusionLogic.settings.schema import KineticsSettings

FINE_S, TIME_S = np.arange(0.0, 45.0, 0.1), np.arange(0.0, 45.0, 0.75)
RISES_S = {"rest": 5.5, "stress": 4.0}
FLOWS = {"rest": (0.6, 0.9), "stress": (2.0, 3.0)}
COUNT = 300


def bolus(rise_s):
    """Return blood (samples,) in mmol/L that peaks `rise_s` after it arrived at 8 s, with recirculation."""
    since = np.clip(FINE_S - 8.0, 0.0, None)
    first_pass = (since / rise_s) ** 2 * np.exp(-2.0 * since / rise_s)
    return 5.0 * first_pass / first_pass.max() + 0.8 * (1.0 - np.exp(-since / 6.0))


def curves(blood, flow, random):
    """Return curves (n, frames) of tissue with one flow and the spread of the published volumes and permeabilities."""
    return Btex(blood, TIME_S, FINE_S).predict(
        {
            "mbf_ml_min_g": np.full(COUNT, flow),
            "ps_ml_min_g": random.uniform(0.7, 2.0, COUNT),
            "vp_ml_g": random.uniform(0.05, 0.1, COUNT),
            "ve_ml_g": random.uniform(0.15, 0.3, COUNT),
            "delay_s": random.uniform(0.2, 1.5, COUNT),
        }
    )


def main(windows):
    """Print one row for each state, flow and noise."""
    random = np.random.default_rng(1)
    for state, rise_s in RISES_S.items():
        blood = bolus(rise_s)
        for flow in FLOWS[state]:
            true = curves(blood, flow, random)
            for ratio in (1000, 20, 8):
                noisy = true + random.normal(size=true.shape) * true.max(axis=1).mean() / ratio
                cells = []
                for window in (None, *windows):
                    model = Fermi(blood, TIME_S, FINE_S, KineticsSettings(model="fermi", window_s=window))
                    fit = model.fit(noisy)
                    found = fit.mbf_ml_min_g / flow
                    cells.append(
                        f"{model.window_s[1] - 8.0:.1f} s: {np.nanmedian(found):.2f} SD {np.nanstd(found):.2f}, "
                        f"{np.mean(fit.status == 1):.0%} at a bound"
                    )
                print(f"{state}, {flow} mL/min/g, contrast to noise {ratio}: {'; '.join(cells)}")


if __name__ == "__main__":
    main([float(item) for item in sys.argv[1:]])
