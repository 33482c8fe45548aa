"""The compiled engine: Levenberg-Marquardt on a spline table, one curve after the other; loaded only where numba is."""

from __future__ import annotations

import numpy as np
from numba import njit

from .layout import TAIL

FAST = {"reassoc", "contract", "nsz", "arcp"}
"""Without `nnan` and `ninf`: full fast-math would turn missing values into numbers."""

LOG, SQRT, LINEAR = 0, 1, 2
ITERATIONS = 120
LONGEST_STEP = 2.0
GIVE_UP_AT, GIVE_UP_AFTER = 3, 8.0
"""A start that is so much less likely than the best after so many steps is left where it is."""
FLOOR = 1e-9
"""Share of the energy of a curve below which the squared error is lost in the accuracy of the table."""


@njit(cache=True, fastmath=FAST)
def _locate(x, matrix, offset, scale, first, step, nodes, cell, weight, slope):
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


@njit(cache=True, fastmath=FAST)
def _read(table, strides, cell, weight, slope, sums):
    """Read the curve and its derivatives along every axis off a flattened table into the rows of sums (axes + 1, rank).

    The last row is the curve. One loop over the rank does all the work of a corner: several short loops would each
    check for overlapping arrays again, which costs more than the sums.
    """
    axes, rank = cell.size, sums.shape[1]
    last = axes - 1
    base = 0
    for a in range(axes):
        base += cell[a] * strides[a]
        for r in range(rank):
            sums[a, r] = np.float32(0.0)
    for r in range(rank):
        sums[axes, r] = np.float32(0.0)
    w0, w1 = np.float32(weight[last, 0]), np.float32(weight[last, 1])
    w2, w3 = np.float32(weight[last, 2]), np.float32(weight[last, 3])
    s0, s1 = np.float32(slope[last, 0]), np.float32(slope[last, 1])
    s2, s3 = np.float32(slope[last, 2]), np.float32(slope[last, 3])
    for corner in range(4**last):
        here = base
        whole = 1.0
        first = second = third = 1.0
        for a in range(last):
            k = (corner >> (2 * a)) & 3
            here += k * strides[a]
            whole *= weight[a, k]
            first *= slope[a, k] if a == 0 else weight[a, k]
            second *= slope[a, k] if a == 1 else weight[a, k]
            third *= slope[a, k] if a == 2 else weight[a, k]
        full, f0, f1, f2 = np.float32(whole), np.float32(first), np.float32(second), np.float32(third)
        if last == 2:
            for r in range(rank):
                i = here + r
                t0, t1, t2, t3 = table[i], table[i + rank], table[i + 2 * rank], table[i + 3 * rank]
                value = w0 * t0 + w1 * t1 + w2 * t2 + w3 * t3
                sums[3, r] += full * value
                sums[2, r] += full * (s0 * t0 + s1 * t1 + s2 * t2 + s3 * t3)
                sums[1, r] += f1 * value
                sums[0, r] += f0 * value
        elif last == 1:
            for r in range(rank):
                i = here + r
                t0, t1, t2, t3 = table[i], table[i + rank], table[i + 2 * rank], table[i + 3 * rank]
                value = w0 * t0 + w1 * t1 + w2 * t2 + w3 * t3
                sums[2, r] += full * value
                sums[1, r] += full * (s0 * t0 + s1 * t1 + s2 * t2 + s3 * t3)
                sums[0, r] += f0 * value
        elif last == 0:
            for r in range(rank):
                i = here + r
                t0, t1, t2, t3 = table[i], table[i + rank], table[i + 2 * rank], table[i + 3 * rank]
                sums[1, r] += w0 * t0 + w1 * t1 + w2 * t2 + w3 * t3
                sums[0, r] += s0 * t0 + s1 * t1 + s2 * t2 + s3 * t3
        else:
            for r in range(rank):
                i = here + r
                t0, t1, t2, t3 = table[i], table[i + rank], table[i + 2 * rank], table[i + 3 * rank]
                value = w0 * t0 + w1 * t1 + w2 * t2 + w3 * t3
                sums[4, r] += full * value
                sums[3, r] += full * (s0 * t0 + s1 * t1 + s2 * t2 + s3 * t3)
                sums[2, r] += f2 * value
                sums[1, r] += f1 * value
                sums[0, r] += f0 * value


