"""Indices that need no model: upslope, peak, times and area, and the reserve index formed from upslopes."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray

SLOPE_FRAMES = 5


def semi_quantitative(
    curves: FloatArray, time_s: FloatArray, bolus_arrival_time_s: float | None = None
) -> dict[str, FloatArray]:
    """Return upslope (per s), peak, time to peak (s from bolus arrival) and area of curves (n, frames).

    The upslope is the steepest straight line through five frames in a row before the peak. NaN where a curve has gaps.

    Examples
    --------
    >>> time_s = np.arange(20.0)
    >>> ramp = np.clip(time_s - 5, 0, 8)[None]
    >>> float(np.round(semi_quantitative(ramp, time_s)["upslope_mmol_l_s"][0], 6))
    1.0
    """
    values = np.atleast_2d(np.asarray(curves, dtype=float))
    times = np.asarray(time_s, dtype=float)
    start = float(times[0]) if bolus_arrival_time_s is None else bolus_arrival_time_s
    names = ("upslope_mmol_l_s", "peak_mmol_l", "time_to_peak_s", "area_mmol_s_l")
    results = {name: np.full(len(values), np.nan) for name in names}
    known = np.isfinite(values).all(axis=1)
    if times.size < SLOPE_FRAMES or not known.any():
        return results
    clean = values[known]
    windows = np.lib.stride_tricks.sliding_window_view(clean, SLOPE_FRAMES, axis=1)
    spans = np.lib.stride_tricks.sliding_window_view(times, SLOPE_FRAMES)
    centred = spans - spans.mean(axis=1, keepdims=True)
    slopes = (windows * centred).sum(axis=-1) / (centred**2).sum(axis=-1)
    peak = np.argmax(clean, axis=1)
    ends = np.arange(SLOPE_FRAMES - 1, times.size)
    slopes = np.where(ends[None, :] <= np.maximum(peak, SLOPE_FRAMES - 1)[:, None], slopes, -np.inf)
    results["upslope_mmol_l_s"][known] = slopes.max(axis=1)
    results["peak_mmol_l"][known] = clean.max(axis=1)
    results["time_to_peak_s"][known] = times[peak] - start
    results["area_mmol_s_l"][known] = np.trapezoid(clean, times, axis=1)
    return results


def relative_upslope(curves: FloatArray, time_s: FloatArray, aif_mmol_l: FloatArray) -> FloatArray:
    """Return the upslope of each curve (n, frames) over that of the arterial input (frames,)."""
    arterial = semi_quantitative(np.asarray(aif_mmol_l)[None], time_s)["upslope_mmol_l_s"][0]
    return semi_quantitative(curves, time_s)["upslope_mmol_l_s"] / arterial


def perfusion_reserve_index(stress_upslope: FloatArray, rest_upslope: FloatArray) -> FloatArray:
    """Return MPRI, the ratio of relative upslopes under stress and at rest; NaN where there is none at rest."""
    rest = np.asarray(rest_upslope, dtype=float)
    return np.divide(stress_upslope, rest, out=np.full(rest.shape, np.nan), where=rest > 0)
