"""From the minima at every delay to one estimate per curve: averaged over the delay, or at the best delay."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.kinetics.base.axes import Axis
from QPerfusionLogic.kinetics.base.delay import posterior, vertex
from QPerfusionLogic.kinetics.base.layout import Layout, Parameter

from .engine import FEW_CURVES, fit_on_table, fitted_curves, starts_at, starts_from
from .numpy_engine import Minima
from .residue_table import ShapeTable
from .search import build_dictionary

SHARP_S = (0.08, 0.12)
"""Between these spreads of the delay the average over the grid takes over from the fit of a continuous delay."""
NEIGHBOURS = np.array([0, -1, 1])
"""Places on the grid of delays, next to the best, that a continuous delay is fitted from."""
LEAST_WEIGHT = 0.01
"""A delay with less weight does not count in the fitted curve."""
STARTS_OF_FEW, STARTS_AT_ONE_DELAY = 12, 4


@dataclass(frozen=True)
class CurveEstimates:
    """What is known about n curves.

    Parameters
    ----------
    values : (n, p) array
        Parameters on their natural scale, averaged over the delay; flow first.
    flow_se : (n,) array
    delay_s : (n,) array
    curves : (n, rank) array
        Fitted curves on the basis of all frames.
    squared_error : (n,) array
        Of the best delay.
    at_bound, converged : (n,) bool arrays
    """

    values: FloatArray
    flow_se: FloatArray
    delay_s: FloatArray
    curves: FloatArray
    squared_error: FloatArray
    at_bound: BoolArray
    converged: BoolArray


@dataclass(frozen=True)
class Data:
    """Curves on the basis of a table: (n, rank), what the basis leaves out (n,), and frames less parameters.

    `quick` fits them as one of very many curves, however few they are.
    """

    on_basis: FloatArray
    off_basis: FloatArray
    degrees_of_freedom: float
    quick: bool = False

    @property
    def few(self) -> bool:
        """Whether every delay and twelve starts are looked at."""
        return not self.quick and len(self.on_basis) <= FEW_CURVES

    @property
    def sum_of_squares(self) -> FloatArray:
        """Sum of squares of each curve, (n,)."""
        return np.asarray(np.einsum("nr,nr->n", self.on_basis, self.on_basis) + self.off_basis)


def minima_at_delays(
    table: ShapeTable, layout: Layout, data: Data, starts: int, split: tuple[int, float] | None
) -> Minima:
    """Return the best fit at every delay of a table; few curves are looked at from twelve starts at least.

    Where the delay is known they are also looked at from where they would end without priors: on its first steps a fit
    takes what it does not yet explain for noise, and priors then outweigh a clear curve. With an open delay priors are
    to outweigh it: an arterial input that is a little wrong makes clear curves look as if there were no plasma.
    """
    many = not data.few
    if not many:
        starts = max(starts, STARTS_OF_FEW)
    elif len(layout.axes) < 3:
        split = None
    elif table.delays_s.size == 1:
        starts = max(starts, STARTS_AT_ONE_DELAY)
    dictionary = build_dictionary(table, layout, starts, split, guided=many)
    begin = starts_from(dictionary, layout, data.on_basis, data.few)
    if not many and table.delays_s.size == 1:
        alone = fit_on_table(
            table, layout.without_priors(), data.on_basis, data.off_basis, data.degrees_of_freedom, begin
        )
        begin = np.concatenate([begin, starts_at(alone.x)], axis=2)
    return fit_on_table(table, layout, data.on_basis, data.off_basis, data.degrees_of_freedom, begin, data.few)


def log_likelihood(minima: Minima, degrees_of_freedom: float) -> FloatArray:
    """Return the log likelihood (n, d) of each delay for noise of unknown size, priors included."""
    return -degrees_of_freedom / 2 * np.log(minima.squared_error) - minima.penalty


def marginalised(
    table: ShapeTable, layout: Layout, data: Data, minima: Minima, delay_log_prior: FloatArray | float = 0.0
) -> CurveEstimates:
    """Average each curve over the delay with weights from the squared error; a sharp delay is fitted as a number.

    `delay_log_prior` (d,) is what is known of the delay before the curve is seen.

    Flow is a scale, so its prior is 1/flow: without it the skewed spread of flow over delays reads 2 to 4 % too high.
    """
    likelihood = log_likelihood(minima, data.degrees_of_freedom) + delay_log_prior
    weight = posterior(likelihood - minima.x[..., 0])
    averaged = _averaged(table, layout, data, minima, weight)
    if table.delays_s.size < 5:
        return averaged
    _, spread = vertex(table.delays_s, likelihood)
    sharp = np.flatnonzero(spread < SHARP_S[1])
    if sharp.size == 0:
        return averaged
    fitted = _with_fitted_delay(table, layout, data, minima, likelihood, sharp)
    share = np.clip((SHARP_S[1] - spread[sharp]) / (SHARP_S[1] - SHARP_S[0]), 0.0, 1.0)
    return _blend(averaged, fitted, sharp, share)


def _averaged(table: ShapeTable, layout: Layout, data: Data, minima: Minima, weight: FloatArray) -> CurveEstimates:
    logarithmic = np.array([parameter.logarithmic for parameter in layout.parameters])
    natural = np.where(logarithmic, np.exp(np.where(logarithmic, minima.x, 0.0)), minima.x)
    values = np.einsum("nd,ndp->np", weight, natural)
    noise = minima.squared_error.min(axis=1, keepdims=True) / np.maximum(minima.squared_error, 1e-300)
    variance = natural[..., 0] ** 2 * minima.flow_variance * noise
    spread = (natural[..., 0] - values[:, :1]) ** 2
    counted = np.where(weight > LEAST_WEIGHT, weight, 0.0)
    curves = fitted_curves(table, layout, minima.x, counted / counted.sum(axis=1, keepdims=True))
    best = np.argmax(weight, axis=1)
    rows = np.arange(len(best))
    return CurveEstimates(
        values,
        np.sqrt((weight * (variance + spread)).sum(axis=1)),
        weight @ table.delays_s,
        curves,
        minima.squared_error[rows, best],
        _at_bound(layout, minima.x[rows, best]),
        minima.converged[rows, best],
    )


def _at_bound(layout: Layout, x: FloatArray) -> BoolArray:
    """Return which x (n, p) touch an end of their range or of the table; a delay may, and a fixed parameter has to."""
    y = x @ layout.matrix.T + layout.offset
    names = [item.name for item in layout.parameters] + [axis.name for axis in layout.axes]
    values = np.column_stack([x, y])
    low = np.append(layout.low, [_end(axis, axis.low) for axis in layout.axes])
    high = np.append(layout.high, [_end(axis, axis.high) for axis in layout.axes])
    margin = 1e-3 * (high - low)
    free = (margin > 0) & ~np.isin(names, ("delay", "delay_s"))
    held_low, held_high = ~layout.ends_are_limits.T
    touched = ((values < low + margin) & held_low) | ((values > high - margin) & held_high)
    return np.asarray(touched[:, free].any(axis=1))


def _end(axis: Axis, value: float) -> float:
    return value if axis.scale == "linear" else float(np.log(value))


def _with_fitted_delay(
    table: ShapeTable, layout: Layout, data: Data, minima: Minima, likelihood: FloatArray, rows: NDArray[np.intp]
) -> CurveEstimates:
    """Fit the delay as one more parameter, from the best delays of the grid."""
    joint = table.over_delay
    continuous = with_delay(layout, joint.axes[0])
    best = np.argmax(likelihood[rows], axis=1)
    places = NEIGHBOURS if rows.size <= FEW_CURVES and not data.quick else NEIGHBOURS[:1]
    beside = np.clip(best[:, None] + places, 0, table.delays_s.size - 1)
    delays_s = np.concatenate(
        [vertex(table.delays_s, likelihood[rows])[0][:, None], table.delays_s[beside[:, 1:]]], axis=1
    )
    start = np.concatenate([minima.x[rows[:, None], beside], delays_s[..., None]], axis=2)
    degrees_of_freedom = data.degrees_of_freedom - 1
    fit = fit_on_table(joint, continuous, data.on_basis[rows], data.off_basis[rows], degrees_of_freedom, start[:, None])
    estimate = _averaged(
        joint,
        continuous,
        Data(data.on_basis[rows], data.off_basis[rows], degrees_of_freedom),
        fit,
        np.ones((rows.size, 1)),
    )
    return replace(estimate, values=estimate.values[:, :-1], delay_s=estimate.values[:, -1])


def with_delay(layout: Layout, axis: Axis) -> Layout:
    """Return a layout whose last parameter and first axis is the delay."""
    p = len(layout.parameters)
    matrix = np.zeros((len(layout.axes) + 1, p + 1))
    matrix[0, p] = 1.0
    matrix[1:, :p] = layout.matrix
    delay = Parameter("delay", "delay_s", axis.low, axis.high, logarithmic=False)
    return Layout((*layout.parameters, delay), (axis, *layout.axes), matrix, np.append(0.0, layout.offset))


def _blend(
    averaged: CurveEstimates, fitted: CurveEstimates, rows: NDArray[np.intp], share: FloatArray
) -> CurveEstimates:
    def mixed(name: str) -> FloatArray:
        whole = np.array(getattr(averaged, name))
        part = share.reshape((-1,) + (1,) * (whole.ndim - 1))
        whole[rows] = part * getattr(fitted, name) + (1 - part) * whole[rows]
        return whole

    squared_error = np.array(averaged.squared_error)
    squared_error[rows] = np.minimum(squared_error[rows], fitted.squared_error)
    at_bound, converged = np.array(averaged.at_bound), np.array(averaged.converged)
    at_bound[rows] = np.where(share > 0.5, fitted.at_bound, at_bound[rows])
    converged[rows] = np.where(share > 0.5, fitted.converged, converged[rows])
    return CurveEstimates(
        mixed("values"), mixed("flow_se"), mixed("delay_s"), mixed("curves"), squared_error, at_bound, converged
    )
