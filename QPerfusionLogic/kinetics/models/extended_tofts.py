"""The extended Tofts model: plasma that follows the artery, and slow exchange with the interstitium."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.kinetics.base.arterial_curve import ArterialCurve
from QPerfusionLogic.kinetics.base.axes import Axis
from QPerfusionLogic.kinetics.base.layout import Layout, Parameter
from QPerfusionLogic.kinetics.base.model import AT_BOUND, CONVERGED, NOT_IDENTIFIABLE, Solution
from QPerfusionLogic.kinetics.base.quantities import quantities
from QPerfusionLogic.kinetics.solver.residue_table import convolution_operators, convolve, grid_for

from .tabulated_model import TabulatedModel


class ExtendedTofts(TabulatedModel):
    """Extended Tofts model (OSIPI M.IC1.005): vp, Ktrans and ve. Ktrans mixes flow and permeability and is no flow.

    Source: Tofts PS et al. J Magn Reson Imaging 1999;10:223-232.

    Examples
    --------
    >>> time_s = np.arange(0.0, 40.0, 0.5)
    >>> late = np.maximum(time_s - 5.0, 0.0)
    >>> model = ExtendedTofts(late**2 * np.exp(-late / 1.7), time_s)
    >>> curves = model.predict({"ktrans_ml_min_g": 1.5, "vp_ml_g": 0.05, "ve_ml_g": 0.3})
    >>> round(float(model.fit(curves).result.parameters["ktrans_ml_min_g"][0]), 1)
    1.5
    """

    name = "extended_tofts"
    osipi = "M.IC1.005"
    reference = "Tofts PS et al. J Magn Reson Imaging 1999;10:223-232"
    parameters = quantities("ktrans_ml_min_g", "vp_ml_g", "ve_ml_g", "delay_s")
    layout = Layout(
        parameters=(
            Parameter("ktrans", "ktrans_ml_min_g", 0.0005, 12.0, aliases=("flow",)),
            Parameter("vp", "vp_ml_g", 1e-4, 0.6, aliases=("v_p",)),
            Parameter("ve", "ve_ml_g", 0.001, 2.0, aliases=("visf", "v_e")),
        ),
        axes=(
            Axis("plasma_s", 0.02, 2000.0, 40, "log", coarse=10),
            Axis("mean_transit_s", 1.0, 6000.0, 32, "log", coarse=10),
        ),
        matrix=np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]]),
        offset=np.full(2, np.log(60.0)),
    )

    def tabulate(
        self,
        arterial: ArterialCurve,
        time_s: FloatArray,
        delays_s: FloatArray,
        nodes: tuple[FloatArray, ...],
        projection: FloatArray | None,
    ) -> FloatArray:
        """Return the curves per unit Ktrans for every delay, vp/Ktrans (s) and ve/Ktrans (s)."""
        plasma_s, transit_s = nodes
        grid_s = grid_for(time_s, delays_s, arterial)
        residues = np.exp(-grid_s[:, None] / transit_s)
        tissue = convolve(convolution_operators(arterial, time_s, delays_s, grid_s, projection), residues)
        blood = arterial.value(time_s - delays_s[:, None])
        if projection is not None:
            blood = blood @ projection.T
        return tissue[:, None] + plasma_s[:, None, None] * blood[:, None, None, :]

    def judge(self, solution: Solution, amplification: FloatArray) -> Solution:
        """Return the solution without a flow."""
        return without_flow(solution)


def without_flow(solution: Solution) -> Solution:
    """Return a solution whose model has no flow: not identifiable where it was fitted, and no number for flow."""
    fitted = np.isin(solution.status, (CONVERGED, AT_BOUND))
    missing = np.full(solution.status.size, np.nan)
    parameters = {**solution.parameters, "mbf_ml_min_g": missing, "mbf_se": missing}
    return replace(solution, parameters=parameters, status=np.where(fitted, NOT_IDENTIFIABLE, solution.status))
