"""The compiled engine: Levenberg-Marquardt on a spline table, one curve after the other; loaded only where numba is."""

from __future__ import annotations

import numpy as np
from numba import njit

from QPerfusionLogic.data.heart_prior import TAIL

from .numba_lanes import multiply_rows, read_rows
from .numba_reading import FAST, helper, locate

ITERATIONS = 120
LONGEST_STEP = 2.0
CAREFUL, SHORT_STEP = 1e-3, 0.3
"""A careful fit trusts only steps damped by less than the first; it asks the undamped step before it ends, and takes a
last step without looking again only where that changes no parameter by more than the second."""
BLOCK = 1024
"""Curves that are fitted at all delays before the next ones."""
BROAD = 1.5
"""Spread of the delay in steps from which on every other delay shows the rest."""
FLOOR = 1e-9
"""Share of the energy of a curve below which the squared error is lost in the accuracy of the table."""


@helper
def _dot(a, b):
    total = np.float32(0.0)
    for r in range(a.size):
        total += a[r] * b[r]
    return np.float64(total)


@helper
def _prior_deviation(x, least, most):
    """Return how far x lies outside the range in which the prior is flat."""
    return x - min(max(x, least), most)


@helper
def _prior_weight(deviation, precision):
    """Return the precision with which a heavy-tailed prior acts at a distance from where it is flat."""
    if deviation == 0.0:
        return 0.0
    return precision * (TAIL + 1.0) / (TAIL + precision * deviation * deviation)


@helper
def _has_prior_force(x, shift, direction, prior_range, precision):
    """Return whether x moved by shift along the direction of flow leaves the range in which a prior is flat."""
    for k in range(x.size):
        if (
            direction[k] > 0.5
            and precision[k] > 0.0
            and _prior_deviation(x[k] + shift, prior_range[k, 0], prior_range[k, 1]) != 0.0
        ):
            return True
    return False


@helper
def _penalty(x, prior_range, precision):
    """Return half the squared distance from the priors, with their heavy tails."""
    total = 0.0
    for k in range(x.size):
        if precision[k] > 0.0:
            deviation = _prior_deviation(x[k], prior_range[k, 0], prior_range[k, 1])
            if deviation != 0.0:
                total += 0.5 * (TAIL + 1.0) * np.log(1.0 + precision[k] * deviation * deviation / TAIL)
    return total


@helper
def _set_flow(x, square, height, direction, low, high, prior_range, precision, weight):
    """Move x along the direction of flow, which leaves the shape alone, to the best flow inside the bounds; return it.

    `square` is the squared length of the curve per unit of flow, `height` its product with the data.
    """
    p = x.size
    square += 1e-30
    least, most = -1e9, 1e9
    guided = False
    for k in range(p):
        if direction[k] > 0.5:
            least = max(least, low[k] - x[k])
            most = min(most, high[k] - x[k])
            guided = guided or precision[k] > 0.0
    if least > most:
        least = most = 0.5 * (least + most)
    flow = height / square
    free = flow > 0.0
    shift = np.log(flow) - x[0] if free else -1e9
    if shift < least or shift > most:
        shift = min(max(shift, least), most)
        free = False
    if guided and weight > 0.0:
        for _ in range(3):
            if not _has_prior_force(x, shift, direction, prior_range, precision):
                break
            free = False
            flow = np.exp(x[0] + shift)
            tilt = weight * flow * (flow * square - height)
            bend = weight * flow * flow * square
            for k in range(p):
                if direction[k] > 0.5 and precision[k] > 0.0:
                    deviation = _prior_deviation(x[k] + shift, prior_range[k, 0], prior_range[k, 1])
                    prior_force = _prior_weight(deviation, precision[k])
                    tilt += prior_force * deviation
                    bend += prior_force
            change = min(max(tilt / bend, -1.0), 1.0)
            shift = min(max(shift - change, least), most)
            if abs(change) < 1e-6:
                break
    for k in range(p):
        if direction[k] > 0.5:
            x[k] = min(max(x[k] + shift, low[k]), high[k])
    return flow if free else np.exp(x[0])


