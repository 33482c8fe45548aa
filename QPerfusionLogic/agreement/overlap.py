"""How well landmarks agree; the Dice overlap of masks is in `data/arrays.py`."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from QPerfusionLogic.data.arrays import FloatArray


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
