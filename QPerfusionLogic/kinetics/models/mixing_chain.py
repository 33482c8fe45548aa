"""Residues of a chain of mixing cells with exchange, on a lattice that serves every arterial input."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.interpolate import BSpline, make_interp_spline
from scipy.special import gammaincc, gammaincinv, gammaln

from QPerfusionLogic.data.arrays import FloatArray

from .exchange import fast_exchange_tail

QUADRATURE = 20
NEGLIGIBLE = 1e-10


def chain_residue(cells: int, time: FloatArray, ps_per_fp: FloatArray, rate: FloatArray) -> FloatArray:
    """Return the residue of a chain of mixing cells in units of its mean transit time.

    The plasma time x of a particle is gamma-distributed with shape N and mean 1; given x the chain behaves as a
    plug-flow capillary with transit time x and PS/Fp x, so R(v) = P(x > v) + integral over x < v of the density of x
    times the exchange tail.

    Parameters
    ----------
    cells : int
        N.
    time : (k,) array
        Time over mean transit time Vp/Fp.
    ps_per_fp : (a,) array
    rate : (b,) array
        PS/ve times the mean transit time.

    Returns
    -------
    (k, a, b) array
    """
    first, last = gammaincinv(cells, [NEGLIGIBLE, 1.0 - NEGLIGIBLE]) / cells
    nodes, weights = np.polynomial.legendre.leggauss(QUADRATURE)
    low, high = np.minimum(first, time), np.minimum(time, last)
    half = (high - low) / 2
    plasma = (low + high)[:, None] / 2 + half[:, None] * nodes
    plasma = np.maximum(plasma, 1e-12)
    log_density = cells * np.log(cells) - gammaln(cells) + (cells - 1) * np.log(plasma) - cells * plasma
    weight = half[:, None] * weights * np.exp(log_density)
    residue = np.repeat(gammaincc(cells, cells * time)[:, None, None], ps_per_fp.size, axis=1)
    residue = np.repeat(residue, rate.size, axis=2)
    for node in range(QUADRATURE):
        reached = np.flatnonzero(weight[:, node] > NEGLIGIBLE * 1e-3)
        x = plasma[reached, node]
        elapsed = (time[reached] - x)[:, None, None] * rate
        tail = fast_exchange_tail(*np.broadcast_arrays(elapsed, (x[:, None] * ps_per_fp)[:, :, None]))
        residue[reached] += weight[reached, node][:, None, None] * tail
    return residue


@dataclass(frozen=True)
class ChainLattice:
    """Splines over time of chain residues for every PS/Fp and every step of a logarithmic lattice of rates."""

    spline: BSpline
    log_first_rate: float
    log_step: float
    last: float

    def residues(self, time: FloatArray, rate: FloatArray) -> FloatArray:
        """Return residues (k, a, b) at times (k,) in transit times, for rates (b,) on the lattice."""
        index = np.round((np.log(rate) - self.log_first_rate) / self.log_step).astype(int)
        chosen = BSpline(self.spline.t, np.ascontiguousarray(self.spline.c[:, :, index]), 3)
        return np.asarray(chosen(np.minimum(time, self.last)))


@lru_cache(maxsize=4)
def chain_lattice(
    cells: int, ps_per_fp: tuple[float, ...], first_rate: float, log_step: float, count: int, last: float
) -> ChainLattice:
    """Return the lattice for N cells; rates are first_rate * exp(log_step * 0, 1, ..., count - 1)."""
    fine = 0.3 / np.sqrt(cells)
    turn = 1.0 + 6.0 / np.sqrt(cells)
    even = np.arange(0.0, turn, fine)
    ratio = 1.0 + fine / turn * (2.0 if cells < 4 else 1.0)
    geometric = even[-1] * min(ratio, 1.1) ** np.arange(1, 2 + np.log(last / even[-1]) / np.log(min(ratio, 1.1)))
    time = np.concatenate([even, geometric])
    rates = first_rate * np.exp(log_step * np.arange(count))
    values = chain_residue(cells, time, np.array(ps_per_fp), rates)
    return ChainLattice(make_interp_spline(time, values, 3), float(np.log(first_rate)), log_step, float(time[-1]))