@njit(cache=True, fastmath=FAST)
def _dot(a, b):
    total = np.float32(0.0)
    for r in range(a.size):
        total += a[r] * b[r]
    return np.float64(total)


@njit(cache=True, fastmath=FAST)
def _away(x, believed):
    """Return how far x lies outside the range in which the prior is flat."""
    return x - min(max(x, believed[0]), believed[1])


@njit(cache=True, fastmath=FAST)
def _pull(away, precision):
    """Return the precision with which a heavy-tailed prior acts at a distance from where it is flat."""
    if away == 0.0:
        return 0.0
    return precision * (TAIL + 1.0) / (TAIL + precision * away * away)


@njit(cache=True, fastmath=FAST)
def _set_flow(x, curve, data, direction, low, high, believed, precision, weight):
    """Move x along the direction of flow, which leaves the shape alone, to the best flow inside the bounds."""
    p = x.size
    square = _dot(curve, curve) + 1e-30
    height = _dot(curve, data)
    least, most = -1e9, 1e9
    guided = False
    for k in range(p):
        if direction[k] > 0.5:
            least = max(least, low[k] - x[k])
            most = min(most, high[k] - x[k])
            guided = guided or precision[k] > 0.0
    if least > most:
        least = most = 0.5 * (least + most)
    if height > 0.0:
        shift = np.log(height / square) - x[0]
    else:
        shift = -1e9
    shift = min(max(shift, least), most)
    if guided and weight > 0.0:
        for _ in range(3):
            flow = np.exp(x[0] + shift)
            tilt = weight * flow * (flow * square - height)
            bend = weight * flow * flow * square
            for k in range(p):
                if direction[k] > 0.5 and precision[k] > 0.0:
                    away = _away(x[k] + shift, believed[k])
                    pull = _pull(away, precision[k])
                    tilt += pull * away
                    bend += pull
            change = min(max(tilt / bend, -1.0), 1.0)
            shift = min(max(shift - change, least), most)
            if abs(change) < 1e-6:
                break
    for k in range(p):
        if direction[k] > 0.5:
            x[k] = min(max(x[k] + shift, low[k]), high[k])


@njit(cache=True, fastmath=FAST)
def _solve(hessian, gradient, damping, held, step, lower):
    """Solve the damped normal equations by Cholesky; parameters that are held do not move."""
    p = gradient.size
    size = 1e-300
    for i in range(p):
        size = max(size, hessian[i, i])
    for i in range(p):
        for j in range(i + 1):
            value = hessian[i, j]
            if held[i] or held[j]:
                value = size if i == j else 0.0
            elif i == j:
                value += damping * value + 1e-10 * size
            for k in range(j):
                value -= lower[i, k] * lower[j, k]
            if i == j:
                lower[i, i] = np.sqrt(max(value, 1e-14 * size))
            else:
                lower[i, j] = value / lower[j, j]
    for i in range(p):
        value = 0.0 if held[i] else -gradient[i]
        for k in range(i):
            value -= lower[i, k] * step[k]
        step[i] = value / lower[i, i]
    for i in range(p - 1, -1, -1):
        value = step[i]
        for k in range(i + 1, p):
            value -= lower[k, i] * step[k]
        step[i] = value / lower[i, i]


