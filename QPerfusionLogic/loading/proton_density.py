"""Proton-density frames at the head of a series, told by their brightness."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.study import FloatArray

MOST_LEADING_FRAMES = 5
BRIGHTER = 1.5
"""Without saturation pulse a frame is several times brighter than the first saturated ones."""
BASELINE_FRAMES = 4


def leading_proton_density_frames(signal: FloatArray) -> int:
    """Return how many frames at the head of (frames, slices, rows, columns) are proton-density weighted.

    Examples
    --------
    >>> import numpy as np
    >>> leading_proton_density_frames(np.array([90.0, 88, 20, 21, 20, 20, 22, 60, 80, 70]).reshape(-1, 1, 1, 1))
    2
    """
    brightness = np.abs(signal).reshape(len(signal), -1).mean(axis=1, dtype=np.float64)
    for count in range(min(MOST_LEADING_FRAMES, len(brightness) - BASELINE_FRAMES), 0, -1):
        leading, following = brightness[:count], brightness[count : count + BASELINE_FRAMES]
        steady = np.ptp(leading) < 0.3 * leading.mean() and np.ptp(following) < 0.5 * following.mean()
        if steady and leading.min() > BRIGHTER * following.max():
            return count
    return 0
