"""Types of arrays, the values of the label map, and the overlap of masks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from QPerfusionLogic.errors import InputError

FloatArray = NDArray[np.floating[Any]]
BoolArray = NDArray[np.bool_]
LabelArray = NDArray[np.uint8]
MYOCARDIUM, LEFT_VENTRICLE, RIGHT_VENTRICLE = 1, 2, 3
"""Values of the label map: myocardium, LV blood pool, RV blood pool."""


def dice(one: ArrayLike, two: ArrayLike) -> float:
    """Return the Dice coefficient of two masks of any shape; NaN when both are empty.

    Parameters
    ----------
    one, two : arrays of bool
        Masks on one grid.

    Returns
    -------
    float
        Twice the overlap over the sum of both, 0 to 1.

    Raises
    ------
    InputError
        When the shapes differ.

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
