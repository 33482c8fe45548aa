"""The tissue oracle: blood-tissue exchange in a capillary, solved by a sliding-fluid (Lagrangian) scheme.

The capillary plasma is cut into cells that move on by exactly one cell each step, so advection is free of numerical
dispersion; between two moves every cell exchanges with the interstitium (and that with the cells of the parenchyma) by
the exact matrix exponential, split symmetrically around the move (second order in the step).

Source: Bassingthwaighte, Wang & Chan, Blood-tissue exchange via transport and transformation by capillary endothelial
cells, Circ Res 1989; the sliding-fluid scheme is Bassingthwaighte 1974.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import expm

from QPerfusionLogic.data.arrays import FloatArray

CELLS = 200


@dataclass(frozen=True)
class Exchange:
    """Parameters of n capillary-tissue units; every field is a number or an (n,) array.

    Plasma flow and PS in mL/min/g, volumes in mL/g. `ps_cell_ml_min_g` and `v_cell_ml_g` (PSpc, Vi) add the parenchymal
    cells; `axial_diffusion_1_s` is the diffusion coefficient along the plasma divided by the squared capillary length.
    """

    plasma_flow_ml_min_g: Any
    vp_ml_g: Any = 0.06
    ps_ml_min_g: Any = 1.0
    ve_ml_g: Any = 0.2
    ps_cell_ml_min_g: Any = 0.0
    v_cell_ml_g: Any = 0.0
    axial_diffusion_1_s: Any = 0.0

    def as_rows(self) -> FloatArray:
        """Return the parameters per second, (n, 7), in the order of the fields."""
        fields = np.broadcast_arrays(
            np.atleast_1d(np.asarray(self.plasma_flow_ml_min_g, float)) / 60.0,
            self.vp_ml_g,
            np.asarray(self.ps_ml_min_g, float) / 60.0,
            self.ve_ml_g,
            np.asarray(self.ps_cell_ml_min_g, float) / 60.0,
            self.v_cell_ml_g,
            self.axial_diffusion_1_s,
        )
        return np.stack([np.asarray(values, float).ravel() for values in fields], axis=1)


@dataclass(frozen=True)
class Tracer:
    """Tracer in the tissue, and what entered and left since the start; (n, times) each, mL/g times mmol/L."""

    content: FloatArray
    entered: FloatArray
    left: FloatArray


def exchange_tissue(exchange: Exchange, plasma_mmol_l: FloatArray, time_s: FloatArray, cells: int = CELLS) -> Tracer:
    """Solve the capillary-tissue PDE for a piecewise-linear plasma input.

    Parameters
    ----------
    exchange : Exchange
        Parameters of n units.
    plasma_mmol_l : (times,) array
        Plasma concentration at the inlet.
    time_s : (times,) array
        Increasing times, starting at 0.
    cells : int
        Cells along the capillary.

    Returns
    -------
    Tracer
        Tissue content q(t) in mmol/L (per g/mL), and the cumulated inflow and outflow; content = entered - left.
    """
    from .tissue_kernel import slide

    rows = exchange.as_rows()
    cumulated = np.concatenate(([0.0], np.cumsum(np.diff(time_s) * (plasma_mmol_l[1:] + plasma_mmol_l[:-1]) / 2.0)))
    outputs = np.empty((3, rows.shape[0], time_s.size))
    for index, (flow, vp, ps, ve, ps_cell, v_cell, diffusion) in enumerate(rows):
        step_s = vp / flow / cells
        half = exchange_matrix(vp, ps, ve, ps_cell, v_cell, step_s / 2.0)
        volumes = np.array([vp, ve, v_cell]) / cells
        slide(
            np.ascontiguousarray(time_s, float), cumulated, np.ascontiguousarray(plasma_mmol_l, float), half, volumes,
            diffusion * cells**2 * step_s, step_s, cells, outputs[:, index],
        )  # fmt: skip
    return Tracer(outputs[0], outputs[1], outputs[2])


def exchange_matrix(vp: float, ps: float, ve: float, ps_cell: float, v_cell: float, duration_s: float) -> FloatArray:
    """Return the (3, 3) matrix that takes (plasma, interstitium, cell) concentrations over `duration_s` of exchange."""
    rates = np.zeros((3, 3))
    if ve > 0:
        rates[0, :2] = -ps / vp, ps / vp
        rates[1, :2] = ps / ve, -ps / ve
        if v_cell > 0:
            rates[1, 1] -= ps_cell / ve
            rates[1, 2] = ps_cell / ve
            rates[2, 1:] = ps_cell / v_cell, -ps_cell / v_cell
    return np.asarray(expm(rates * duration_s))
