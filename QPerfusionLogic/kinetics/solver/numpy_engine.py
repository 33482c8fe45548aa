"""The fit in plain numpy: batched Levenberg-Marquardt on a table; oracle and stand-in of the compiled engine."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.data.heart_prior import TAIL
from QPerfusionLogic.kinetics.base.layout import Layout

from .residue_table import ShapeTable
from .splines import spline_weights

ITERATIONS = 60
CHUNK = 1024
LONGEST_STEP = 2.0
FLOOR = 1e-9


@dataclass(frozen=True)
class Minima:
    """The best fit of n curves at each of d delays.

    Parameters
    ----------
    x : (n, d, p) array
        Parameters on their own scale.
    squared_error : (n, d) array
        Weighted sum of squared residuals, the part outside the basis included.
    penalty : (n, d) array
        Half the squared distance from the priors.
    flow_variance : (n, d) array
        Variance of log flow from the curvature, times the noise variance given by `squared_error`.
    converged : (n, d) bool array
    """

    x: FloatArray
    squared_error: FloatArray
    penalty: FloatArray
    flow_variance: FloatArray
    converged: BoolArray


def read_shapes(
    coefficients: FloatArray, table: ShapeTable, layout: Layout, delay: FloatArray, x: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Read curves and their derivatives off a table.

    Parameters
    ----------
    delay : (n,) int array
        Index of the delay of each curve.
    x : (n, p) array
        Parameters on their own scale.

    Returns
    -------
    curve : (n, rank) array
        Per unit of flow.
    slope : (n, p, rank) array
        Derivative with respect to x at constant flow.
    """
    y = x @ layout.matrix.T + layout.offset
    cells, weights, slopes, scales = [], [], [], []
    for index, axis in enumerate(table.axes):
        coordinate = y[:, index] if axis.scale != "sqrt" else np.exp(y[:, index] / 2)
        inner = coordinate / 2 if axis.scale == "sqrt" else np.ones_like(coordinate)
        position = (coordinate - axis.coordinate(axis.low)) / axis.step
        inside = (position >= 0) & (position <= axis.nodes - 1)
        position = np.clip(position, 0, axis.nodes - 1)
        cell = np.minimum(position.astype(int), axis.nodes - 2)
        value, slope = spline_weights(position - cell)
        cells.append(cell)
        weights.append(value)
        slopes.append(slope)
        scales.append(np.where(inside, inner / axis.step, 0.0))
    curve = np.zeros((len(x), coefficients.shape[-1]))
    partial = np.zeros((len(x), len(table.axes), coefficients.shape[-1]))
    for corner in itertools.product(range(4), repeat=len(table.axes)):
        entry = coefficients[(delay, *(cell + shift for cell, shift in zip(cells, corner, strict=True)))]
        each = [weight[:, shift] for weight, shift in zip(weights, corner, strict=True)]
        curve += np.prod(each, axis=0)[:, None] * entry
        for index in range(len(each)):
            factors = [*each[:index], slopes[index][:, corner[index]], *each[index + 1 :]]
            partial[:, index] += np.prod(factors, axis=0)[:, None] * entry
    partial *= np.stack(scales, axis=1)[..., None]
    return curve, np.einsum("nkr,kp->npr", partial, layout.matrix)