@njit(cache=True, fastmath=FAST)
def fit_block(
    table, strides, matrix, offset, scale, first, step, nodes, direction, low, high, believed, precision,
    data, outside, freedom, settled, starts, x_out, error_out, penalty_out, variance_out, converged_out,
):  # fmt: skip
    """Fit every curve at every delay and keep the best; see `numpy_engine.fit_in_numpy`.

    A start that is NaN is left out. At each delay the line through the fits at the two delays before is a start too.
    """
    n, delays, parts, p = starts.shape
    axes, rank = matrix.shape[0], data.shape[1]
    cell = np.empty(axes, np.int64)
    weight = np.empty((axes, 4))
    slope = np.empty((axes, 4))
    partial = np.empty((axes + 1, rank), np.float32)
    curve = partial[axes]
    residual = np.empty(rank, np.float32)
    jacobian = np.empty((p, rank), np.float32)
    x = np.empty(p)
    trial = np.empty(p)
    gradient = np.empty(p)
    hessian = np.empty((p, p))
    lower = np.empty((p, p))
    move = np.empty(p)
    held = np.empty(p, np.bool_)
    for delay in range(delays):
        slab = table[delay]
        for i in range(n):
            z = data[i]
            floor = FLOOR * (_dot(z, z) + outside[i]) + 1e-300
            best = 1e300
            for part in range(parts + (1 if delay > 0 else 0)):
                if part < parts:
                    if np.isnan(starts[i, delay, part, 0]):
                        continue
                    for k in range(p):
                        trial[k] = starts[i, delay, part, k]
                else:
                    for k in range(p):
                        trial[k] = x_out[i, delay - 1, k]
                        if delay > 1:
                            trial[k] += x_out[i, delay - 1, k] - x_out[i, delay - 2, k]
                        trial[k] = min(max(trial[k], low[k]), high[k])
                noise = -1.0
                error = 1e300
                penalty = 0.0
                damping = 1e-3
                converged = False
                gain = 1e300
                for iteration in range(ITERATIONS):
                    _locate(trial, matrix, offset, scale, first, step, nodes, cell, weight, slope)
                    _read(slab, strides, cell, weight, slope, partial)
                    _set_flow(trial, curve, z, direction, low, high, believed, precision, noise)
                    flow = np.exp(trial[0])
                    flow32 = np.float32(flow)
                    for r in range(rank):
                        residual[r] = z[r] - flow32 * curve[r]
                    new_error = _dot(residual, residual) + outside[i] + floor
                    new_penalty = 0.0
                    for k in range(p):
                        if precision[k] > 0.0:
                            away = _away(trial[k], believed[k])
                            new_penalty += 0.5 * (TAIL + 1.0) * np.log(1.0 + precision[k] * away * away / TAIL)
                    if iteration == 0 or 0.5 * noise * (new_error - error) + new_penalty - penalty < 0.0:
                        if iteration > 0:
                            gain = 0.5 * noise * (error - new_error) + penalty - new_penalty
                        for k in range(p):
                            x[k] = trial[k]
                        error = new_error
                        penalty = new_penalty
                        noise = freedom / error
                        damping = max(damping * 0.15, 1e-9)
                        _differentiate(flow, curve, partial, matrix, jacobian)
                        _normal(jacobian, residual, noise, x, low, high, believed, precision, gradient, hessian, held)
                        if gain < 0.1 * settled and (damping < 1e-2 or iteration > 15):
                            converged = True
                            break
                    else:
                        damping *= 8.0
                        if damping > 1e8:
                            converged = True
                            break
                    if iteration == GIVE_UP_AT and 0.5 * freedom * np.log(error) + penalty > best + GIVE_UP_AFTER:
                        break
                    _solve(hessian, gradient, damping, held, move, lower)
                    drop = 0.0
                    longest = 1e-300
                    for k in range(p):
                        if not held[k]:
                            drop -= 0.5 * gradient[k] * move[k]
                            longest = max(longest, abs(move[k]))
                    shrink = min(1.0, LONGEST_STEP / longest)
                    for k in range(p):
                        trial[k] = min(max(x[k] + shrink * move[k], low[k]), high[k]) if not held[k] else x[k]
                    if drop < settled:
                        converged = True
                        if drop > 0.0:
                            error = max(error - 2.0 * drop / noise, floor)
                            for k in range(p):
                                x[k] = trial[k]
                        break
                converged = converged or gain < 10.0 * settled
                cost = 0.5 * freedom * np.log(error) + penalty
                if cost < best:
                    best = cost
                    for k in range(p):
                        x_out[i, delay, k] = x[k]
                        held[k] = False
                    error_out[i, delay] = error
                    penalty_out[i, delay] = penalty
                    converged_out[i, delay] = converged
                    variance_out[i, delay] = _flow_variance(hessian, gradient, held, move, lower)