@helper
def _solve(strides, hessian, gradient, damping, held, step, lower):
    """Solve the damped normal equations by an LDL decomposition; parameters that are held do not move.

    `strides` is a tuple of one entry less than there are parameters: so the loops have a length known in advance.
    """
    p = len(strides) + 1
    size = 1e-300
    for i in range(p):
        size = max(size, hessian[i, i])
    for j in range(p):
        if held[j]:
            lower[j, j] = 1.0 / size
            step[j] = 0.0
            for i in range(j + 1, p):
                lower[i, j] = 0.0
                lower[j, i] = 0.0
            for k in range(j):
                lower[j, k] = 0.0
            continue
        pivot = hessian[j, j] * (1.0 + damping) + 1e-10 * size
        value = -gradient[j]
        for k in range(j):
            pivot -= lower[j, k] * lower[k, j]
            value -= lower[j, k] * step[k]
        inverse = 1.0 / max(pivot, 1e-14 * size)
        lower[j, j] = inverse
        step[j] = value
        for i in range(j + 1, p):
            across = 0.0 if held[i] else hessian[i, j]
            for k in range(j):
                across -= lower[i, k] * lower[k, j]
            lower[j, i] = across
            lower[i, j] = across * inverse
    for j in range(p - 1, -1, -1):
        value = step[j] * lower[j, j]
        for k in range(j + 1, p):
            value -= lower[k, j] * step[k]
        step[j] = value


@njit(cache=True, fastmath=FAST, nogil=True)
def fit_block(table, cells, ranges, data, off_basis, degrees_of_freedom, ends, sweep, sequence, starts, found):
    """Fit every curve at every delay and keep the best; see `numpy_engine.fit_in_numpy` and `sweep.Sweep`.

    A delay without starts of its own, whose neighbours are less likely than the best by `margin`, gets their fit.

    Parameters
    ----------
    table : (d, nodes along all axes * rank) float32 array
    cells : tuple
        strides, matrix, lift, offset, scale, first, per_step, nodes: where in the table a parameter falls.
    ranges : tuple
        direction, low, high, trusted, precision, spread: what is known of parameters before a curve is seen.
    data, off_basis : (n, rank) float32 and (n,) float64 arrays
    ends : tuple
        settled, trusted, patience, give_up_at: see `engine`.
    sweep : tuple
        order, source, share, anchor, between: the fields of a `Sweep`.
    sequence : (n,) array
        Order of the curves.
    starts : (n, anchors, starts, p) array
    found : tuple
        x, squared error, penalty, flow variance, converged of `Minima`, to be filled.
    """
    axes = len(cells[0])
    p = axes + 1
    n, rank = data.shape
    reading = (np.empty(4 * axes, np.float32), np.empty(4 * axes, np.float32), np.empty((p, rank), np.float32))
    normal = (np.empty((p, p)), np.empty(p), np.empty((p, p)), np.empty(p), np.empty((p, p)), np.empty((p, 2)))
    solving = (np.empty(p, np.bool_), np.empty(p), np.empty((p, p)))
    state = (np.empty(p), np.empty(p))
    costs = (np.full(n, 1e300), np.empty((n, table.shape[0])), np.zeros(n, np.bool_))
    for begin in range(0, sequence.size, BLOCK):
        some = sequence[begin : begin + BLOCK]
        _fit_some(
            table, cells, ranges, data, off_basis, degrees_of_freedom, ends, sweep, some, starts, found, costs,
            state, reading, normal, solving,
        )  # fmt: skip