def fit_in_numpy(
    table: ShapeTable,
    layout: Layout,
    data: FloatArray,
    off_basis: FloatArray,
    degrees_of_freedom: float,
    starts: FloatArray,
) -> Minima:
    """Fit curves given on the basis of a table at every delay, from several starts each, and keep the best.

    Parameters
    ----------
    data : (n, rank) array
        Curves on the basis of the fit window.
    off_basis : (n,) array
        Sum of squares of what the basis leaves out.
    degrees_of_freedom : float
        Frames less parameters.
    starts : (n, d, starts, p) array
    """
    n, delays, parts, p = starts.shape
    best = Minima(
        np.zeros((n, delays, p)),
        np.full((n, delays), np.inf),
        np.zeros((n, delays)),
        np.full((n, delays), np.inf),
        np.zeros((n, delays), dtype=bool),
    )
    for first, delay, part in itertools.product(range(0, n, CHUNK), range(delays), range(parts)):
        rows = np.arange(first, min(first + CHUNK, n))
        fit = _minimise(
            table, layout, data[rows], off_basis[rows], degrees_of_freedom, delay, starts[rows, delay, part]
        )
        x, error, penalty, variance, converged = fit
        old = degrees_of_freedom / 2 * np.log(best.squared_error[rows, delay]) + best.penalty[rows, delay]
        better = degrees_of_freedom / 2 * np.log(error) + penalty < old
        chosen = rows[better]
        best.x[chosen, delay] = x[better]
        best.squared_error[chosen, delay] = error[better]
        best.penalty[chosen, delay] = penalty[better]
        best.flow_variance[chosen, delay] = variance[better]
        best.converged[chosen, delay] = converged[better]
    return best


def _minimise(
    table: ShapeTable,
    layout: Layout,
    data: FloatArray,
    off_basis: FloatArray,
    degrees_of_freedom: float,
    delay: int,
    start: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, BoolArray]:
    """Minimise freedom/2 log(squared error) + penalty from one start: the likelihood of noise of unknown size."""
    sum_of_squares = np.einsum("nr,nr->n", data, data)
    floor = FLOOR * (sum_of_squares + off_basis) + 1e-300
    which = np.full(len(data), delay)

    def state(x: FloatArray, weight: FloatArray | None) -> tuple[FloatArray, ...]:
        curve, slope = read_shapes(table.coefficients, table, layout, which, x)
        x = _best_flow(layout, curve, data, x, weight)
        flow = np.exp(x[:, 0])
        residual = data - flow[:, None] * curve
        error = np.einsum("nr,nr->n", residual, residual) + off_basis + floor
        jacobian = flow[:, None, None] * slope
        jacobian[:, 0] += flow[:, None] * curve
        return x, error, _penalty(layout, x), residual, jacobian

    x, error, penalty, residual, jacobian = state(start, None)
    damping = np.full(len(data), 1e-3)
    converged = np.zeros(len(data), dtype=bool)
    for _ in range(ITERATIONS):
        weight = degrees_of_freedom / error
        gradient, hessian = _normal_equations(layout, x, residual, jacobian, weight)
        step, drop = _bounded_step(layout, x, gradient, hessian, damping)
        converged |= drop < 1e-5
        if converged.all():
            break
        trial = state(np.clip(x + step, layout.low, layout.high), weight)
        before = weight * error / 2 + penalty
        better = (weight * trial[1] / 2 + trial[2] < before) & ~converged
        x, error, penalty, residual, jacobian = (
            np.where(better.reshape((-1,) + (1,) * (new.ndim - 1)), new, old)
            for new, old in zip(trial, (x, error, penalty, residual, jacobian), strict=True)
        )
        damping = np.where(better, damping * 0.2, damping * 8.0).clip(1e-9, 1e9)
        converged |= damping >= 1e9
    gradient, hessian = _normal_equations(layout, x, residual, jacobian, degrees_of_freedom / error)
    hessian += _known(layout, x, gradient)[:, :, None] * np.eye(x.shape[1])
    variance = np.linalg.inv(hessian)[:, 0, 0]
    return x, error, penalty, variance, converged


def _known(layout: Layout, x: FloatArray, gradient: FloatArray) -> FloatArray:
    """Return what the precisions (n, p) known without the curve exceed the pull of the priors by.

    A parameter that presses against an end of its range lies as close to it as the force of the curve keeps it; one
    that a curve pushed far out counts by what still pulls it back.
    """
    prior_force = _prior_weight(layout, x)
    force = np.where(_held(layout, x, gradient), gradient, prior_force * _prior_deviation(layout, x))
    known = layout.spread + force**2
    return np.where(prior_force > 0, np.minimum(known, prior_force), known) - prior_force