@njit(cache=True, fastmath=FAST)
def _differentiate(flow, curve, partial, matrix, jacobian):
    """Fill the derivatives (p, rank) of flow times curve with respect to x."""
    axes, p = matrix.shape
    rank = curve.size
    for k in range(p):
        for r in range(rank):
            jacobian[k, r] = np.float32(0.0)
        for a in range(axes):
            if matrix[a, k] != 0.0:
                share = np.float32(matrix[a, k] * flow)
                for r in range(rank):
                    jacobian[k, r] += share * partial[a, r]
    share = np.float32(flow)
    for r in range(rank):
        jacobian[0, r] += share * curve[r]


@njit(cache=True, fastmath=FAST)
def _normal(jacobian, residual, noise, x, low, high, believed, precision, gradient, hessian, held):
    """Fill gradient and Gauss-Newton Hessian, and which parameters press against a bound."""
    for k in range(x.size):
        away = _away(x[k], believed[k])
        pull = _pull(away, precision[k])
        gradient[k] = -noise * _dot(jacobian[k], residual) + pull * away
        for m in range(k + 1):
            hessian[k, m] = noise * _dot(jacobian[k], jacobian[m])
        hessian[k, k] += pull
        at_low = x[k] <= low[k] + 1e-12 and gradient[k] > 0.0
        held[k] = at_low or (x[k] >= high[k] - 1e-12 and gradient[k] < 0.0)


@njit(cache=True, fastmath=FAST)
def _flow_variance(hessian, gradient, held, move, lower):
    """Return the first diagonal entry of the inverse of the Hessian; gradient and move are scratch."""
    for k in range(gradient.size):
        gradient[k] = -1.0 if k == 0 else 0.0
    _solve(hessian, gradient, 0.0, held, move, lower)
    return move[0]


@njit(cache=True, fastmath=FAST)
def read_curves(table, strides, matrix, offset, scale, first, step, nodes, x, share, curves):
    """Add share (n, d) times flow times the tabulated curve at x (n, d, p) to curves (n, rank)."""
    n, delays, _ = x.shape
    axes, rank = matrix.shape[0], curves.shape[1]
    cell = np.empty(axes, np.int64)
    weight = np.empty((axes, 4))
    slope = np.empty((axes, 4))
    partial = np.empty((axes + 1, rank), np.float32)
    curve = partial[axes]
    for delay in range(delays):
        slab = table[delay]
        for i in range(n):
            if share[i, delay] > 0.0:
                _locate(x[i, delay], matrix, offset, scale, first, step, nodes, cell, weight, slope)
                _read(slab, strides, cell, weight, slope, partial)
                size = share[i, delay] * np.exp(x[i, delay, 0])
                for r in range(rank):
                    curves[i, r] += size * curve[r]


@njit(cache=True, fastmath=FAST)
def dictionary_starts(product, size, shape, basin, inverse, offset, low, high, starts):
    """Fill starts (n, d, basins, p) with the entries whose unit curve has the largest product with the data."""
    n, delays, entries = product.shape
    parts, p = starts.shape[2], starts.shape[3]
    best = np.empty(parts, np.int64)
    height = np.empty(parts, np.float32)
    for i in range(n):
        for delay in range(delays):
            for part in range(parts):
                height[part] = np.float32(-1e30)
                best[part] = 0
            row = product[i, delay]
            for entry in range(entries):
                part = basin[entry]
                if row[entry] > height[part]:
                    height[part] = row[entry]
                    best[part] = entry
            for part in range(parts):
                entry = best[part]
                flow = max(height[part], np.float32(1e-12)) / max(size[delay, entry], 1e-30)
                log_flow = min(max(np.log(flow), low[0]), high[0])
                for k in range(p):
                    total = inverse[k, 0] * log_flow
                    for a in range(p - 1):
                        total += inverse[k, a + 1] * (shape[entry, a] - offset[a])
                    starts[i, delay, part, k] = min(max(total, low[k]), high[k])
