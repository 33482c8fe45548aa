"""Curves with different missing frames, sorted into groups that can be fitted together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.arrays import BoolArray, FloatArray

from .model import Solution

MOST_PATTERNS = 16
ROUNDS = 8


def by_pattern(
    curves: FloatArray,
    weights: FloatArray,
    window: BoolArray,
    solve: Callable[[FloatArray, FloatArray], Solution],
) -> Solution:
    """Fit curves (n, frames) whose frame weights differ.

    Up to 16 patterns of weights are fitted exactly, each with its own table. Where there are more, what a curve lacks
    of the largest weights is filled with its own fit until that settles (majorise-minimise).
    """
    if (weights[:, window] == weights[:1, window]).all():
        return solve(curves, weights[0])
    patterns, member = np.unique(weights[:, window], axis=0, return_inverse=True)
    member = member.reshape(-1)
    if len(patterns) <= MOST_PATTERNS:
        parts = [(np.flatnonzero(member == index)) for index in range(len(patterns))]
        return _joined([(rows, solve(curves[rows], weights[rows[0]])) for rows in parts], len(curves))
    common = np.max(weights, axis=0)
    share = np.divide(weights, common, out=np.zeros_like(weights), where=common > 0)
    filled = _bridged(curves, share)
    for _ in range(ROUNDS):
        solution = solve(filled, common)
        filled = share * curves + (1.0 - share) * solution.predicted
    return solution


def _bridged(curves: FloatArray, share: FloatArray) -> FloatArray:
    frames = np.arange(curves.shape[1])
    return np.stack(
        [np.interp(frames, frames[known > 0], curve[known > 0]) for curve, known in zip(curves, share, strict=True)]
    )


def _joined(parts: list[tuple[NDArray[np.intp], Solution]], n: int) -> Solution:
    first = parts[0][1]
    parameters: dict[str, FloatArray] = {name: np.empty(n) for name in first.parameters}
    status = np.empty(n, dtype=np.uint8)
    predicted = np.empty((n, first.predicted.shape[1]))
    for rows, solution in parts:
        for name, value in solution.parameters.items():
            parameters[name][rows] = value
        status[rows] = solution.status
        predicted[rows] = solution.predicted
    return Solution(parameters, status, predicted)
