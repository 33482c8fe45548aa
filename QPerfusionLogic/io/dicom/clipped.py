"""Blood signal cut off at the largest number that an image can store."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.wording import counted

LARGEST_VALUES = (255, 1023, 4095, 16383, 32767, 65535)
"""Largest stored values of 8 to 16 bits."""
BASELINE_SHARE = 0.7
"""A pixel that enhances lies below this share of its largest value in some frame; fat at the coil does not."""
LEAST_FRAMES, LEAST_PIXELS = 2, 5


def clipping_notice(
    signal: FloatArray, proton_density: FloatArray | None, slope: float = 1.0, intercept: float = 0.0
) -> tuple[Notice, ...]:
    """Return a serious notice when pixels that enhance are cut off at the largest number of the file.

    Parameters
    ----------
    signal : (frames, slices, rows, columns) array
    proton_density : (frames, slices, rows, columns) array, optional
    slope, intercept : float
        From stored to given values.
    """
    everything = [signal] if proton_density is None else [signal, proton_density]
    ceiling = max(float(part.max()) for part in everything)
    stored = (ceiling - intercept) / (slope or 1.0)
    if not any(abs(stored - value) < 1e-3 * max(abs(stored), 1.0) / 4.0 for value in LARGEST_VALUES):
        return ()
    enhancing: BoolArray = signal.min(axis=0) < BASELINE_SHARE * signal.max(axis=0)
    pixels = enhancing & (np.count_nonzero(signal >= ceiling, axis=0) >= LEAST_FRAMES)
    if proton_density is not None:
        pixels |= enhancing & (proton_density >= ceiling).any(axis=0)
    count = int(np.count_nonzero(pixels))
    if count < LEAST_PIXELS:
        return ()
    message = (
        f"the signal of {counted(count, 'pixel')} that enhance is cut off at {stored:.0f}, the largest stored number"
    )
    action = "export the series with its full range of values; flow with cut-off blood or proton density is wrong"
    return (Notice.of("signal-clipped", message, action),)
