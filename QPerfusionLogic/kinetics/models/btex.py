"""BTEX, plug flow: blood moves through a capillary without mixing and exchanges with the interstitium on its way."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.kinetics.base.arterial_curve import ArterialCurve
from QPerfusionLogic.kinetics.base.axes import Axis
from QPerfusionLogic.kinetics.base.quantities import quantities

from .exchange import exchange_layout
from .exchange_model import ExchangeModel
from .tail_curves import convolve_tails


class Btex(ExchangeModel):
    """Blood-tissue exchange without axial diffusion, the distributed-parameter model (OSIPI M.IC1.010).

    The residue is 1 until the transit time Vp/Fp and a chi-square tail afterwards, so a tissue curve is the area of the
    arterial input over the last transit time plus a curve that depends on delay and transit time only by their sum.

    Source: Bassingthwaighte JB, Wang CY, Chan IS. Circ Res 1989;65:997-1020.

    Examples
    --------
    >>> time_s = np.arange(0.0, 40.0, 0.5)
    >>> late = np.maximum(time_s - 5.0, 0.0)
    >>> model = Btex(late**2 * np.exp(-late / 1.7), time_s)
    >>> curves = model.predict({"mbf_ml_min_g": 1.5, "vp_ml_g": 0.08, "ps_ml_min_g": 1.0, "ve_ml_g": 0.2})
    >>> round(float(model.fit(curves).mbf_ml_min_g[0]), 1)
    1.5
    """

    name = "btex"
    osipi = "M.IC1.010"
    reference = "Bassingthwaighte JB, Wang CY, Chan IS. Circ Res 1989;65:997-1020"
    parameters = quantities("fp_ml_min_g", "vp_ml_g", "ps_ml_min_g", "ve_ml_g", "delay_s")
    layout = exchange_layout(Axis("transit_s", 0.02, 60.0, 42, "sqrt", coarse=10))

    def tabulate(
        self,
        arterial: ArterialCurve,
        time_s: FloatArray,
        delays_s: FloatArray,
        nodes: tuple[FloatArray, ...],
        projection: FloatArray | None,
    ) -> FloatArray:
        """Return the plug-flow curves per unit flow for every delay, transit time, PS/Fp and PS/ve."""
        transit_s, ps_per_fp, rate = nodes
        tails = convolve_tails(arterial, float(time_s[-1] - delays_s.min()), ps_per_fp, rate)
        projection = np.eye(time_s.size) if projection is None else projection
        table = np.empty((delays_s.size, transit_s.size, ps_per_fp.size * rate.size, len(projection)))
        for row, delay in enumerate(delays_s):
            present = arterial.area(time_s - delay)
            for column, transit in enumerate(transit_s):
                late = time_s - delay - transit
                plasma = present - arterial.area(late)
                table[row, column] = (projection @ (tails.read(late) + plasma[:, None])).T
        return table.reshape(delays_s.size, transit_s.size, ps_per_fp.size, rate.size, -1)
