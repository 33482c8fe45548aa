"""Place an arterial input in time on the tissue series, whose own saturated blood curve shows the same bolus."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.signal_model.bolus import find_bolus
from QPerfusionLogic.signal_model.response import SignalResponse

from .blood_curve import BloodCurve

SEARCH_S = 6.0
"""Shifts this far around the difference of arrivals are tried."""
STEP_S = 0.05


def bolus_shift(time_s: FloatArray, gd_mmol_l: FloatArray, tissue: BloodCurve, response: SignalResponse) -> float:
    """Return the seconds to add to `time_s` so that the curve, seen through the tissue sequence, matches `tissue`.

    Parameters
    ----------
    time_s, gd_mmol_l : (n,) arrays
        The unsaturated curve on its own clock.
    tissue : BloodCurve
        The saturated blood curve of the tissue series.
    response : SignalResponse
        What the tissue sequence makes of gadolinium in blood.

    Returns
    -------
    float
        NaN when either curve has no bolus.
    """
    own, seen = find_bolus(gd_mmol_l, time_s), tissue.bolus
    if own is None or seen is None:
        return float("nan")
    signal = response.signal(gd_mmol_l)
    start = seen.bolus_arrival_time_s - own.bolus_arrival_time_s
    last = tissue.time_s <= tissue.time_s[seen.peak_frame] + 2.0 * SEARCH_S
    shifts = start + np.arange(-SEARCH_S, SEARCH_S + STEP_S / 2, STEP_S)
    misfits = np.array([_misfit(tissue.time_s[last], tissue.signal[last], time_s + s, signal) for s in shifts])
    best = int(np.argmin(misfits))
    if 0 < best < len(shifts) - 1:
        left, centre, right = misfits[best - 1 : best + 2]
        curvature = left - 2.0 * centre + right
        offset = 0.5 * (left - right) / curvature if curvature > 0 else 0.0
        return float(shifts[best] + offset * STEP_S)
    return float(shifts[best])


def explained_misfit(model: FloatArray, wanted: FloatArray) -> float:
    """Return the rms difference after the best gain and offset, as a share of the range of `wanted` (n,)."""
    design = np.column_stack((model, np.ones_like(model)))
    solution, *_ = np.linalg.lstsq(design, wanted, rcond=None)
    return float(np.sqrt(np.mean((design @ solution - wanted) ** 2)) / max(float(np.ptp(wanted)), 1e-12))


def _misfit(time_s: FloatArray, wanted: FloatArray, own_time_s: FloatArray, signal: FloatArray) -> float:
    """Residual sum of squares of the best gain and offset."""
    model = np.interp(time_s, own_time_s, signal)
    design = np.column_stack((model, np.ones_like(model)))
    solution, *_ = np.linalg.lstsq(design, wanted, rcond=None)
    return float(np.sum((design @ solution - wanted) ** 2))