def _held(layout: Layout, x: FloatArray, gradient: FloatArray) -> BoolArray:
    """Return which parameters (n, p) press against a bound."""
    return ((x <= layout.low + 1e-12) & (gradient > 0)) | ((x >= layout.high - 1e-12) & (gradient < 0))


def _penalty(layout: Layout, x: FloatArray) -> FloatArray:
    return (TAIL + 1.0) / 2 * np.log1p(layout.prior[1] * _prior_deviation(layout, x) ** 2 / TAIL).sum(axis=1)


def _prior_deviation(layout: Layout, x: FloatArray) -> FloatArray:
    """Return how far each x (n, p) lies outside the range in which its prior is flat."""
    prior_range = layout.prior[0]
    return x - np.clip(x, prior_range[:, 0], prior_range[:, 1])


def _prior_weight(layout: Layout, x: FloatArray) -> FloatArray:
    """Return the precisions (n, p) with which the heavy-tailed priors act at x (n, p)."""
    precision, deviation = layout.prior[1], _prior_deviation(layout, x)
    return np.where(deviation == 0.0, 0.0, precision * (TAIL + 1.0) / (TAIL + precision * deviation**2))


def _best_flow(
    layout: Layout, curve: FloatArray, data: FloatArray, x: FloatArray, weight: FloatArray | None
) -> FloatArray:
    """Move each x along the direction of flow, which leaves the shape alone, to the best flow inside the bounds."""
    direction = layout.flow_direction
    precision = layout.prior[1]
    square = np.einsum("nr,nr->n", curve, curve) + 1e-300
    height = np.einsum("nr,nr->n", curve, data)
    low = np.max(np.where(direction > 0, (layout.low - x) / np.where(direction > 0, direction, 1), -np.inf), axis=1)
    high = np.min(np.where(direction > 0, (layout.high - x) / np.where(direction > 0, direction, 1), np.inf), axis=1)
    least = np.exp(layout.low[0])
    shift = np.clip(np.log(np.maximum(height / square, least)) - x[:, 0], np.minimum(low, high), np.maximum(low, high))
    if weight is not None and precision.any():
        for _ in range(4):
            moved = x + shift[:, None] * direction
            flow = np.exp(moved[:, 0])
            prior_force = _prior_weight(layout, moved)
            slope = (
                weight * flow * (flow * square - height) + (prior_force * _prior_deviation(layout, moved)) @ direction
            )
            bend = weight * flow * flow * square + prior_force @ direction**2
            shift = np.clip(shift - np.clip(slope / bend, -1, 1), np.minimum(low, high), np.maximum(low, high))
    return np.clip(x + shift[:, None] * direction, layout.low, layout.high)


def _normal_equations(
    layout: Layout, x: FloatArray, residual: FloatArray, jacobian: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    prior_force = _prior_weight(layout, x)
    gradient = (
        -weight[:, None] * np.einsum("npr,nr->np", jacobian, residual) + _prior_deviation(layout, x) * prior_force
    )
    hessian = weight[:, None, None] * np.einsum("npr,nqr->npq", jacobian, jacobian)
    hessian += prior_force[:, :, None] * np.eye(x.shape[1])
    return gradient, hessian


def _bounded_step(
    layout: Layout, x: FloatArray, gradient: FloatArray, hessian: FloatArray, damping: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the damped step with parameters held that press against their bounds, and the drop it promises."""
    held = _held(layout, x, gradient)
    free = ~held
    gradient = gradient * free
    hessian = hessian * free[:, :, None] * free[:, None, :]
    diagonal = np.einsum("npp->np", hessian)
    size = np.maximum(diagonal.max(axis=1, keepdims=True), 1e-300)
    extra = damping[:, None] * diagonal + np.where(held, size, 1e-10 * size)
    step = -np.linalg.solve(hessian + extra[:, :, None] * np.eye(x.shape[1]), gradient[..., None])[..., 0]
    drop = -np.einsum("np,np->n", gradient, step) / 2
    step = step * np.minimum(1.0, LONGEST_STEP / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-300))
    return step, drop
