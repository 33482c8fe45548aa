"""Gadolinium of many pixels from the tissue PDE: solved on a ladder of flows, then interpolated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.series import State
from QPerfusionLogic.phantom.anatomy.perfusion_pattern import LocalFlow, PerfusionPattern

from .circulation import STEP_S, BloodCurves
from .tissue_exchange import CELLS, Exchange, exchange_tissue

FLOW_LADDER_ML_MIN_G = np.geomspace(0.02, 9.0, 72)
"""Whole-blood flows at which the PDE is solved."""
STREAMS, STREAM_WEIGHTS = np.polynomial.hermite_e.hermegauss(5)


@dataclass(frozen=True)
class TissueCurves:
    """Solutions of the PDE of one state; `healthy` and `scar` are (flows, times), in mmol/L, on the fine time grid."""

    flows_ml_min_g: FloatArray
    healthy: FloatArray
    scar: FloatArray
    pattern: PerfusionPattern
    state: State

    def at(self, flow: LocalFlow, time_s: FloatArray) -> FloatArray:
        """Return the gadolinium (n, frames) of n pixels at times (frames,)."""
        ladder = np.log(self.flows_ml_min_g)
        place = np.clip(np.log(np.maximum(flow.mbf_ml_min_g, 1e-6)), ladder[0], ladder[-1])
        rung = (place - ladder[0]) / (ladder[1] - ladder[0])
        low = np.minimum(rung.astype(int), ladder.size - 2)[:, None]
        up = (rung - low[:, 0])[:, None]
        at = np.clip((time_s[None, :] - flow.delay_s[:, None]) / STEP_S, 0.0, self.healthy.shape[1] - 1.001)
        first = at.astype(int)
        later = at - first
        curves = []
        for table in (self.healthy, self.scar):
            below = table[low, first] * (1 - later) + table[low, first + 1] * later
            above = table[low + 1, first] * (1 - later) + table[low + 1, first + 1] * later
            curves.append(below * (1 - up) + above * up)
        return np.asarray(curves[0] * (1.0 - flow.scar[:, None]) + curves[1] * flow.scar[:, None])

    def maps(self, flow: LocalFlow) -> dict[str, FloatArray]:
        """Return what else is true of the pixels: plasma flow, PS (mL/min/g), Vp, ve (mL/g), delay (s)."""
        healthy = _exchange(self.pattern, self.state, flow.mbf_ml_min_g, scar=False)
        scar = _exchange(self.pattern, self.state, flow.mbf_ml_min_g, scar=True)
        names = {"plasma_flow": "plasma_flow_ml_min_g", "ps": "ps_ml_min_g", "vp": "vp_ml_g", "ve": "ve_ml_g"}
        mixed = {
            name: getattr(healthy, field) * (1 - flow.scar) + getattr(scar, field) * flow.scar
            for name, field in names.items()
        }
        return {"mbf": flow.mbf_ml_min_g, "delay": flow.delay_s, "scar": flow.scar, **mixed}


def tissue_curves(
    pattern: PerfusionPattern,
    state: State,
    blood: BloodCurves,
    cells: int = CELLS,
    flows_ml_min_g: FloatArray = FLOW_LADDER_ML_MIN_G,
) -> TissueCurves:
    """Solve the PDE for one arterial input on a geometric ladder of flows, spread log-normally within a pixel."""
    plasma = blood.left_ventricle / (1.0 - pattern.hematocrit)
    tables = []
    for scar in (False, True):
        exchange = _exchange(pattern, state, flows_ml_min_g, scar)
        content = exchange_tissue(exchange, plasma, blood.time_s, cells).content
        tables.append(_spread(content, np.log(flows_ml_min_g), pattern.heterogeneity))
    return TissueCurves(flows_ml_min_g, tables[0], tables[1], pattern, state)


def _exchange(pattern: PerfusionPattern, state: State, mbf_ml_min_g: FloatArray, scar: bool) -> Exchange:
    """Return exchange parameters; PS rises gently with flow as capillaries are recruited."""
    reference = pattern.stress_mbf_ml_min_g if state is State.STRESS else pattern.rest_mbf_ml_min_g
    recruited = np.clip(mbf_ml_min_g / reference, 0.2, 2.0) ** 0.2
    vp = pattern.blood_volume_ml_g[state] * (1.0 - pattern.hematocrit) * (0.6 if scar else 1.0)
    return Exchange(
        plasma_flow_ml_min_g=mbf_ml_min_g * (1.0 - pattern.hematocrit),
        vp_ml_g=np.full_like(mbf_ml_min_g, vp),
        ps_ml_min_g=pattern.ps_ml_min_g[state] * recruited,
        ve_ml_g=np.full_like(mbf_ml_min_g, pattern.scar_ve_ml_g if scar else pattern.ve_ml_g),
    )


def _spread(content: FloatArray, ladder: FloatArray, heterogeneity: float) -> FloatArray:
    """Return curves of pixels whose capillaries carry a log-normal spread of flows around the ladder's, mean kept."""
    if heterogeneity <= 0.0:
        return content
    sigma = np.sqrt(np.log1p(heterogeneity**2))
    weights = STREAM_WEIGHTS / STREAM_WEIGHTS.sum()
    factors = np.exp(sigma * STREAMS)
    factors /= np.sum(weights * factors)
    total = np.zeros_like(content)
    for weight, factor in zip(weights, factors, strict=True):
        rung = np.clip((ladder + np.log(factor) - ladder[0]) / (ladder[1] - ladder[0]), 0.0, ladder.size - 1.001)
        low = rung.astype(int)
        up = (rung - low)[:, None]
        total += weight * (content[low] * (1 - up) + content[low + 1] * up)
    return total
