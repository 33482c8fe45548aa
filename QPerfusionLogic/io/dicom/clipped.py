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


AS_STORED = np.array([[[1.0]], [[0.0]]])
"""Slope and intercept (2, frames, slices) from stored to given values of each image."""


def clipping_notice(
    signal: FloatArray,
    proton_density: FloatArray | None,
    lines: FloatArray = AS_STORED,
    density_lines: FloatArray = AS_STORED,
) -> tuple[Notice, ...]:
    """Return a serious notice when pixels that enhance are cut off at the largest number of the file.

    Parameters
    ----------
    signal : (frames, slices, rows, columns) array
    proton_density : (frames, slices, rows, columns) array, optional
    lines : (2, frames, slices) array
        Slope and intercept of the images of the signal.
    density_lines : (2, frames, slices) array
        The same of the proton-density images, which may be stored on another scale.
    """
    enhancing: BoolArray = signal.min(axis=0) < BASELINE_SHARE * signal.max(axis=0)
    parts = [(signal, lines, LEAST_FRAMES)]
    if proton_density is not None:
        parts.append((proton_density, density_lines, 1))
    for images, (slope, intercept), frames in parts:
        limit = _limit(images, slope, intercept)
        if limit is None:
            continue
        ceiling = ((limit - 0.25) * slope + intercept)[..., None, None]
        count = int(np.count_nonzero(enhancing & (np.count_nonzero(images >= ceiling, axis=0) >= frames)))
        if count >= LEAST_PIXELS:
            return (_notice(count, limit),)
    return ()


def _limit(images: FloatArray, slope: FloatArray, intercept: FloatArray) -> int | None:
    """Return the largest stored number of images where it is the largest of some number of bits, else None."""
    if (slope <= 0).any():
        return None
    stored = float(((images.max(axis=(2, 3)) - intercept) / slope).max())
    return next((limit for limit in LARGEST_VALUES if abs(stored - limit) < 1e-3 * max(limit, 1.0) / 4.0), None)


def _notice(count: int, limit: int) -> Notice:
    message = f"the signal of {counted(count, 'pixel')} that enhance is cut off at {limit}, the largest stored number"
    action = "export the series with its full range of values; flow with cut-off blood or proton density is wrong"
    return Notice.of("signal-clipped", message, action)
