"""Uniform cubic B-splines: coefficients of tables along an axis, and the weights that read them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray


@lru_cache(maxsize=64)
def _filter_matrix(nodes: int) -> FloatArray:
    """Return (nodes + 2, nodes): the coefficients whose spline passes through the nodes, not-a-knot at both ends."""
    system = np.zeros((nodes + 2, nodes + 2))
    rows = np.arange(nodes)
    for shift, weight in enumerate((1 / 6, 4 / 6, 1 / 6)):
        system[rows + 1, rows + shift] = weight
    third_derivative_jump = np.array([1.0, -4.0, 6.0, -4.0, 1.0])
    system[0, :5] = third_derivative_jump
    system[-1, -5:] = third_derivative_jump
    return np.linalg.inv(system)[:, 1:-1]


def spline_coefficients(table: FloatArray, axis: int) -> FloatArray:
    """Return B-spline coefficients of a table along one axis, which grows by two and needs at least four nodes."""
    shape = table.shape
    nodes = shape[axis]
    folded = table.reshape(int(np.prod(shape[:axis])), nodes, int(np.prod(shape[axis + 1 :])))
    filtered = _filter_matrix(nodes).astype(table.dtype) @ folded
    return filtered.reshape(*shape[:axis], nodes + 2, *shape[axis + 1 :])


def spline_weights(fraction: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the four weights (n, 4) of a cubic B-spline at fractions of a cell (n,), and their derivatives."""
    u = fraction
    value = np.stack([(1 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, -3 * u**3 + 3 * u**2 + 3 * u + 1, u**3], axis=-1) / 6
    slope = np.stack([-((1 - u) ** 2), 3 * u**2 - 4 * u, -3 * u**2 + 2 * u + 1, u**2], axis=-1) / 2
    return value, slope
