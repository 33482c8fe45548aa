"""Fits curves on a table: with the compiled engine, or in numpy where numba is missing."""

from __future__ import annotations

import importlib
import importlib.util
from functools import lru_cache
from typing import Any

import numpy as np

from QPerfusionLogic.study import FloatArray

from .axes import Axis
from .layout import Layout
from .numpy_engine import Minima, fit_in_numpy, read_table
from .search import Dictionary, find_starts
from .table import ShapeTable

FEW_CURVES = 1000
SETTLED_FEW, SETTLED_MANY = 0.002, 0.02
"""The last step is the one that promises less than this in log likelihood; it is taken without looking again."""
_SCALES = {"log": 0, "sqrt": 1, "linear": 2}


@lru_cache(maxsize=1)
def has_numba() -> bool:
    """Return whether the compiled engine can be used."""
    return importlib.util.find_spec("numba") is not None


def _kernel(name: str) -> Any:
    return getattr(importlib.import_module(".numba_kernels", __package__), name)


def fit_on_table(
    table: ShapeTable, layout: Layout, data: FloatArray, outside: FloatArray, freedom: float, starts: FloatArray
) -> Minima:
    """Fit curves on the basis of a table at each of its delays; parameters as in `fit_in_numpy`."""
    if not has_numba():
        return fit_in_numpy(table, layout, data, outside, freedom, starts)
    fit_block = _kernel("fit_block")

    n, delays, _, p = starts.shape
    found = Minima(
        np.empty((n, delays, p)),
        np.empty((n, delays)),
        np.empty((n, delays)),
        np.empty((n, delays)),
        np.empty((n, delays), dtype=bool),
    )
    fit_block(
        *_flat_table(table.coefficients, table.axes, layout),
        layout.flow_direction,
        layout.low,
        layout.high,
        *layout.prior,
        data.astype(np.float32),
        np.ascontiguousarray(outside, dtype=float),
        float(freedom),
        SETTLED_FEW if n <= FEW_CURVES else SETTLED_MANY,
        np.ascontiguousarray(starts, dtype=float),
        found.x,
        found.squared_error,
        found.penalty,
        found.flow_variance,
        found.converged,
    )
    return found


ANCHOR_EVERY = 6
"""The compiled engine looks for starts afresh at every sixth delay and goes on from there."""


def starts_from(dictionary: Dictionary, layout: Layout, data: FloatArray) -> FloatArray:
    """Return the starts (n, d, basins, p) for data (n, rank), NaN where none is looked for; see `find_starts`."""
    if not has_numba():
        return find_starts(dictionary, layout, data)
    dictionary_starts = _kernel("dictionary_starts")

    delays, entries, rank = dictionary.unit.shape
    anchors = np.arange(0, delays, ANCHOR_EVERY)
    unit = dictionary.unit[anchors].reshape(-1, rank).astype(np.float32)
    product = (data.astype(np.float32) @ unit.T).reshape(len(data), anchors.size, entries)
    found = np.empty((len(data), anchors.size, dictionary.basins, len(layout.parameters)))
    dictionary_starts(
        product,
        dictionary.size[anchors].astype(float),
        dictionary.shape,
        dictionary.basin.astype(np.int64),
        layout.inverse,
        layout.offset,
        layout.low,
        layout.high,
        found,
    )
    starts = np.full((len(data), delays, *found.shape[2:]), np.nan)
    starts[:, anchors] = found
    return starts


def fitted_curves(table: ShapeTable, layout: Layout, x: FloatArray, share: FloatArray) -> FloatArray:
    """Return the sum over delays of share (n, d) times the fitted curve at x (n, d, p), on the basis of all frames."""
    curves = np.zeros((len(x), table.full_basis.shape[1]))
    if has_numba():
        read_curves = _kernel("read_curves")
        flat = _flat_table(table.full_coefficients, table.axes, layout)
        read_curves(*flat, np.ascontiguousarray(x), np.ascontiguousarray(share), curves)
        return curves
    for delay in range(share.shape[1]):
        rows = np.flatnonzero(share[:, delay] > 0)
        which = np.full(rows.size, delay)
        curve, _ = read_table(table.full_coefficients, table, layout, which, x[rows, delay])
        curves[rows] += (share[rows, delay] * np.exp(x[rows, delay, 0]))[:, None] * curve
    return curves


def _flat_table(coefficients: FloatArray, axes: tuple[Axis, ...], layout: Layout) -> tuple[Any, ...]:
    """Return what the kernels need to know of a table: rows of coefficients per delay, strides, map and axes."""
    shape = coefficients.shape[1:]
    strides = np.array([int(np.prod(shape[index + 1 :])) for index in range(len(axes))])
    return (
        np.ascontiguousarray(coefficients, dtype=np.float32).reshape(len(coefficients), -1),
        strides,
        layout.matrix,
        layout.offset,
        np.array([_SCALES[axis.scale] for axis in axes]),
        np.array([float(axis.coordinate(axis.low)) for axis in axes]),
        np.array([axis.step for axis in axes]),
        np.array([axis.nodes for axis in axes]),
    )
