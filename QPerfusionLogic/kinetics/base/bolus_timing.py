"""When the bolus comes: the foot of the arterial input, its peak and the frames that are fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray

FIRST_PASS_S = 10.0
"""Fermi fits about the first 20 frames of 0.5 s after the foot (spec/performance.md, Agreement)."""


@dataclass(frozen=True)
class BolusTiming:
    """Landmarks of an arterial input: the last sample before it rises, its peak, and the samples before the foot.

    `has_baseline` is False where the first sample already stands out, so that the beginning of the bolus is missing.
    """

    bolus_arrival_time_s: float
    peak_s: float
    peak_mmol_l: float
    baseline_samples: int
    has_baseline: bool = True


def find_bolus(time_s: FloatArray, gd_mmol_l: FloatArray) -> BolusTiming | None:
    """Return the landmarks of an arterial input (m,), or None where it has no bolus.

    The foot is the last sample before the peak that does not stand out: below 5 % of the peak, or inside three standard
    deviations of the samples before the upslope.
    """
    peak = int(np.argmax(gd_mmol_l))
    height = float(gd_mmol_l[peak])
    if not height > 0 or float(np.ptp(gd_mmol_l)) <= 1e-9 * height:
        return None
    before = gd_mmol_l[: peak + 1]
    upslope = int(np.flatnonzero(before < 0.2 * height)[-1]) if (before < 0.2 * height).any() else 0
    early = gd_mmol_l[: max(upslope - 1, 0)]
    noise = 1.4826 * float(np.median(np.abs(early - np.median(early)))) if early.size >= 5 else 0.0
    quiet = np.flatnonzero(before <= min(max(0.05 * height, 3.0 * noise), 0.2 * height))
    arrival = int(quiet[-1]) if quiet.size else 0
    return BolusTiming(
        float(time_s[arrival]), float(time_s[peak]), height, arrival if quiet.size else 0, bool(quiet.size)
    )


def fit_window(
    time_s: FloatArray, bolus: BolusTiming, first_pass: bool, window_s: float | None
) -> tuple[BoolArray, tuple[float, float]]:
    """Return which frames (frames,) are fitted and the times of the first and last of them.

    The window opens one frame before the foot; it closes `window_s` after the foot, after the first pass, or with the
    last frame.
    """
    frame_s = float(np.median(np.diff(time_s)))
    if window_s is None and first_pass:
        window_s = max(FIRST_PASS_S, bolus.peak_s - bolus.bolus_arrival_time_s + FIRST_PASS_S / 2)
    end = np.inf if window_s is None else bolus.bolus_arrival_time_s + window_s
    inside = (time_s >= bolus.bolus_arrival_time_s - 1.01 * frame_s) & (time_s <= end + 1e-6)
    chosen = time_s[inside]
    return inside, (float(chosen[0]), float(chosen[-1])) if chosen.size else (
        bolus.bolus_arrival_time_s,
        bolus.bolus_arrival_time_s,
    )