@helper
def _fit_some(
    table, cells, ranges, data, off_basis, degrees_of_freedom, ends, sweep, sequence, starts, found, costs,
    state, reading, normal, solving,
):  # fmt: skip
    """Fit some curves, few enough for what is kept of them to stay in the cache, at every delay."""
    low, high = ranges[1], ranges[2]
    margin = ends[2]
    order, source, share, anchor, between = sweep
    x_out, error_out, penalty_out, variance_out, converged_out = found
    likeliest, cost_of, broad = costs
    x, trial = state
    p = len(cells[0]) + 1
    for turn in range(order.size):
        delay = order[turn]
        slab = table[delay]
        near, far = source[turn, 0], source[turn, 1]
        chained = 1 if near >= 0 else 0
        at = anchor[turn]
        tried = starts.shape[2] if at >= 0 else 0
        if between[turn] and not between[turn - 1]:
            _find_broad(order[:turn], sequence, cost_of, likeliest, broad)
        for i in sequence:
            if tried == 0:
                hope = min(cost_of[i, near], cost_of[i, far])
                if hope > likeliest[i] + margin or (between[turn] and broad[i]):
                    first_share = share[turn, 0] if between[turn] else 1.0
                    _take_neighbours(i, delay, near, far, first_share, degrees_of_freedom, cost_of, found)
                    continue
            best = 1e300
            for part in range(chained + tried):
                for k in range(p):
                    if part < chained:
                        value = share[turn, 0] * x_out[i, near, k] + share[turn, 1] * x_out[i, far, k]
                        trial[k] = min(max(value, low[k]), high[k])
                    else:
                        trial[k] = starts[i, at, part - chained, k]
                cost_cut_off = min(best + margin, likeliest[i] + 2.0 * margin)
                error, penalty, converged = _descend(
                    slab,
                    cells,
                    ranges,
                    data[i],
                    off_basis[i],
                    degrees_of_freedom,
                    ends,
                    cost_cut_off,
                    state,
                    reading,
                    normal,
                    solving,
                )
                cost = _cost(error, penalty, degrees_of_freedom)
                if cost < best:
                    best = cost
                    for k in range(p):
                        x_out[i, delay, k] = x[k]
                    error_out[i, delay] = error
                    penalty_out[i, delay] = penalty
                    converged_out[i, delay] = converged
                    variance_out[i, delay] = _variance(cells[0], ranges[5], normal, solving)
            cost_of[i, delay] = best
            likeliest[i] = min(likeliest[i], best)


@helper
def _take_neighbours(i, delay, near, far, share, degrees_of_freedom, cost_of, found):
    """Give a curve at a delay the mean of its fits at two others."""
    x_out, error_out, penalty_out, variance_out, converged_out = found
    rest = 1.0 - share
    for k in range(x_out.shape[2]):
        x_out[i, delay, k] = share * x_out[i, near, k] + rest * x_out[i, far, k]
    cost = share * cost_of[i, near] + rest * cost_of[i, far]
    for out in (penalty_out, variance_out):
        out[i, delay] = share * out[i, near] + rest * out[i, far]
    cost_of[i, delay] = cost
    error_out[i, delay] = np.exp(2.0 * (cost - penalty_out[i, delay]) / degrees_of_freedom)
    converged_out[i, delay] = converged_out[i, near] and converged_out[i, far]


@helper
def _descend(
    slab, cells, ranges, z, off_basis, degrees_of_freedom, ends, cost_cut_off, state, reading, normal, solving
):
    """Improve the trial parameters of one curve at one delay until they settle; left in x.

    Returns
    -------
    (float, float, bool)
        Squared error, penalty, whether the fit settled.
    """
    strides, matrix, lift, offset, scale, first, per_step, nodes = cells
    direction, low, high, prior_range, precision, _ = ranges
    settled, trusted, _, give_up_at = ends
    x, trial = state
    weight, slope, rows = reading
    products, against, lifted, gradient, hessian, prior_forces = normal
    held, move, lower = solving
    p = len(strides) + 1
    careful = trusted < CAREFUL
    floor = FLOOR * (_dot(z, z) + off_basis) + 1e-300
    noise, error, penalty = -1.0, 1e300, 0.0
    damping, gain = 1e-3, 1e300
    asked = not careful
    converged = False
    for iteration in range(ITERATIONS):
        base = locate(trial, strides, matrix, offset, scale, first, per_step, nodes, weight, slope)
        square, height = read_rows(slab, base, strides, weight, slope, z, rows)
        flow = _set_flow(trial, square, height, direction, low, high, prior_range, precision, noise)
        new_error = multiply_rows(strides, np.float32(flow), z, rows, products, against) + off_basis + floor
        new_penalty = _penalty(trial, prior_range, precision)
        if iteration == 0 or 0.5 * noise * (new_error - error) + new_penalty - penalty < 0.0:
            if iteration > 0:
                gain = 0.5 * noise * (error - new_error) + penalty - new_penalty
            for k in range(p):
                x[k] = trial[k]
            error = new_error
            penalty = new_penalty
            noise = degrees_of_freedom / error
            damping = max(damping * 0.15, 1e-9)
            products[0, 0] = square
            _normal(
                strides, lift, flow, noise, products, against, lifted, x, low, high, prior_range, precision,
                gradient, hessian, held, prior_forces,
            )  # fmt: skip
            if gain < 0.1 * settled and (damping < trusted or iteration > 15):
                converged = True
                break
        else:
            damping *= 8.0
            if damping > 1e8:
                converged = True
                break
        if iteration >= give_up_at and _cost(error, penalty, degrees_of_freedom) > cost_cut_off:
            break
        drop = 0.0
        for _ in range(2):
            _solve(strides, hessian, gradient, damping, held, move, lower)
            drop = 0.0
            for k in range(p):
                if not held[k]:
                    drop -= 0.5 * gradient[k] * move[k]
            if drop > settled or asked or damping < 1e-8:
                break
            asked = True
            damping = 1e-9
        longest = 1e-300
        for k in range(p):
            if not held[k]:
                longest = max(longest, abs(move[k]))
        shrink = min(1.0, LONGEST_STEP / longest)
        cut = False
        for k in range(p):
            trial[k] = x[k]
            if not held[k]:
                trial[k] = min(max(x[k] + shrink * move[k], low[k]), high[k])
                cut = cut or trial[k] != x[k] + shrink * move[k]
        if drop < settled and not (careful and (cut or longest > SHORT_STEP)):
            converged = True
            if drop > 0.0:
                error = max(error - 2.0 * drop / noise, floor)
                for k in range(p):
                    x[k] = trial[k]
            break
    return error, penalty, converged or gain < 10.0 * settled


