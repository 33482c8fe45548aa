"""How well segmentations agree: Dice overlap and landmark distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from QPerfusionLogic.data.arrays import FloatArray, dice


def label_dice(one: ArrayLike, two: ArrayLike) -> dict[int, float]:
    """Return the Dice coefficient of every label but 0 that is in one of two label maps."""
    first, second = np.asarray(one), np.asarray(two)
    labels = sorted((set(np.unique(first)) | set(np.unique(second))) - {0})
    return {int(label): dice(first == label, second == label) for label in labels}


def landmark_distance_mm(
    one: ArrayLike, two: ArrayLike, pixel_spacing_mm: tuple[float, float] = (1.0, 1.0)
) -> FloatArray:
    """Return the distance of paired landmarks in mm.

    Parameters
    ----------
    one, two : (..., 2) arrays
        (row, column) in pixels.
    pixel_spacing_mm : (row, column) spacing

    Returns
    -------
    (...) array, NaN where a landmark is missing.

    Examples
    --------
    >>> landmark_distance_mm([[0.0, 0.0]], [[3.0, 4.0]], (2.0, 2.0)).tolist()
    [10.0]
    """
    step = (np.asarray(one, dtype=float) - np.asarray(two, dtype=float)) * np.asarray(pixel_spacing_mm)
    return np.asarray(np.linalg.norm(step, axis=-1))
