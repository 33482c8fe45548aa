"""Arrival of a bolus in a curve, frames before it that are free of contrast, and times of partial rise.

The only definition of bolus arrival: stages that need one ask here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.arrays import FloatArray

NOISE_FACTOR = 5.0
"""A rise counts as a bolus when it exceeds the frame-to-frame noise by this factor."""
ARRIVAL_LEVEL, UPSLOPE_LEVEL = 0.1, 0.5
"""Fractions of the peak enhancement between which the upslope is extrapolated back to the baseline."""


@dataclass(frozen=True)
class Bolus:
    """A bolus found in a curve.

    Parameters
    ----------
    bolus_arrival_time_s : float
        Arrival: where the upslope, extrapolated back, meets the baseline.
    bolus_arrival_frame : int
        First frame at or after arrival, which is the number of frames before it.
    peak_frame : int
        Frame of the first-pass peak.
    peak_s : float
        Time of that frame.
    baseline : float
        Robust mean before arrival.
    noise : float
        Standard deviation of a frame, from second differences before arrival (or of the whole curve when too short).
    """

    bolus_arrival_time_s: float
    bolus_arrival_frame: int
    peak_frame: int
    peak_s: float
    baseline: float
    noise: float

    @property
    def has_baseline(self) -> bool:
        """False where the first frame is on the upslope already, so that the beginning of the bolus is missing."""
        return self.bolus_arrival_frame > 0

    @property
    def baseline_frames(self) -> slice:
        """Frames before arrival; one frame is left out as a margin where more than two remain."""
        stop = self.bolus_arrival_frame - 1 if self.bolus_arrival_frame > 3 else self.bolus_arrival_frame
        return slice(0, max(stop, 1))


def find_bolus(curve: FloatArray, time_s: FloatArray) -> Bolus | None:
    """Return the first-pass bolus of a blood curve, or None where nothing rises above the noise.

    Parameters
    ----------
    curve : (n,) array
        Blood signal or concentration; NaN frames are bridged.
    time_s : (n,) array
        Increasing times in s.

    Examples
    --------
    >>> time = np.arange(40.0)
    >>> bolus = find_bolus(np.where(time > 9, np.exp(-(((time - 15) / 3) ** 2)), 0.0), time)
    >>> bolus.peak_frame, 9 < bolus.bolus_arrival_time_s < 13
    (15, True)
    """
    values = bridged(np.asarray(curve, dtype=float))
    if values is None or len(values) < 4:
        return None
    peak = int(np.argmax(values))
    baseline, bolus_arrival_frame = _baseline(values, peak)
    noise = frame_noise(values[: bolus_arrival_frame + 1] if bolus_arrival_frame >= 4 else values)
    rise = values[peak] - baseline
    if not rise > NOISE_FACTOR * noise or rise <= 0:
        return None
    low = _crossing(values, time_s, baseline + ARRIVAL_LEVEL * rise, peak)
    high = _crossing(values, time_s, baseline + UPSLOPE_LEVEL * rise, peak)
    arrival = low - (high - low) * ARRIVAL_LEVEL / (UPSLOPE_LEVEL - ARRIVAL_LEVEL)
    arrival = max(arrival, float(time_s[0]))
    frame = int(np.searchsorted(time_s, arrival))
    return Bolus(float(arrival), min(frame, peak), peak, float(time_s[peak]), baseline, noise)


def rise_frames(curves: FloatArray, level: FloatArray | float, peak: NDArray[np.intp] | int) -> FloatArray:
    """Return the frame (...), interpolated, of the last upward crossing of a level before each peak.

    Parameters
    ----------
    curves : (frames, ...) array
        Finite values.
    level : (...) array or float
        In the unit of the curves.
    peak : (...) int array or int
        Frame of the peak of each curve.

    Returns
    -------
    (...) array
        0 where a curve is above its level from the first frame on.

    Examples
    --------
    >>> rise_frames(np.array([[0.0], [0.2], [0.6], [1.0], [0.4]]), 0.5, 3).round(2).tolist()
    [1.75]
    """
    frames = np.arange(len(curves)).reshape(-1, *(1,) * (curves.ndim - 1))
    below = (curves <= level) & (frames < peak)
    last = np.where(below.any(axis=0), len(curves) - 1 - np.argmax(below[::-1], axis=0), 0)
    low, high = (np.take_along_axis(curves, frame[None], axis=0)[0] for frame in (last, np.minimum(last + 1, peak)))
    rise = np.where(below.any(axis=0) & (high > low), high - low, np.inf)
    return np.asarray(last + np.clip((level - low) / rise, 0.0, 1.0))


def bridged(values: FloatArray) -> FloatArray | None:
    """Return the curve with NaN frames interpolated linearly, or None when fewer than two are finite."""
    finite = np.isfinite(values)
    if finite.sum() < 2:
        return None
    index = np.arange(len(values))
    return np.interp(index, index[finite], values[finite])


def frame_noise(values: FloatArray) -> float:
    """Return the noise of one frame from second differences, which a smooth curve leaves almost at zero."""
    if len(values) < 4:
        return 0.0
    second = np.diff(values, 2)
    return float(1.4826 * np.median(np.abs(second - np.median(second))) / np.sqrt(6.0))


def _baseline(values: FloatArray, peak: int) -> tuple[float, int]:
    """Return the level before the bolus and the first frame that leaves it, walking back from the peak."""
    level = float(np.min(values[: peak + 1]))
    frame = peak
    for _ in range(4):
        threshold = level + ARRIVAL_LEVEL * (values[peak] - level)
        above = values[: peak + 1] > threshold
        below = np.flatnonzero(~above)
        frame = int(below[-1]) + 1 if below.size else 0
        if frame == 0:
            return float(values[0]), 0
        level = float(np.median(values[: max(frame - 1, 1)]))
    return level, frame


def _crossing(values: FloatArray, time_s: FloatArray, level: float, peak: int) -> float:
    """Return the time of the last upward crossing of a level before the peak, interpolated."""
    return float(np.interp(rise_frames(values, level, peak), np.arange(len(values)), time_s))
