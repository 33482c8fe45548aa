"""Which estimate serves the pixels of a heart: python Testing/benchmarks/pixel_statistic.py compares them.

Hearts of 320 pixels whose flow, delay, Vp, PS and ve differ from pixel to pixel and whose capillaries disperse. Each
estimate is held against the truth, and against a map made as look-up maps are: the best delay and shape inside the box,
from the same noisy curves.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.special import ndtri

sys.path.insert(0, str(Path(__file__).parent))

from curves import arterial_input, btex_residue, tissue

from QPerfusionLogic.kinetics.hierarchical.pooling import heart_prior
from QPerfusionLogic.kinetics.models.registry import model_class
from QPerfusionLogic.kinetics.solver.estimates import minima_at_delays
from QPerfusionLogic.settings.schema import KineticsSettings

COUNT, COPIES, PLASMA = 320, 4, 0.58
BOX = {"vp": (0.05, 0.10), "ps": (0.35, 4.0), "ve": (0.1, 0.475)}


def heart(blood_flow, rng):
    """Return times, input, curves and plasma flows of a heart with 16 segments and eight parallel paths a pixel."""
    time_s, aif = arterial_input()
    segment = np.exp(rng.normal(np.log(blood_flow * PLASMA), 0.3, 16))
    flow = segment[np.arange(COUNT) % 16] * np.exp(rng.normal(0, 0.12, COUNT))
    means = ((0.07, 0.2), (1.1, 0.35), (0.2, 0.25))
    vp, ps, ve = (np.exp(rng.normal(np.log(mean), spread, COUNT)) for mean, spread in means)
    delay = np.clip(rng.normal(0.8, 0.4, COUNT), 0, 2.4)
    paths = np.exp(np.sqrt(np.log1p(0.25**2)) * ndtri((np.arange(8) + 0.5) / 8))
    paths /= paths.mean()

    def residue(i):
        return lambda u: np.mean([p * btex_residue(u, flow[i] * p, vp[i], ps[i], ve[i]) for p in paths], axis=0)

    return time_s, aif, tissue(time_s, aif, [residue(i) for i in range(COUNT)], flow, delay), flow


def estimates(time_s, aif, curves):
    """Return plasma flows (n,) by name; repeated curves are fitted as the pixels of a study."""
    many = np.tile(curves, (COPIES, 1))
    found = {}
    for name in ("btex", "btex_mixing_cells"):
        boxed = model_class(name)(aif, time_s, settings=KineticsSettings(model=name, input="plasma", bounds=BOX))
        table, inside, root = boxed._table(np.ones(time_s.size), boxed.delays_s)
        data = boxed._on_basis(table, many, inside, root)
        minima = minima_at_delays(table, boxed.layout, data, 2, boxed.split)
        best = minima.squared_error[:COUNT].argmin(axis=1)
        found[f"look-up {name}"] = np.exp(minima.x[np.arange(COUNT), best, 0])
        for label, priors in (("default", False), ("priors", True)):
            settings = KineticsSettings(
                model=name, input="plasma", priors="population" if priors else "none", prior_scope="pixels"
            )
            fit = model_class(name)(aif, time_s, settings=settings).fit(many)
            found[f"{label} {name}"] = fit.mbf_ml_min_g[:COUNT]
        held = model_class(name)(aif, time_s, settings=KineticsSettings(model=name, input="plasma"))
        segments = np.array([curves[np.arange(COUNT) % 16 == segment].mean(axis=0) for segment in range(16)])
        held.heart_prior = heart_prior([held.hierarchical(segments)])
        found[f"pooled {name}"] = held.fit(many).mbf_ml_min_g[:COUNT]
    return found


def agreement(test, reference):
    """Return correlation, bias in mL/min/g of blood, and concordance as text."""
    known = np.isfinite(test)
    x, y = test[known], reference[known]
    concordance = 2 * np.cov(x, y, bias=True)[0, 1] / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    return f"r {np.corrcoef(x, y)[0, 1]:.2f}, bias {(x - y).mean() / PLASMA:+.2f}, concordance {concordance:.2f}"


if __name__ == "__main__":
    for state, blood_flow in (("stress", 2.6), ("rest", 0.8)):
        rng = np.random.default_rng(2)
        time_s, aif, truth, flow = heart(blood_flow, rng)
        for ratio in (4, 8, 12, 20, 30):
            curves = truth + rng.normal(size=truth.shape) * np.median(truth.max(axis=1)) / ratio
            found = estimates(time_s, aif, curves)
            for name, values in found.items():
                against = agreement(values, found["look-up btex_mixing_cells"])
                print(f"{state} CNR {ratio} {name}: truth {agreement(values, flow)} | look-up {against}", flush=True)
