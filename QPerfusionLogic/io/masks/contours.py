"""Closed contours as masks, and which of several is the epicardium, the endocardium or the right ventricle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE, BoolArray, FloatArray

EPICARDIUM, ENDOCARDIUM, RIGHT_ENDOCARDIUM = "epicardium", "endocardium", "right endocardium"
ENCLOSED_SHARE = 0.9
LEAST_POINTS = 3


def filled(points: FloatArray, shape: tuple[int, int]) -> BoolArray:
    """Return the pixels (rows, columns) whose middle lies inside a polygon.

    Parameters
    ----------
    points : (n, 2) array
        Column and row of each corner; the middle of the first pixel is (0, 0).

    Examples
    --------
    >>> int(filled(np.array([[0.5, 0.5], [3.5, 0.5], [3.5, 2.5], [0.5, 2.5]]), (5, 5)).sum())
    6
    """
    column, row = np.meshgrid(np.arange(shape[1]), np.arange(shape[0]))
    inside = np.zeros(shape, dtype=bool)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        crosses = (y0 > row) != (y1 > row)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside ^= crosses & (column < (x1 - x0) * (row - y0) / (y1 - y0) + x0)
    return inside


def tissues_of(masks: dict[str, BoolArray]) -> dict[int, BoolArray]:
    """Return the mask of each of our labels from the filled contours of one image, by name."""
    tissues: dict[int, BoolArray] = {}
    if ENDOCARDIUM in masks:
        tissues[LEFT_VENTRICLE] = masks[ENDOCARDIUM]
        if EPICARDIUM in masks:
            tissues[MYOCARDIUM] = masks[EPICARDIUM] & ~masks[ENDOCARDIUM]
    if RIGHT_ENDOCARDIUM in masks:
        tissues[RIGHT_VENTRICLE] = masks[RIGHT_ENDOCARDIUM]
    return tissues


def named_by_nesting(masks: Sequence[BoolArray]) -> dict[str, BoolArray]:
    """Return the filled contours of one image by name: one encloses another, a third lies beside them.

    An empty dictionary where that does not name every contour.
    """
    pairs = [
        (outer, inner)
        for outer in range(len(masks))
        for inner in range(len(masks))
        if outer != inner and masks[inner].sum() < masks[outer].sum() and _share(masks[inner], masks[outer])
    ]
    if len(pairs) != 1 or len(masks) > 3:
        return {}
    outer, inner = pairs[0]
    named = {EPICARDIUM: masks[outer], ENDOCARDIUM: masks[inner]}
    beside = [mask for number, mask in enumerate(masks) if number not in pairs[0]]
    return {**named, RIGHT_ENDOCARDIUM: beside[0]} if beside else named


def _share(part: BoolArray, whole: BoolArray) -> bool:
    return bool(np.count_nonzero(part & whole) >= ENCLOSED_SHARE * max(int(np.count_nonzero(part)), 1))
