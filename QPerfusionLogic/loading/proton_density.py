"""Proton-density frames at the head of a series, told by their brightness."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.settings import LoadingSettings
from QPerfusionLogic.study import FloatArray, Notice, Severity

from .image_group import MINIMUM_FRAMES
from .wording import counted

MOST_LEADING_FRAMES = 5
BRIGHTER = 1.5
"""Without saturation pulse a frame is several times brighter than the first saturated ones."""
BASELINE_FRAMES = 4


def leading_frames(signal: FloatArray, settings: LoadingSettings) -> int:
    """Return how many frames at the head are proton-density weighted: as the user says, else as found."""
    if settings.proton_density_frames is None:
        return leading_proton_density_frames(signal)
    return max(min(settings.proton_density_frames, len(signal) - MINIMUM_FRAMES), 0)


def found_notice(count: int) -> Notice:
    """Return the notice that leading frames were taken out."""
    message = f"the first {counted(count, 'frame')} were taken as proton-density weighted"
    return Notice("proton-density-found", message, "set loading.proton_density_frames if that is wrong", Severity.NOTE)


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
