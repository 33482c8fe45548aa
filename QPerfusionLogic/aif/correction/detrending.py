"""Take a linear trend out of an arterial input, on request."""

from __future__ import annotations

import dataclasses

import numpy as np

from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.signal_model.bolus import find_bolus

from .method_curve import MethodCurve

FEWEST_FRAMES = 6
SIGNIFICANCE = 3.0
"""A slope counts when it exceeds its standard error by this factor."""
LARGEST_SHARE = 0.25
"""A trend that would move the end of the curve by more of its peak is no trend; it is left alone."""


def detrended(curve: MethodCurve) -> MethodCurve:
    """Return the curve minus the line through its frames before the bolus, where that line is significant and small."""
    bolus = find_bolus(curve.gd_mmol_l, curve.time_s)
    if bolus is None or bolus.baseline_frames.stop < FEWEST_FRAMES:
        return _noted(curve, "too few frames before the bolus to show a trend")
    frames = bolus.baseline_frames
    time, value = curve.time_s[frames], curve.gd_mmol_l[frames]
    slope, intercept = np.polyfit(time, value, 1)
    residual = value - (slope * time + intercept)
    error = np.sqrt(np.sum(residual**2) / max(len(time) - 2, 1) / np.sum((time - time.mean()) ** 2))
    if abs(slope) <= SIGNIFICANCE * error:
        return _noted(curve, "the trend before the bolus is within its noise and was left")
    line = slope * curve.time_s + intercept
    if np.ptp(line) > LARGEST_SHARE * curve.gd_mmol_l[bolus.peak_frame]:
        return _noted(
            curve, f"the trend before the bolus ({60 * slope:.2g} mmol/L per minute) is too steep for a trend"
        )
    corrected = dataclasses.replace(curve, gd_mmol_l=curve.gd_mmol_l - line)
    return _noted(corrected, f"a trend of {60 * slope:.2g} mmol/L per minute was taken out")


def _noted(curve: MethodCurve, message: str) -> MethodCurve:
    notice = Notice.of(code="aif-detrend", message=f"detrending: {message}")
    return dataclasses.replace(curve, notices=(*curve.notices, notice))
