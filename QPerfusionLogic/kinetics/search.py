"""Where to start a fit: the best entries of a coarse dictionary, found for all curves by one matrix product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.study import FloatArray

from .layout import Layout
from .table import ShapeTable

MANY_STARTS = 6


@dataclass(frozen=True)
class Dictionary:
    """Curves of unit length for coarse shapes at every delay.

    Parameters
    ----------
    unit : (d, entries, rank) array
        Curves of unit length.
    size : (d, entries) array
        Length of each curve per unit of flow.
    shape : (entries, axes) array
        Shape values y.
    basin : (entries,) int array
        Which part of the shape space an entry belongs to; each part gives a start of its own.
    """

    unit: FloatArray
    size: FloatArray
    shape: FloatArray
    basin: NDArray[np.intp]

    @property
    def basins(self) -> int:
        """Number of parts."""
        return int(self.basin.max()) + 1


def build_dictionary(table: ShapeTable, layout: Layout, starts: int, split: tuple[int, float] | None) -> Dictionary:
    """Read coarse entries off a table.

    Parameters
    ----------
    starts : int
        How many parts of the shape space give a start.
    split : tuple, optional
        (axis, y) at which the shape space falls into two; further parts divide each half evenly.
    """
    nodes = [axis.coarse_nodes for axis in table.axes]
    curves = table.coefficients
    for index, axis_nodes in enumerate(nodes):
        below, at, above = (np.take(curves, axis_nodes + shift, axis=index + 1) for shift in (0, 1, 2))
        curves = (below + 4 * at + above) / 6
    curves = curves.reshape(curves.shape[0], -1, curves.shape[-1])
    size = np.linalg.norm(curves, axis=-1)
    values = [
        _on_own_scale(axis.values[axis_nodes], axis.scale) for axis, axis_nodes in zip(table.axes, nodes, strict=True)
    ]
    shape = np.stack(np.meshgrid(*values, indexing="ij"), axis=-1).reshape(-1, len(values))
    unit = curves / np.where(size > 0, size, 1.0)[..., None]
    return Dictionary(unit, size, shape, _basins(shape, starts, split))


def _on_own_scale(values: FloatArray, scale: str) -> FloatArray:
    return values if scale == "linear" else np.log(values)


def _basins(shape: FloatArray, starts: int, split: tuple[int, float] | None) -> NDArray[np.intp]:
    """Part the shapes at `split`, evenly within both halves, and from six starts on along the first axis too."""
    if split is None or starts < 2:
        return np.zeros(len(shape), dtype=int)
    axis, at = split
    along_first = 3 if starts >= MANY_STARTS else 1
    parts = starts // along_first
    values = shape[:, axis]
    upper = values > at
    basin = np.zeros(len(shape), dtype=int)
    basin[~upper] = _even_parts(values[~upper], parts // 2)
    basin[upper] = parts // 2 + _even_parts(values[upper], parts - parts // 2)
    basin = basin * along_first + _even_parts(shape[:, 0], along_first)
    return np.unique(basin, return_inverse=True)[1]


def _even_parts(values: FloatArray, parts: int) -> NDArray[np.intp]:
    levels = np.unique(values)
    edges = levels[np.linspace(0, levels.size, parts + 1).astype(int)[1:-1].clip(0, levels.size - 1)]
    return np.searchsorted(edges, values, side="right")


def find_starts(dictionary: Dictionary, layout: Layout, data: FloatArray) -> FloatArray:
    """Return the best start x (n, d, basins, p) in each part of the shape space, at each delay, for data (n, rank)."""
    delays, entries, rank = dictionary.unit.shape
    product = data.astype(np.float32) @ dictionary.unit.reshape(-1, rank).astype(np.float32).T
    product = product.reshape(len(data), delays, entries)
    starts = np.empty((len(data), delays, dictionary.basins, len(layout.parameters)))
    for basin in range(dictionary.basins):
        members = np.flatnonzero(dictionary.basin == basin)
        scores = product[:, :, members]
        best = np.argmax(scores, axis=-1)
        height = np.take_along_axis(scores, best[..., None], axis=-1)[..., 0]
        entry = members[best]
        size = dictionary.size[np.arange(delays)[None, :], entry]
        flow = np.maximum(height, 0.0) / np.where(size > 0, size, 1.0)
        log_flow = np.log(np.clip(flow, np.exp(layout.low[0]), np.exp(layout.high[0])))
        x = layout.from_shape(log_flow.ravel(), dictionary.shape[entry].reshape(-1, dictionary.shape.shape[1]))
        starts[:, :, basin] = np.clip(x, layout.low, layout.high).reshape(len(data), delays, -1)
    return starts
