"""Fits curves on a table: with the compiled engine, or in numpy where numba is missing."""

from __future__ import annotations

import importlib
import importlib.util
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.kinetics.base.axes import Axis
from QPerfusionLogic.kinetics.base.layout import Layout

from .numpy_engine import Minima, fit_in_numpy, read_shapes
from .residue_table import ShapeTable
from .search import TINY, Dictionary, find_starts
from .sweep import Sweep, sweep_over

FEW_CURVES = 1000
FEW, ONE_DELAY, MANY = (0.002, 1e-5, 1e9), (0.002, 1e-4, 30.0), (0.02, 1e-2, 12.0)
"""When a fit ends: of few curves, of many at one delay, of many at each of several. The last step is the one that
promises less than the first number in log likelihood; it is taken without looking again. A step that gained next to
nothing ends a fit where it was damped by less than the second. The third shows how much less likely (logarithm) than
the best a start or a delay may be before it is given up."""
GIVE_UP_AT = 3
"""After so many steps a start that is less likely than the best by more than `margin` is left where it is."""
ANCHOR_EVERY_FEW, ANCHOR_EVERY_MANY = 1, 3
"""Which of the delays fitted first are looked at from the starts of the dictionary."""
_SCALES = {"log": 0, "sqrt": 1, "linear": 2}


@lru_cache(maxsize=1)
def has_numba() -> bool:
    """Return whether the compiled engine can be used."""
    return importlib.util.find_spec("numba") is not None


def _kernel(module: str, name: str) -> Any:
    return getattr(importlib.import_module(f".{module}", __package__), name)


def fit_on_table(
    table: ShapeTable,
    layout: Layout,
    data: FloatArray,
    off_basis: FloatArray,
    degrees_of_freedom: float,
    starts: FloatArray,
    few: bool | None = None,
) -> Minima:
    """Fit curves on the basis of a table at each of its delays.

    Parameters as in `fit_in_numpy`, but for the compiled engine starts (n, anchors, starts, p) at the anchors of the
    sweep are enough. `few` asks for the care that up to `FEW_CURVES` curves get by default.
    """
    if not has_numba():
        return fit_in_numpy(table, layout, data, off_basis, degrees_of_freedom, starts)
    n, p = len(data), starts.shape[-1]
    delays = table.coefficients.shape[0]
    found = Minima(
        np.empty((n, delays, p)),
        np.empty((n, delays)),
        np.empty((n, delays)),
        np.empty((n, delays)),
        np.empty((n, delays), dtype=bool),
    )
    table_rows, *cells = _flat_table(table.coefficients, table.axes, layout)
    few = n <= FEW_CURVES if few is None else few
    sweep = _sweep(delays, few)
    _kernel("numba_kernels", "fit_block")(
        table_rows,
        tuple(cells),
        (layout.flow_direction, layout.low, layout.high, *layout.prior, layout.spread),
        data.astype(np.float32),
        np.ascontiguousarray(off_basis, dtype=float),
        float(degrees_of_freedom),
        (*_ends(few, delays), GIVE_UP_AT),
        (sweep.order, sweep.source, sweep.share, sweep.anchor, sweep.between),
        _by_shape(layout, starts),
        np.ascontiguousarray(starts, dtype=float),
        (found.x, found.squared_error, found.penalty, found.flow_variance, found.converged),
    )
    return found


def starts_from(dictionary: Dictionary, layout: Layout, data: FloatArray, few: bool | None = None) -> FloatArray:
    """Return the starts (n, anchors, basins, p) for data (n, rank), for numpy at every delay; see `find_starts`."""
    if not has_numba():
        return find_starts(dictionary, layout, data)
    delays, entries, rank = dictionary.unit.shape
    anchors = _sweep(delays, len(data) <= FEW_CURVES if few is None else few).anchors
    unit = dictionary.unit[anchors].reshape(-1, rank).astype(np.float32)
    product = (data.astype(np.float32) @ unit.T).reshape(len(data), anchors.size, entries)
    starts = np.empty((len(data), anchors.size, dictionary.basins, len(layout.parameters)))
    _kernel("numba_starts", "dictionary_starts")(
        product,
        np.maximum(dictionary.size[anchors], TINY).astype(np.float32),
        dictionary.shape,
        dictionary.basin.astype(np.int64),
        dictionary.least.astype(np.float32),
        dictionary.most.astype(np.float32),
        layout.inverse,
        layout.offset,
        layout.low,
        layout.high,
        starts,
    )
    return starts


def starts_at(x: FloatArray) -> FloatArray:
    """Return starts as of `starts_from` that are fits (n, d, p) found before, one for each delay."""
    places = _sweep(x.shape[1], len(x) <= FEW_CURVES).anchors if has_numba() else np.arange(x.shape[1])
    return x[:, places, None]


def _by_shape(layout: Layout, starts: FloatArray) -> NDArray[np.intp]:
    """Return the order (n,) in which curves of like shape follow each other, so that the table is in the cache."""
    return np.lexsort(np.round(starts[:, 0, 0] @ layout.matrix.T, 3).T)


def _ends(few: bool, delays: int) -> tuple[float, float, float]:
    if few:
        return FEW
    return ONE_DELAY if delays == 1 else MANY


def _sweep(delays: int, few: bool) -> Sweep:
    return sweep_over(delays, ANCHOR_EVERY_FEW if few else ANCHOR_EVERY_MANY)


def fitted_curves(
    table: ShapeTable, layout: Layout, x: FloatArray, share: FloatArray, in_window: bool = False
) -> FloatArray:
    """Return the sum over delays of share (n, d) times the fitted curve at x (n, d, p), on the basis of all frames.

    `in_window` asks for the basis of the fit window.
    """
    coefficients = table.coefficients if in_window else table.full_coefficients
    curves = np.zeros((len(x), coefficients.shape[-1]), dtype=np.float32)
    if has_numba():
        flat = _flat_table(coefficients, table.axes, layout)
        _kernel("numba_reading", "read_curves")(*flat, np.ascontiguousarray(x), np.ascontiguousarray(share), curves)
        return curves
    for delay in range(share.shape[1]):
        rows = np.flatnonzero(share[:, delay] > 0)
        which = np.full(rows.size, delay)
        curve, _ = read_shapes(coefficients, table, layout, which, x[rows, delay])
        curves[rows] += (share[rows, delay] * np.exp(x[rows, delay, 0]))[:, None] * curve
    return curves


def _flat_table(coefficients: FloatArray, axes: tuple[Axis, ...], layout: Layout) -> tuple[Any, ...]:
    """Return what the kernels need to know of a table: rows of coefficients per delay, strides, map and axes."""
    shape = coefficients.shape[1:]
    strides = tuple(int(np.prod(shape[index + 1 :])) for index in range(len(axes)))
    return (
        np.ascontiguousarray(coefficients, dtype=np.float32).reshape(len(coefficients), -1),
        strides,
        layout.matrix,
        np.vstack([np.eye(1, len(layout.parameters)), layout.matrix]),
        layout.offset,
        np.array([_SCALES[axis.scale] for axis in axes]),
        np.array([float(axis.coordinate(axis.low)) for axis in axes]),
        np.array([1.0 / axis.step for axis in axes]),
        np.array([axis.nodes for axis in axes]),
    )
