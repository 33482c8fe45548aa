"""One position per frame from the shifts between many pairs of frames: robust least squares over a graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from QPerfusionLogic.data.arrays import FloatArray

CAUCHY_PX = 1.0
"""Residual at which a measured shift keeps half of its weight."""
ANNEALING = (4.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
"""Multiples of CAUCHY_PX, one per round of reweighting."""
CONTINUITY = 1e-4
"""Weight of 'neighbouring frames lie at the same place', which alone holds parts of a broken graph together."""


@dataclass(frozen=True)
class Positions:
    """Where each frame lies.

    Parameters
    ----------
    position : (frames, 2) array
        In working pixels; its median over the frames is 0.
    residual : (pairs,) array
        Length of measured less consistent shift.
    weight : (pairs,) array
        Final weight of each pair.
    """

    position: FloatArray
    residual: FloatArray
    weight: FloatArray


def neighbour_pairs(frames: int, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (first, second) of all pairs of frames at most `reach` apart, first < second."""
    steps = [(np.arange(frames - step), np.arange(step, frames)) for step in range(1, min(reach, frames - 1) + 1)]
    if not steps:
        return np.zeros(0, dtype=int), np.zeros(0, dtype=int)
    return np.concatenate([pair[0] for pair in steps]), np.concatenate([pair[1] for pair in steps])


def solve_positions(
    frames: int, first: np.ndarray, second: np.ndarray, shift: FloatArray, confidence: FloatArray
) -> Positions:
    """Return the positions that agree best with shift = position[second] - position[first].

    Parameters
    ----------
    first, second : (pairs,) int arrays, first < second
    shift : (pairs, 2) array
    confidence : (pairs,) array
        Weight of each pair before its residual is looked at.
    """
    reach = int((second - first).max()) if len(first) else 1
    weight = confidence.copy()
    position: FloatArray = np.zeros((frames, 2))
    residual = np.zeros(len(first))
    for width in ANNEALING:
        position = _weighted_solution(frames, first, second, shift, weight, reach)
        residual = np.linalg.norm(shift - (position[second] - position[first]), axis=1)
        weight = confidence / (1.0 + (residual / (width * CAUCHY_PX)) ** 2)
    return Positions(position - np.median(position, axis=0), residual, weight)


def _weighted_solution(
    frames: int, first: np.ndarray, second: np.ndarray, shift: FloatArray, weight: FloatArray, reach: int
) -> FloatArray:
    """Solve the normal equations, a banded graph Laplacian, with the first frame held at 0."""
    band = np.zeros((reach + 1, frames))
    right = np.zeros((frames, 2))
    neighbour = np.arange(frames - 1)
    rows = np.concatenate([first, neighbour])
    columns = np.concatenate([second, neighbour + 1])
    weights = np.concatenate([weight, np.full(frames - 1, CONTINUITY)])
    np.add.at(band[0], rows, weights)
    np.add.at(band[0], columns, weights)
    np.add.at(band, (columns - rows, rows), -weights)
    np.add.at(right, second, weight[:, None] * shift)
    np.add.at(right, first, -weight[:, None] * shift)
    band[0, 0] += 1.0
    return np.asarray(linalg.solveh_banded(band, right, lower=True))
