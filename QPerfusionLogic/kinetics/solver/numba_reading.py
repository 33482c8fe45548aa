"""Reading spline tables in compiled loops: where a parameter falls, and sums of fitted curves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from .numba_lanes import add_curve

FAST = {"reassoc", "contract", "nsz", "arcp"}
"""Without `nnan` and `ninf`: full fast-math would turn missing values into numbers."""
_njit: Any = njit
helper = _njit(cache=True, fastmath=FAST, forceinline=True, _nrt=False)
"""Compiles a function that only borrows arrays, into its callers. Numba would count references to them, an atomic
addition each, which in a loop over curves takes a third of the time."""
LOG, SQRT, LINEAR = 0, 1, 2


@helper
def locate(x, strides, matrix, offset, scale, first, per_step, nodes, weight, slope):
    """Return where the cell of the table that x falls into begins; fill the spline weights and their derivatives in y.

    `strides` is a tuple with one entry per axis, `per_step` the reciprocal of the steps; weights and derivatives are
    (4 axes,) and float32.
    """
    base = 0
    for a in range(len(strides)):
        y = offset[a]
        for k in range(len(strides) + 1):
            y += matrix[a, k] * x[k]
        inner = per_step[a]
        if scale[a] == SQRT:
            y = np.exp(0.5 * y)
            inner *= 0.5 * y
        position = (y - first[a]) * per_step[a]
        if position < 0.0:
            position = 0.0
            inner = 0.0
        elif position > nodes[a] - 1.0:
            position = nodes[a] - 1.0
            inner = 0.0
        c = min(int(position), nodes[a] - 2)
        base += c * strides[a]
        u = position - c
        v = 1.0 - u
        weight[4 * a] = v * v * v * (1.0 / 6.0)
        weight[4 * a + 1] = (0.5 * u - 1.0) * u * u + 2.0 / 3.0
        weight[4 * a + 2] = (0.5 * v - 1.0) * v * v + 2.0 / 3.0
        weight[4 * a + 3] = u * u * u * (1.0 / 6.0)
        slope[4 * a] = -0.5 * v * v * inner
        slope[4 * a + 1] = (1.5 * u - 2.0) * u * inner
        slope[4 * a + 2] = -(1.5 * v - 2.0) * v * inner
        slope[4 * a + 3] = 0.5 * u * u * inner
    return base


@njit(cache=True, fastmath=FAST, nogil=True)
def read_curves(table, strides, matrix, lift, offset, scale, first, per_step, nodes, x, share, curves):
    """Add share (n, d) times flow times the tabulated curve at x (n, d, p) to curves (n, rank), float32."""
    n, delays, _ = x.shape
    weight = np.empty(4 * len(strides), np.float32)
    slope = np.empty(4 * len(strides), np.float32)
    for delay in range(delays):
        slab = table[delay]
        for i in range(n):
            if share[i, delay] > 0.0:
                base = locate(x[i, delay], strides, matrix, offset, scale, first, per_step, nodes, weight, slope)
                size = np.float32(share[i, delay] * np.exp(x[i, delay, 0]))
                add_curve(slab, base, strides, weight, size, curves[i])
