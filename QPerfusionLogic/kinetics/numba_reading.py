"""Reading spline tables in compiled loops: where a parameter falls, and the curve there with its derivatives."""

from __future__ import annotations

import numpy as np
from numba import njit

FAST = {"reassoc", "contract", "nsz", "arcp"}
"""Without `nnan` and `ninf`: full fast-math would turn missing values into numbers."""

LOG, SQRT, LINEAR = 0, 1, 2


@njit(cache=True, fastmath=FAST)
def locate(x, matrix, offset, scale, first, step, nodes, cell, weight, slope):
    """Find the cell of the table that x falls into, and the spline weights there with their derivatives in y."""
    axes, p = matrix.shape
    for a in range(axes):
        y = offset[a]
        for k in range(p):
            y += matrix[a, k] * x[k]
        inner = 1.0
        if scale[a] == SQRT:
            y = np.exp(0.5 * y)
            inner = 0.5 * y
        position = (y - first[a]) / step[a]
        inner /= step[a]
        if position < 0.0:
            position = 0.0
            inner = 0.0
        elif position > nodes[a] - 1.0:
            position = nodes[a] - 1.0
            inner = 0.0
        c = min(int(position), nodes[a] - 2)
        cell[a] = c
        u = position - c
        v = 1.0 - u
        weight[a, 0] = v * v * v / 6.0
        weight[a, 1] = (3.0 * u * u * u - 6.0 * u * u + 4.0) / 6.0
        weight[a, 2] = (3.0 * v * v * v - 6.0 * v * v + 4.0) / 6.0
        weight[a, 3] = u * u * u / 6.0
        slope[a, 0] = -0.5 * v * v * inner
        slope[a, 1] = (1.5 * u * u - 2.0 * u) * inner
        slope[a, 2] = -(1.5 * v * v - 2.0 * v) * inner
        slope[a, 3] = 0.5 * u * u * inner


CURVE, LAST, FIRST, SECOND, THIRD = range(5)
"""Rows of what is read: the curve, its slope along the last axis, and those along the axes before that."""


@njit(cache=True, fastmath=FAST)
def row_of(axis, axes):
    """Return the row that holds the slope along an axis."""
    return LAST if axis == axes - 1 else FIRST + axis


@njit(cache=True, fastmath=FAST)
def _corner(cell, strides):
    """Return where the coefficients of a cell begin."""
    base = 0
    for a in range(cell.size):
        base += cell[a] * strides[a]
    return np.uint64(base)


@njit(cache=True, fastmath=FAST)
def read_with_slopes(table, strides, cell, weight, slope, sums):
    """Read the curve and its slopes along every axis off a flattened table into the rows of sums (axes + 1, rank).

    Indices are unsigned and rows constant: a signed index may count from the end, and the check for that keeps the
    loops over the rank from being vectorised, which makes them four times as slow.
    """
    axes, rank = cell.size, sums.shape[1]
    last = axes - 1
    apart = np.uint64(rank)
    base = _corner(cell, strides)
    sums[:] = np.float32(0.0)
    w0, w1 = np.float32(weight[last, 0]), np.float32(weight[last, 1])
    w2, w3 = np.float32(weight[last, 2]), np.float32(weight[last, 3])
    s0, s1 = np.float32(slope[last, 0]), np.float32(slope[last, 1])
    s2, s3 = np.float32(slope[last, 2]), np.float32(slope[last, 3])
    for i in range(4 if last > 0 else 1):
        wi, si, here_i = 1.0, 0.0, base
        if last > 0:
            wi, si, here_i = weight[0, i], slope[0, i], base + np.uint64(i * strides[0])
        for j in range(4 if last > 1 else 1):
            wj, sj, here_j = 1.0, 0.0, here_i
            if last > 1:
                wj, sj, here_j = weight[1, j], slope[1, j], here_i + np.uint64(j * strides[1])
            for k in range(4 if last > 2 else 1):
                wk, sk, here = 1.0, 0.0, here_j
                if last > 2:
                    wk, sk, here = weight[2, k], slope[2, k], here_j + np.uint64(k * strides[2])
                full, f0 = np.float32(wi * wj * wk), np.float32(si * wj * wk)
                f1, f2 = np.float32(wi * sj * wk), np.float32(wi * wj * sk)
                for lane in range(rank):
                    r = np.uint64(lane)
                    at = here + r
                    t0, t1 = table[at], table[at + apart]
                    t2, t3 = table[at + np.uint64(2) * apart], table[at + np.uint64(3) * apart]
                    value = w0 * t0 + w1 * t1 + w2 * t2 + w3 * t3
                    sums[CURVE, r] += full * value
                    sums[LAST, r] += full * (s0 * t0 + s1 * t1 + s2 * t2 + s3 * t3)
                    if last > 0:
                        sums[FIRST, r] += f0 * value
                    if last > 1:
                        sums[SECOND, r] += f1 * value
                    if last > 2:
                        sums[THIRD, r] += f2 * value


@njit(cache=True, fastmath=FAST)
def add_value(table, strides, cell, weight, size, curve):
    """Add size times the tabulated curve at a cell to curve (rank,)."""
    axes, rank = cell.size, curve.size
    last = axes - 1
    apart = np.uint64(rank)
    base = _corner(cell, strides)
    w0, w1 = np.float32(weight[last, 0]), np.float32(weight[last, 1])
    w2, w3 = np.float32(weight[last, 2]), np.float32(weight[last, 3])
    for corner in range(4**last):
        here = base
        whole = size
        for a in range(last):
            k = (corner >> (2 * a)) & 3
            here = here + np.uint64(k * strides[a])
            whole *= weight[a, k]
        full = np.float32(whole)
        for lane in range(rank):
            r = np.uint64(lane)
            i = here + r
            value = w0 * table[i] + w1 * table[i + apart]
            value += w2 * table[i + np.uint64(2) * apart] + w3 * table[i + np.uint64(3) * apart]
            curve[r] += full * value


@njit(cache=True, fastmath=FAST)
def read_curves(table, strides, matrix, offset, scale, first, step, nodes, x, share, curves):
    """Add share (n, d) times flow times the tabulated curve at x (n, d, p) to curves (n, rank), float32."""
    n, delays, _ = x.shape
    axes = matrix.shape[0]
    cell = np.empty(axes, np.int64)
    weight = np.empty((axes, 4))
    slope = np.empty((axes, 4))
    for delay in range(delays):
        slab = table[delay]
        for i in range(n):
            if share[i, delay] > 0.0:
                locate(x[i, delay], matrix, offset, scale, first, step, nodes, cell, weight, slope)
                add_value(slab, strides, cell, weight, share[i, delay] * np.exp(x[i, delay, 0]), curves[i])
