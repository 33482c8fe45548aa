"""How well segmentations agree: Dice overlap and landmark distance."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.errors import InputError


def dice(one: ArrayLike, two: ArrayLike) -> float:
    """Return the Dice coefficient of two masks of any shape; NaN when both are empty.

    Examples
    --------
    >>> dice([True, True, False], [True, False, False])
    0.6666666666666666
    """
    first, second = np.asarray(one, dtype=bool), np.asarray(two, dtype=bool)
    if first.shape != second.shape:
        raise InputError(f"masks of shape {first.shape} and {second.shape}", expected="equal shapes")
    total = int(first.sum()) + int(second.sum())
    return 2.0 * int((first & second).sum()) / total if total else math.nan


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
