"""The two-compartment exchange model: well-mixed plasma and interstitium."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.kinetics.base.axes import Axis
from QPerfusionLogic.kinetics.base.quantities import quantities

from .exchange import EXTRACTION_SPLIT, exchange_layout
from .residue_model import ResidueModel

_EXCHANGE = exchange_layout(Axis("transit_s", 0.5, 300.0, 26, "log", coarse=8)).without_priors()


class TwoCompartmentExchange(ResidueModel):
    """Two-compartment exchange model (OSIPI M.IC1.009, 2CXM), the chain of mixing cells with a single cell.

    Source: Brix G et al. Magn Reson Med 2004;52:420-429; Sourbron SP, Buckley DL. NMR Biomed 2013;26:1004-1027.

    Examples
    --------
    >>> time_s = np.arange(0.0, 40.0, 0.5)
    >>> late = np.maximum(time_s - 5.0, 0.0)
    >>> model = TwoCompartmentExchange(late**2 * np.exp(-late / 1.7), time_s)
    >>> curves = model.predict({"mbf_ml_min_g": 1.5, "vp_ml_g": 0.08, "ps_ml_min_g": 1.0, "ve_ml_g": 0.2})
    >>> round(float(model.fit(curves).mbf_ml_min_g[0]), 1)
    1.5
    """

    name = "two_compartment_exchange"
    osipi = "M.IC1.009"
    reference = "Sourbron SP, Buckley DL. NMR Biomed 2013;26:1004-1027"
    parameters = quantities("fp_ml_min_g", "vp_ml_g", "ps_ml_min_g", "ve_ml_g", "delay_s")
    split = (1, float(np.log(EXTRACTION_SPLIT)))
    layout = replace(
        _EXCHANGE,
        parameters=tuple(replace(item, low=2e-5) if item.name == "ps" else item for item in _EXCHANGE.parameters),
        axes=(
            _EXCHANGE.axes[0],
            Axis("ps_per_fp", 2e-4, 20.0, 30, "log", coarse=7),
            Axis("ps_per_ve_s", 1e-4, 1.0, 26, "log", coarse=6),
        ),
    )

    @staticmethod
    def residue(time_s: FloatArray, *shape: FloatArray) -> FloatArray:
        """Return the bi-exponential residue for Vp/Fp (s), PS/Fp and PS/ve (1/s)."""
        transit_s, ps_per_fp, rate = shape
        total = 1.0 + ps_per_fp + rate * transit_s
        root = np.sqrt(np.maximum(total**2 - 4.0 * rate * transit_s, 1e-12))
        fast, slow = (total + root) / (2.0 * transit_s), (total - root) / (2.0 * transit_s)
        share = (ps_per_fp + transit_s * (rate - fast)) / (transit_s * (slow - fast))
        return np.asarray(share * np.exp(-fast * time_s) + (1.0 - share) * np.exp(-slow * time_s))
