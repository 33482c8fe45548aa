"""Where to start a fit: the best entries of a coarse dictionary, found for all curves by one matrix product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.kinetics.base.layout import Layout

from .residue_table import ShapeTable

MANY_STARTS = 6
TINY = 1e-30


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
    least, most : (entries,) arrays
        Flows between which an entry agrees with the priors.
    """

    unit: FloatArray
    size: FloatArray
    shape: FloatArray
    basin: NDArray[np.intp]
    least: FloatArray
    most: FloatArray

    @property
    def basins(self) -> int:
        """Number of parts."""
        return int(self.basin.max()) + 1


def build_dictionary(
    table: ShapeTable, layout: Layout, starts: int, split: tuple[int, float] | None, guided: bool = False
) -> Dictionary:
    """Read coarse entries off a table.

    Parameters
    ----------
    starts : int
        How many parts of the shape space give a start.
    split : tuple, optional
        (axis, y) at which the shape space falls into two; further parts divide each half evenly.
    guided : bool
        Whether entries are taken at flows that agree with the priors only.
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
    prior_range = _flows_in_prior_range(layout if guided else layout.without_priors(), shape)
    return Dictionary(unit, size, shape, _basins(shape, starts, split), *prior_range)


def _flows_in_prior_range(layout: Layout, shape: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return between which flows each shape (entries, axes) agrees with all priors; one flow where they contradict."""
    at_unit_flow = layout.from_shape(np.zeros(len(shape)), shape)
    prior_range, precision = layout.prior
    guided = (layout.flow_direction > 0) & (precision > 0)
    least = np.full(len(shape), layout.low[0])
    most = np.full(len(shape), layout.high[0])
    if guided.any():
        shoulder = 1.0 / np.sqrt(precision[guided])
        least = np.maximum(least, (prior_range[guided, 0] - shoulder - at_unit_flow[:, guided]).max(axis=1))
        most = np.minimum(most, (prior_range[guided, 1] + shoulder - at_unit_flow[:, guided]).min(axis=1))
    middle = np.clip((least + most) / 2, layout.low[0], layout.high[0])
    return np.exp(np.where(least > most, middle, least)), np.exp(np.where(least > most, middle, most))


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
        height, size = product[:, :, members], dictionary.size[:, members]
        best_flow = np.clip(height / np.maximum(size, TINY), dictionary.least[members], dictionary.most[members])
        gain = best_flow * size * (2 * height - best_flow * size)
        best = np.argmax(gain, axis=-1)
        entry = members[best]
        log_flow = np.log(np.take_along_axis(best_flow, best[..., None], axis=-1)[..., 0])
        x = layout.from_shape(log_flow.ravel(), dictionary.shape[entry].reshape(-1, dictionary.shape.shape[1]))
        starts[:, :, basin] = np.clip(x, layout.low, layout.high).reshape(len(data), delays, -1)
    return starts