@helper
def _find_broad(fitted, sequence, cost_of, likeliest, broad):
    """Note of which curves (n,) the delays fitted so far leave the delay open over several steps."""
    for i in sequence:
        total = mean = square = 0.0
        for delay in fitted:
            below = likeliest[i] - cost_of[i, delay]
            if below > -20.0:
                share = np.exp(below)
                total += share
                mean += share * delay
                square += share * delay * delay
        mean /= total
        broad[i] = square / total - mean * mean > BROAD * BROAD


@helper
def _cost(error, penalty, degrees_of_freedom):
    """Return the negative log likelihood, priors included, for noise of unknown size."""
    return 0.5 * degrees_of_freedom * np.log(error) + penalty


@helper
def _normal(
    strides, lift, flow, noise, products, against, lifted, x, low, high, prior_range, precision,
    gradient, hessian, held, prior_forces,
):  # fmt: skip
    """Fill gradient, Gauss-Newton Hessian, what is held at a bound, and the pull and force (p, 2) of the priors.

    `lift` (p, p) turns changes of x into those of the logarithm of flow at a given shape and of the shape.
    """
    p = len(strides) + 1
    size = noise * flow
    for a in range(p):
        for b in range(a):
            products[b, a] = products[a, b]
    for a in range(p):
        for m in range(p):
            total = 0.0
            for b in range(p):
                total += products[a, b] * lift[b, m]
            lifted[a, m] = flow * total
    for k in range(p):
        deviation = _prior_deviation(x[k], prior_range[k, 0], prior_range[k, 1])
        prior_force = _prior_weight(deviation, precision[k])
        force = 0.0
        for a in range(p):
            force += lift[a, k] * against[a]
        gradient[k] = prior_force * deviation - size * force
        for m in range(k + 1):
            total = 0.0
            for a in range(p):
                total += lift[a, k] * lifted[a, m]
            hessian[k, m] = size * total
        hessian[k, k] += prior_force
        prior_forces[k, 0], prior_forces[k, 1] = prior_force, prior_force * deviation
        at_low = x[k] <= low[k] + 1e-12 and gradient[k] > 0.0
        held[k] = at_low or (x[k] >= high[k] - 1e-12 and gradient[k] < 0.0)


@helper
def _variance(strides, spread, normal, solving):
    """Return the variance of the logarithm of flow.

    What is known without the curve counts by its variance. A parameter that presses against an end of its range lies as
    close to it as the force of the curve keeps it; one that a curve pushed far out counts by what still pulls it back.
    """
    _, _, _, gradient, hessian, prior_forces = normal
    held, move, lower = solving
    p = len(strides) + 1
    for k in range(p):
        prior_force = prior_forces[k, 0]
        force = gradient[k] if held[k] else prior_forces[k, 1]
        known = spread[k] + force * force
        if prior_force > 0.0:
            known = min(known, prior_force)
        hessian[k, k] += known - prior_force
    for k in range(p):
        gradient[k] = -1.0 if k == 0 else 0.0
        held[k] = False
    _solve(strides, hessian, gradient, 0.0, held, move, lower)
    return move[0]
