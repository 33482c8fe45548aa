"""Blood-tissue exchange: parameters, axes, and the residue after the transit time, which capillary models share."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.ndimage import map_coordinates, spline_filter
from scipy.special import chndtr

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.heart_prior import FLOW_WITHIN_HEART
from QPerfusionLogic.kinetics.base.axes import Axis
from QPerfusionLogic.kinetics.base.layout import Layout, Parameter

EXTRACTION_SPLIT = 0.9
"""PS/Fp at which the two main basins of the squared error part, seen on simulated curves."""
TYPICAL_PLASMA_FLOW = (0.87, 0.25)
"""Median (mL/min/g) and spread (log) of the centre of a heart's flow: 1.5 mL/min/g of blood, between rest and stress.
Clear segments move it within three spreads (0.7 to 3.2); where noise leaves flow and delay to each other it decides. Of
0.7, 0.4 and 0.25 the last gave the smallest errors on twelve noisy digital patients (decision 10)."""
WITHIN_HEART = 0.1
"""Scatter (log) of Vp, PS and ve of segments round the values of their heart; scarred segments lie far out, which the
heavy tails of the prior allow where the curve is clear."""


def exchange_layout(transit: Axis, rate_step: float = 0.38) -> Layout:
    """Return the layout of the models with Fp, Vp, PS and ve; their shapes are Vp/Fp (s), PS/Fp and PS/ve (1/s).

    The priors are flat over the published ranges Vp 0.05-0.10, PS 0.35-4 and ve 0.1-0.475;
    outside them a curve has to be clear.
    """
    per_minute = np.log(60.0)
    return Layout(
        parameters=(
            Parameter(
                "fp",
                "fp_ml_min_g",
                0.005,
                12.0,
                aliases=("flow", "f"),
                typical=TYPICAL_PLASMA_FLOW,
                within_heart_log_sd=FLOW_WITHIN_HEART,
            ),
            Parameter("vp", "vp_ml_g", 0.001, 0.6, (0.05, 0.10), aliases=("v_p",), within_heart_log_sd=WITHIN_HEART),
            Parameter("ps", "ps_ml_min_g", 0.005, 30.0, (0.35, 4.0), within_heart_log_sd=WITHIN_HEART),
            Parameter(
                "ve",
                "ve_ml_g",
                0.005,
                1.5,
                (0.10, 0.475),
                aliases=("visf", "v_e"),
                within_heart_log_sd=WITHIN_HEART,
            ),
        ),
        axes=(
            transit,
            Axis("ps_per_fp", 0.03, 25.0, 18, "log", coarse=6),
            Axis("ps_per_ve_s", 0.003, 0.003 * float(np.exp(17 * rate_step)), 18, "log", coarse=5),
        ),
        matrix=np.array([[-1.0, 1.0, 0.0, 0.0], [-1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 1.0, -1.0]]),
        offset=np.array([per_minute, 0.0, -per_minute]),
    )


def exchange_tail(elapsed: FloatArray, ps_per_fp: FloatArray) -> FloatArray:
    """Return the residue after the transit time of a capillary without axial diffusion.

    It is the chance that a non-central chi-square variable with two degrees of freedom stays below 2 PS/Fp.

    Parameters
    ----------
    elapsed : array
        Time since the transit time, times PS/ve.
    ps_per_fp : array
        PS/Fp; broadcast with `elapsed`.

    Source: Sangren WC, Sheppard CW. Bull Math Biophys 1953;15:387-394.

    Examples
    --------
    >>> bool(np.isclose(exchange_tail(np.array(0.0), np.array(1.0)), 1 - np.exp(-1)))
    True
    """
    return np.asarray(chndtr(2.0 * ps_per_fp, 2.0, 2.0 * elapsed))


_LOG_ELAPSED = np.linspace(np.log(1e-6), np.log(5000.0), 480)
_LOG_EXTRACTION = np.linspace(np.log(1e-5), np.log(200.0), 300)


@lru_cache(maxsize=1)
def _tail_coefficients() -> FloatArray:
    values = exchange_tail(np.exp(_LOG_ELAPSED)[:, None], np.exp(_LOG_EXTRACTION)[None, :])
    return np.asarray(spline_filter(values, 3, mode="nearest"))


def fast_exchange_tail(elapsed: FloatArray, ps_per_fp: FloatArray) -> FloatArray:
    """Return `exchange_tail` read off a table, to 1e-5, for millions of values."""
    tiny = 1e-300
    place = [
        (np.log(np.maximum(values, tiny)) - scale[0]) / (scale[1] - scale[0])
        for values, scale in ((elapsed, _LOG_ELAPSED), (ps_per_fp, _LOG_EXTRACTION))
    ]
    return np.asarray(map_coordinates(_tail_coefficients(), place, order=3, prefilter=False, mode="nearest"))
