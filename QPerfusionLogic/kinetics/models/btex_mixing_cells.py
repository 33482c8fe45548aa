"""BTEX with mixing cells: the capillary as a chain of stirred cells, so that blood disperses on its way."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.kinetics.base.arterial_curve import ArterialCurve
from QPerfusionLogic.kinetics.base.axes import Axis
from QPerfusionLogic.kinetics.base.quantities import quantities
from QPerfusionLogic.kinetics.solver.residue_table import convolution_operators, grid_for

from .exchange import exchange_layout
from .exchange_model import ExchangeModel
from .mixing_chain import ChainLattice, chain_lattice, chain_residue

_TRANSIT = Axis("transit_s", 0.03, 60.0, 40, "log", coarse=10)


class BtexMixingCells(ExchangeModel):
    """Blood-tissue exchange in a chain of N mixing cells, each of which exchanges with its own interstitium.

    Source: `Documentation/decisions/0008-mixing-cells-as-default-model.md`: 16 to 20 cells reproduce the dispersion of
    MMID4 and of real capillaries.

    Examples
    --------
    >>> time_s = np.arange(0.0, 40.0, 0.5)
    >>> late = np.maximum(time_s - 5.0, 0.0)
    >>> model = BtexMixingCells(late**2 * np.exp(-late / 1.7), time_s)
    >>> curves = model.predict({"mbf_ml_min_g": 1.5, "vp_ml_g": 0.08, "ps_ml_min_g": 1.0, "ve_ml_g": 0.2})
    >>> round(float(model.fit(curves).mbf_ml_min_g[0]), 1)
    1.5
    """

    name = "btex_mixing_cells"
    osipi = ""
    reference = "Bassingthwaighte JB, Wang CY, Chan IS. Circ Res 1989;65:997-1020"
    parameters = quantities("fp_ml_min_g", "vp_ml_g", "ps_ml_min_g", "ve_ml_g", "delay_s")
    layout = exchange_layout(_TRANSIT, rate_step=2 * _TRANSIT.step)

    def tabulate(
        self,
        arterial: ArterialCurve,
        time_s: FloatArray,
        delays_s: FloatArray,
        nodes: tuple[FloatArray, ...],
        projection: FloatArray | None,
    ) -> FloatArray:
        """Return the curves of the cell chain per unit flow; the nodes have to be nodes of the axes."""
        transit_s, ps_per_fp, rate = nodes
        grid_s = grid_for(time_s, delays_s, arterial)
        operators = convolution_operators(arterial, time_s, delays_s, grid_s, projection)
        operator = operators.reshape(-1, grid_s.size).astype(np.float32)
        table = np.empty((transit_s.size, len(operator), ps_per_fp.size * rate.size), dtype=np.float32)
        for index, transit in enumerate(transit_s):
            residues = self._lattice(ps_per_fp).residues(grid_s / transit, rate * transit)
            table[index] = operator @ residues.reshape(grid_s.size, -1).astype(np.float32)
        shape = (transit_s.size, delays_s.size, -1, ps_per_fp.size, rate.size)
        return np.transpose(table.reshape(shape), (1, 0, 3, 4, 2))

    def curve_per_flow(self, delay_s: float, shape: list[float]) -> FloatArray:
        """Return the curve (frames,) per unit flow (per second); the shape need not lie on the lattice."""
        assert self.arterial is not None
        transit_s, ps_per_fp, rate = shape
        delays_s = np.array([delay_s])
        grid_s = grid_for(self.time_s, delays_s, self.arterial)
        residue = chain_residue(
            self.settings.cells, grid_s / transit_s, np.array([ps_per_fp]), np.array([rate * transit_s])
        )
        operators = convolution_operators(self.arterial, self.time_s, delays_s, grid_s, None)
        return np.asarray(operators[0] @ residue.reshape(-1))

    def _lattice(self, ps_per_fp: FloatArray) -> ChainLattice:
        transit, _, rate = self.layout.axes
        count = transit.nodes + 2 * (rate.nodes - 1)
        last = 400.0 / transit.low
        return chain_lattice(self.settings.cells, tuple(ps_per_fp), transit.low * rate.low, transit.step, count, last)
