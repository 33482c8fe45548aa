"""Picks the compiled engine, or the numpy one where numba is missing."""

from __future__ import annotations

import importlib.util

from QPerfusionLogic.study import FloatArray

from .layout import Layout
from .numpy_engine import Minima, fit_in_numpy
from .table import ShapeTable


def has_numba() -> bool:
    """Return whether the compiled engine can be used."""
    return importlib.util.find_spec("numba") is not None


def fit_on_table(
    table: ShapeTable, layout: Layout, data: FloatArray, outside: FloatArray, freedom: float, starts: FloatArray
) -> Minima:
    """Fit curves on the basis of a table at each of its delays; see `fit_in_numpy`."""
    return fit_in_numpy(table, layout, data, outside, freedom, starts)
