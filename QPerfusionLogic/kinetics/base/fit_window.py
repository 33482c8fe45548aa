"""Frames that are fitted: from just before the arrival of the bolus to the end of the window."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.signal_model.bolus import Bolus

FIRST_PASS_S = 10.0
"""Fermi functions are fitted to the first 20 frames of 0.5 s or so after arrival (Jerosch-Herold 1998)."""
FIRST_PASS_RISES = 3.0
"""... or to this many times the rise of the arterial input from arrival to peak, which a slow bolus at rest needs:
after 10 s its tissue still rises, and noise reads as flow (decision 19)."""

FRAMES_BEFORE = 2
"""Frames before arrival in the window."""


def fit_window(
    time_s: FloatArray, bolus: Bolus, first_pass: bool, window_s: float | None
) -> tuple[BoolArray, tuple[float, float]]:
    """Return which frames (frames,) are fitted and the times of the first and last of them.

    The window opens with the last two frames before arrival, so that the fit sees the level from which a curve rises;
    it closes `window_s` after arrival, after the first pass, or with the last frame.
    """
    if window_s is None and first_pass:
        window_s = max(FIRST_PASS_S, FIRST_PASS_RISES * (bolus.peak_s - bolus.bolus_arrival_time_s))
    end = np.inf if window_s is None else bolus.bolus_arrival_time_s + window_s
    first = max(int(np.searchsorted(time_s, bolus.bolus_arrival_time_s)) - FRAMES_BEFORE, 0)
    inside = (np.arange(time_s.size) >= first) & (time_s <= end + 1e-6)
    chosen = time_s[inside]
    return inside, (float(chosen[0]), float(chosen[-1])) if chosen.size else (
        bolus.bolus_arrival_time_s,
        bolus.bolus_arrival_time_s,
    )
