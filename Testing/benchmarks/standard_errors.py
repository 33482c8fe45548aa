"""How honest the standard errors are: python Testing/benchmarks/standard_errors.py prints how often 1.96 SE hold flow.

Matched truths, delay unknown and different in every curve, one line per model, state and contrast-to-noise ratio.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from curves import arterial_input, btex_residue, fermi_residue, noisy, tissue

from QPerfusionLogic.kinetics.models.registry import model_class
from QPerfusionLogic.settings.schema import KineticsSettings

COUNT, BLOOD_FLOWS, RATIOS, PLASMA = 1500, {"rest": 0.8, "stress": 2.6}, (10, 20, 30), 0.58


def curves_of(name, blood_flow, rng):
    """Return times, input, noise-free curves and flows (BTEX: plasma) around a mean blood flow."""
    time_s, aif = arterial_input()
    flow = np.exp(rng.normal(np.log(blood_flow), 0.3, COUNT))
    delay = rng.uniform(0.3, 1.7, COUNT)
    if name == "fermi":
        width = rng.uniform(4, 12, COUNT) / np.sqrt(blood_flow / 0.8)
        steepness = rng.uniform(0, 3, COUNT)
        rate = np.log(np.exp(steepness) + 2) / width
        residues = [lambda u, i=i: fermi_residue(u, rate[i], steepness[i] / rate[i]) for i in range(COUNT)]
    else:
        flow = flow * PLASMA
        vp, ps, ve = (np.exp(rng.normal(np.log(m), s, COUNT)) for m, s in ((0.07, 0.18), (1.2, 0.4), (0.21, 0.3)))
        residues = [lambda u, i=i: btex_residue(u, flow[i], vp[i], ps[i], ve[i]) for i in range(COUNT)]
    return time_s, aif, tissue(time_s, aif, residues, flow, delay), flow


def report(name, state, blood_flow, ratio, priors):
    """Print bias, spread, reported error and coverage of one population."""
    rng = np.random.default_rng(3)
    time_s, aif, curves, flow = curves_of(name, blood_flow, rng)
    settings = KineticsSettings(
        model=name, input="plasma", priors="population" if priors else "none", prior_scope="pixels"
    )
    fit = model_class(name)(aif, time_s, settings=settings).fit(noisy(curves, rng, ratio))
    error, told = fit.mbf_ml_min_g / flow - 1, fit.standard_error / flow
    print(
        f"{name} {state} CNR {ratio} priors {priors}: within 1.96 SE {np.nanmean(np.abs(error) < 1.96 * told):.1%}, "
        f"median {np.nanmedian(error):+.1%}, mean {np.nanmean(error):+.1%}, SD {np.nanstd(error):.1%}, "
        f"reported (median) {np.nanmedian(told):.1%}, no number {np.isnan(error).sum()} of {COUNT}",
        flush=True,
    )


if __name__ == "__main__":
    for model, priors in (("fermi", False), ("btex", False), ("btex", True)):
        for state, blood_flow in BLOOD_FLOWS.items():
            for ratio in RATIOS:
                report(model, state, blood_flow, ratio, priors)
