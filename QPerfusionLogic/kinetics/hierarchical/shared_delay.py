"""One delay for many curves: where their likelihoods peak together, less what noise alone shifts that peak."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.kinetics.base.delay import vertex
from QPerfusionLogic.kinetics.base.layout import Layout
from QPerfusionLogic.kinetics.base.significance import is_noise
from QPerfusionLogic.kinetics.solver.engine import FEW_CURVES, fitted_curves
from QPerfusionLogic.kinetics.solver.estimates import Data, log_likelihood, minima_at_delays
from QPerfusionLogic.kinetics.solver.numpy_engine import Minima
from QPerfusionLogic.kinetics.solver.residue_table import ShapeTable

MOST_CURVES = 4000
"""More curves than this are sampled evenly: the delay of so many is known to a hundredth of a second."""
FINE_STEPS_S = np.linspace(-0.1, 0.1, 5)
"""Looked at around the peak on the grid of delays: the likelihood of thousands of curves is no parabola over 0.25 s."""


def find_shared_delay(
    coarse_s: FloatArray,
    curves: FloatArray,
    prepare: Callable[[FloatArray, FloatArray], tuple[ShapeTable, Data]],
    layout: Layout,
    starts: int,
    split: tuple[int, float] | None,
) -> float:
    """Return the delay (s) that serves curves (n, frames) best together.

    Every curve has a flow and a shape of its own that its noise is fitted with, and at some delays better than at
    others. So the peak of the summed likelihoods is biased however many curves there are (Neyman and Scott,
    Econometrica 1948;16:1-32): by -0.02 s for Fermi at CNR 20, which is 2 % of flow. The bias is measured on curves
    simulated from the fits with noise of the same size, and taken off.

    Parameters
    ----------
    coarse_s : (d,) array
        The grid of delays.
    prepare : callable
        Gives the table over some delays (d,), and curves (n, frames) on its basis.
    starts, split
        As in `minima_at_delays`.
    """
    sample = curves[:: -(-len(curves) // MOST_CURVES)]

    def fit(table: ShapeTable, data: Data, parts: list[Data]) -> tuple[Minima, float]:
        minima = [minima_at_delays(table, layout, part, starts, split) for part in parts]
        joined = Minima(*(np.concatenate([getattr(m, name) for m in minima]) for name in Minima.__annotations__))
        parameters = len(layout.parameters) + 1
        noise = is_noise(data.sum_of_squares, joined.squared_error.min(axis=1), data.degrees_of_freedom, parameters)
        total = log_likelihood(joined, data.degrees_of_freedom)[~noise].sum(axis=0)
        return joined, float(vertex(table.delays_s, total[None])[0][0])

    table, data = prepare(coarse_s, sample)
    _, peak = fit(table, data, [data])
    table, data = prepare(peak + FINE_STEPS_S, sample)
    minima, found = fit(table, data, _parts(data))
    middle = FINE_STEPS_S.size // 2
    simulated = _simulated(table, layout, data, minima, middle)
    _, again = fit(table, simulated, _parts(simulated))
    return float(np.clip(found - (again - table.delays_s[middle]), coarse_s[0], coarse_s[-1]))


def _parts(data: Data) -> list[Data]:
    """Return curves in parts of which every fit is looked at from many starts, and no delay is left out."""
    cuts = range(0, len(data.off_basis), FEW_CURVES)
    return [
        Data(data.on_basis[at : at + FEW_CURVES], data.off_basis[at : at + FEW_CURVES], data.degrees_of_freedom)
        for at in cuts
    ]


def _simulated(table: ShapeTable, layout: Layout, data: Data, minima: Minima, delay: int) -> Data:
    """Return the fitted curves at one delay with fresh noise, a few curves several times over."""
    rng = np.random.default_rng(0)
    rows = np.tile(np.arange(len(data.off_basis)), -(-MOST_CURVES // len(data.off_basis)))[:MOST_CURVES]
    share = np.zeros(minima.squared_error.shape)
    share[:, delay] = 1.0
    fitted = fitted_curves(table, layout, minima.x, share, in_window=True)[rows]
    noise = np.sqrt(minima.squared_error[rows, delay] / data.degrees_of_freedom)
    used = (table.window_basis != 0.0).any(axis=0)
    noise_frames = max(table.window_basis.shape[0] - int(used.sum()), 0)
    on_basis = fitted + noise[:, None] * rng.normal(size=fitted.shape) * used
    return Data(on_basis, noise**2 * rng.chisquare(noise_frames + 1e-9, rows.size), data.degrees_of_freedom)
