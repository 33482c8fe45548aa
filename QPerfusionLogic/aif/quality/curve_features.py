"""The numbers that describe an arterial input, and its trend."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.signal_model.bolus import Bolus, find_bolus


def curve_features(gd_mmol_l: FloatArray, time_s: FloatArray) -> dict[str, float]:
    """Return the features of an arterial input; NaN where a feature does not exist.

    Parameters
    ----------
    gd_mmol_l, time_s : (n,) arrays
        Baseline at 0; irregular times allowed.

    Returns
    -------
    dict
        bolus_arrival_time_s, peak_mmol_l, time_to_peak_s (from bolus arrival), fwhm_s, valley_s (lowest point after
        the first pass), first_pass_end_s (the same, or the end of the data), area_mmol_s_l (first pass) and
        baseline_drift (mmol/L per minute before bolus arrival).

    Examples
    --------
    >>> time = np.arange(0.0, 40.0, 0.5)
    >>> found = curve_features(5.0 * np.exp(-(((time - 15) / 3) ** 2)), time)
    >>> round(found["peak_mmol_l"], 2), round(found["fwhm_s"], 1)
    (5.0, 5.0)
    """
    bolus = find_bolus(gd_mmol_l, time_s)
    if bolus is None:
        return dict.fromkeys(FEATURES, float("nan"))
    peak = float(gd_mmol_l[bolus.peak_frame])
    end, has_valley = first_pass_end(gd_mmol_l, bolus)
    first_pass = slice(bolus.bolus_arrival_frame, end + 1)
    return {
        "bolus_arrival_time_s": bolus.bolus_arrival_time_s,
        "peak_mmol_l": peak,
        "time_to_peak_s": float(time_s[bolus.peak_frame]) - bolus.bolus_arrival_time_s,
        "fwhm_s": _full_width(gd_mmol_l, time_s, bolus),
        "valley_s": float(time_s[end]) if has_valley else float("nan"),
        "first_pass_end_s": float(time_s[end]),
        "area_mmol_s_l": _area(gd_mmol_l[first_pass], time_s[first_pass]),
        "baseline_drift": baseline_drift(gd_mmol_l, time_s, bolus),
    }


FEATURES = (
    "bolus_arrival_time_s",
    "peak_mmol_l",
    "time_to_peak_s",
    "fwhm_s",
    "valley_s",
    "first_pass_end_s",
    "area_mmol_s_l",
    "baseline_drift",
)


def first_pass_end(gd_mmol_l: FloatArray, bolus: Bolus) -> tuple[int, bool]:
    """Return the frame where the first pass ends, and whether a valley (rather than the data's end) marks it.

    The valley is the lowest point between the peak and the recirculation: the curve is smoothed over three frames and
    followed until it has risen by a twentieth of the peak above the lowest value seen.
    """
    smooth = np.convolve(np.pad(gd_mmol_l, 1, mode="edge"), np.ones(3) / 3.0, mode="valid")
    margin = 0.05 * smooth[bolus.peak_frame]
    lowest = bolus.peak_frame
    for frame in range(bolus.peak_frame, len(smooth)):
        if smooth[frame] < smooth[lowest]:
            lowest = frame
        elif smooth[frame] > smooth[lowest] + margin and smooth[lowest] < 0.5 * smooth[bolus.peak_frame]:
            return lowest, True
    return lowest, False


def baseline_drift(gd_mmol_l: FloatArray, time_s: FloatArray, bolus: Bolus) -> float:
    """Return the slope of the curve before the bolus in mmol/L per minute; NaN with fewer than four frames."""
    frames = bolus.baseline_frames
    if frames.stop < 4:
        return float("nan")
    return 60.0 * float(np.polyfit(time_s[frames], gd_mmol_l[frames], 1)[0])


def _area(values: FloatArray, time_s: FloatArray) -> float:
    return float(np.sum(0.5 * (values[1:] + values[:-1]) * np.diff(time_s)))


def _full_width(gd_mmol_l: FloatArray, time_s: FloatArray, bolus: Bolus) -> float:
    half = 0.5 * gd_mmol_l[bolus.peak_frame]
    before = np.flatnonzero(gd_mmol_l[: bolus.peak_frame] < half)
    after = np.flatnonzero(gd_mmol_l[bolus.peak_frame :] < half) + bolus.peak_frame
    if not before.size or not after.size:
        return float("nan")
    rising, falling = int(before[-1]), int(after[0])
    start = np.interp(half, gd_mmol_l[[rising, rising + 1]], time_s[[rising, rising + 1]])
    stop = np.interp(half, gd_mmol_l[[falling, falling - 1]], time_s[[falling, falling - 1]])
    return float(stop - start)
