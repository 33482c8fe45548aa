"""A table of AIF-convolved residues over delay and shape, on a few orthogonal curves, read by cubic B-splines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.kinetics.base.arterial_curve import ArterialCurve, convolution_operator, residue_grid
from QPerfusionLogic.kinetics.base.axes import Axis
from QPerfusionLogic.kinetics.base.layout import Layout

from .splines import spline_coefficients

RANK, LANES = 32, 8
"""Most curves of a basis; their number is a multiple of the lanes that the compiled loops handle at once."""
LEFT_OUT = 1e-10
"""Share of the energy of a curve that a basis may leave out."""
SECONDS_PER_MINUTE = 60.0


class Tabulated(Protocol):
    """What a model has to offer to be tabulated."""

    layout: Layout

    def tabulate(
        self,
        arterial: ArterialCurve,
        time_s: FloatArray,
        delays_s: FloatArray,
        nodes: tuple[FloatArray, ...],
        projection: FloatArray | None,
    ) -> FloatArray: ...


@dataclass(frozen=True, eq=False)
class ShapeTable:
    """Tissue curves per unit of flow for every delay and shape of a model.

    Parameters
    ----------
    delays_s : (d,) array
        Delays at which the table holds.
    coefficients : (d, nodes + 2 per axis, rank) array
        B-spline coefficients of the curves in the orthogonal basis of the fit window.
    full_coefficients : same shape but for its rank
        The same in the basis of all frames.
    window_basis : (window frames, rank) array
        Orthonormal; includes the square roots of the frame weights.
    full_basis : (frames, rank) array
        Orthonormal over all frames.
    """

    axes: tuple[Axis, ...]
    delays_s: FloatArray
    coefficients: FloatArray
    full_coefficients: FloatArray
    window_basis: FloatArray
    full_basis: FloatArray

    @cached_property
    def over_delay(self) -> ShapeTable:
        """The same table with the delay as its first axis, from which it is read as any other parameter."""
        low, high = float(self.delays_s[0]), float(self.delays_s[-1])
        return replace(
            self,
            axes=(Axis("delay_s", low, high, self.delays_s.size, "linear"), *self.axes),
            delays_s=np.zeros(1),
            coefficients=spline_coefficients(self.coefficients, 0)[None],
            full_coefficients=spline_coefficients(self.full_coefficients, 0)[None],
        )


def build_table(
    model: Tabulated,
    arterial: ArterialCurve,
    time_s: FloatArray,
    delays_s: FloatArray,
    window: BoolArray,
    root_weight: FloatArray,
) -> ShapeTable:
    """Tabulate a model for one arterial input.

    Parameters
    ----------
    time_s : (frames,) array
        Times of all frames.
    delays_s : (d,) array
        Delays to tabulate.
    window : (frames,) bool array
        Frames that are fitted.
    root_weight : (window frames,) array
        Square root of the weight of each of them.
    """
    axes = model.layout.axes
    sparse = tuple(axis.values[np.unique(np.linspace(0, axis.nodes - 1, 9).round().astype(int))] for axis in axes)
    some_delays = delays_s[np.unique(np.linspace(0, delays_s.size - 1, 4).astype(int))]
    samples = model.tabulate(arterial, time_s, some_delays, sparse, None).reshape(-1, time_s.size)
    full_basis = leading_curves(samples, RANK)
    nodes = tuple(axis.values for axis in axes)
    table = model.tabulate(arterial, time_s, delays_s, nodes, full_basis.T / SECONDS_PER_MINUTE).astype(np.float32)
    for index in range(len(axes)):
        table = spline_coefficients(table, index + 1)
    basis = _short_basis(root_weight * samples[:, window])
    change = basis.T @ (root_weight[:, None] * full_basis[window])
    coefficients = table @ change.T.astype(np.float32)
    return ShapeTable(axes, np.asarray(delays_s, dtype=float), coefficients, table, basis, full_basis)


def _short_basis(samples: FloatArray) -> FloatArray:
    """Return as few leading curves (frames, rank) of samples (m, frames) as leave next to nothing of any of them.

    A window of twenty frames needs half of the basis that a long series needs, and fits take half the time.
    """
    basis = leading_curves(samples, RANK)
    sum_of_squares = np.einsum("mf,mf->m", samples, samples)
    within = np.cumsum((samples @ basis) ** 2, axis=1)
    lost = (sum_of_squares[:, None] - within) / np.where(sum_of_squares > 0, sum_of_squares, 1.0)[:, None]
    enough = np.flatnonzero(lost[:, LANES - 1 :: LANES].max(axis=0) < LEFT_OUT)
    return np.ascontiguousarray(basis[:, : LANES * (int(enough[0]) + 1)]) if enough.size else basis


def leading_curves(samples: FloatArray, rank: int) -> FloatArray:
    """Return the (frames, rank) orthonormal curves that carry most of the sample curves (m, frames).

    Subspace iteration from a fixed random start: the singular values fall so fast that four rounds settle it, where a
    full decomposition would cost the cube of the frames.
    """
    size = np.linalg.norm(samples, axis=1, keepdims=True)
    scaled = samples / np.where(size > 0, size, 1.0)
    frames = scaled.shape[1]
    if frames <= 2 * rank:
        _, vectors = np.linalg.eigh(scaled.T @ scaled)
        return np.pad(vectors[:, ::-1][:, :rank], ((0, 0), (0, max(0, rank - frames))))
    basis = np.random.default_rng(0).normal(size=(frames, rank + 16))
    for _ in range(4):
        basis, _ = np.linalg.qr(scaled.T @ (scaled @ basis))
    _, turn = np.linalg.eigh(basis.T @ (scaled.T @ (scaled @ basis)))
    return basis @ turn[:, ::-1][:, :rank]


def convolution_operators(
    arterial: ArterialCurve,
    time_s: FloatArray,
    delays_s: FloatArray,
    grid_s: FloatArray,
    projection: FloatArray | None,
) -> FloatArray:
    """Return (d, frames, k) operators from residues on a grid (k,) to curves, or (d, rank, k) to projected ones."""
    operators = [convolution_operator(arterial, time_s - delay, grid_s) for delay in delays_s]
    return np.stack(operators if projection is None else [projection @ operator for operator in operators])


def convolve(operators: FloatArray, residues: FloatArray) -> FloatArray:
    """Return the curves (d, *shape, frames or rank) of residues (k, *shape) under operators (d, frames or rank, k)."""
    delays, rows, points = operators.shape
    product = operators.reshape(-1, points) @ residues.reshape(points, -1)
    return np.moveaxis(product.reshape(delays, rows, *residues.shape[1:]), 1, -1)


def grid_for(time_s: FloatArray, delays_s: FloatArray, arterial: ArterialCurve) -> FloatArray:
    """Return a residue grid that covers every lag between the arterial input and the frames."""
    return residue_grid(float(time_s[-1] - arterial.time_s[0] - min(0.0, float(delays_s.min()))) + 1.0)
