"""What every tissue gives along a readout for every gadolinium, tabulated from the Bloch simulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.phantom.anatomy.tissue_types import TISSUES

from .bloch import Readout, echo_decay, simulate_readout

PROFILES = 4
GD_GRID_MMOL_L = 24.0 * np.linspace(0.0, 1.0, 193) ** 2
"""Dense where tissue lives, reaching the right ventricle's peak."""


@dataclass(frozen=True)
class Agent:
    """A contrast agent: relaxivities in L/mmol/s; `r2_star` covers blood's susceptibility at the peak too."""

    name: str = "gadobutrol"
    r1_l_mmol_s: float = 4.6
    r2_l_mmol_s: float = 5.6
    r2_star_l_mmol_s: float = 12.0


@dataclass(frozen=True)
class ReadoutTable:
    """Line signals of all tissues as `weights @ profiles`.

    Parameters
    ----------
    profiles : (profiles, lines) array
        Orthonormal modulation along the readout.
    weights : (echoes, tissues, gd, profiles) array
        Including proton density and T2* decay, on `GD_GRID_MMOL_L`.
    residual : float
        Largest error of the compression relative to the largest signal.
    """

    profiles: FloatArray
    weights: FloatArray
    residual: float

    def __call__(self, tissue: Any, gd_mmol_l: FloatArray, echo: int = 0) -> FloatArray:
        """Return the weights (..., profiles) of tissues with gadolinium `gd_mmol_l` (...)."""
        place = np.sqrt(np.clip(gd_mmol_l, 0.0, GD_GRID_MMOL_L[-1]) / GD_GRID_MMOL_L[-1]) * (GD_GRID_MMOL_L.size - 1)
        low = np.minimum(place.astype(int), GD_GRID_MMOL_L.size - 2)
        span = GD_GRID_MMOL_L[low + 1] - GD_GRID_MMOL_L[low]
        share = ((np.clip(gd_mmol_l, 0.0, GD_GRID_MMOL_L[-1]) - GD_GRID_MMOL_L[low]) / span)[..., None]
        table = self.weights[echo]
        return np.asarray(table[tissue, low] * (1.0 - share) + table[tissue, low + 1] * share)


def tabulate_readout(
    readout: Readout,
    relaxation_s: FloatArray,
    proton_density: FloatArray,
    agent: Agent,
    flip_scale: float = 1.0,
    saturation_efficiency: FloatArray | float = 1.0,
) -> ReadoutTable:
    """Simulate the readout for all tissues and gadolinium levels.

    Parameters
    ----------
    readout : Readout
        The sequence.
    relaxation_s : (tissues, 3) array
        Native T1, T2 and T2*.
    proton_density : (tissues,) array
        Relative proton density.
    agent : Agent
        Relaxivities.
    flip_scale : float
        B1 factor.
    saturation_efficiency : float or (tissues,) array
    """
    gd = GD_GRID_MMOL_L[None, :]
    t1 = 1.0 / (1.0 / relaxation_s[:, :1] + agent.r1_l_mmol_s * gd)
    t2 = 1.0 / (1.0 / relaxation_s[:, 1:2] + agent.r2_l_mmol_s * gd)
    r2_star = 1.0 / relaxation_s[:, 2:3] + agent.r2_star_l_mmol_s * gd
    efficiency = np.broadcast_to(np.asarray(saturation_efficiency, float)[..., None], t1.shape).ravel()
    lines = simulate_readout(readout, t1.ravel(), t2.ravel(), flip_scale, efficiency).real
    lines = lines * np.repeat(proton_density, gd.size)[:, None]
    _, _, right = np.linalg.svd(lines[:: max(1, len(lines) // 1500)], full_matrices=False)
    profiles = right[:PROFILES]
    weights = lines @ profiles.T
    residual = float(np.abs(weights @ profiles - lines).max() / np.abs(lines).max())
    echoes = [echo_decay(readout, r2_star)]
    if readout.second_echo_time_s is not None:
        echoes.append(echo_decay(readout, r2_star, second=True))
    shaped = weights.reshape(len(TISSUES), gd.size, PROFILES)
    return ReadoutTable(profiles, np.stack([shaped * decay[..., None] for decay in echoes]), residual)
