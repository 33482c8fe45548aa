"""Pixels at the edge of the wall hold blood of the ventricle as well: found where it is clearly more probable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.kinetics.base.model import (
    AT_BOUND,
    BLOOD_MIXED,
    CONVERGED,
    NOT_CONVERGED,
    NOT_IDENTIFIABLE,
    Solution,
)

SHARES = (0.03, 0.06, 0.1, 0.14, 0.19, 0.25, 0.33, 0.45)
"""Shares of blood in a pixel that are tried first."""
CLOSEST = 0.004
"""Step of the last look round the best share: clear curves need it as exactly."""
USUAL_SHARE = 0.1
"""Mean of the exponential prior of the share."""
USUAL_FLOW = 1.4, 0.6
"""Median (mL/min/g) and spread of the logarithm of flow at stress and rest, for curves whose heart is not known: 95 %
lie between 0.4 and 4.5."""
SUSPECT_FLOW = 2.5
"""Flow (mL/min/g) above which curves whose heart is not known are looked at."""
CLEAR = 1.0
"""How many natural logarithms more probable blood has to be than none."""
HIGHEST_PEAK = 0.6
"""A curve that reaches this share of the peak of the arterial input is blood, not wall."""
LEAST_RESIDUAL = 0.003
"""A curve that the wall alone explains to this share of its peak holds no blood: what is left is the model's."""
_NEVER = -1e9
"""Log probability of what could not be fitted."""
_FITTED = (CONVERGED, AT_BOUND, NOT_CONVERGED)


@dataclass(frozen=True)
class FlowExpected:
    """What is known of flow before a curve is seen: flows above `suspect` (mL/min/g) are looked at.

    `highest` is the upper bound of the fit (mL/min/g), `in_fit` True where it holds the prior of its heart already.
    """

    highest: float
    suspect: float = SUSPECT_FLOW
    in_fit: bool = False

    def log_prior(self, mbf_ml_min_g: FloatArray) -> FloatArray:
        """Return the log prior of flows that the fit does not hold; NaN is a flow at its upper bound."""
        if self.in_fit:
            return np.zeros(mbf_ml_min_g.shape)
        middle, sd = USUAL_FLOW
        flow = np.clip(np.nan_to_num(mbf_ml_min_g, nan=self.highest), 1e-6, self.highest)
        return np.asarray(-0.5 * (np.log(flow / middle) / sd) ** 2)

    def suspects(self, found: Solution, curves: FloatArray, arterial: FloatArray) -> BoolArray:
        """Return which curves (n, frames) may owe their flow to blood (frames,); a flow at its upper bound is NaN."""
        too_high = ~(found.parameters["mbf_ml_min_g"] <= self.suspect)
        peak = curves.max(axis=1)
        residual = np.sqrt(np.nanmean((curves - found.predicted) ** 2, axis=1))
        of_wall = (peak < HIGHEST_PEAK * arterial.max()) & ~(residual < LEAST_RESIDUAL * peak)
        return np.isin(found.status, _FITTED) & too_high & of_wall


def take_out_blood(
    fit: Callable[[FloatArray], tuple[Solution, FloatArray]],
    curves: FloatArray,
    arterial: FloatArray,
    found: Solution,
    evidence: FloatArray,
    expected: FlowExpected,
    frames: float,
) -> Solution:
    """Fit curves of suspect height again as mixtures of wall and blood; keep mixtures that are clearly more probable.

    Parameters
    ----------
    fit : function
        Fits curves (n, frames) and returns the log of their evidence (n,) as well.
    curves : (n, frames) array
        Gadolinium of the pixels, mmol/L.
    arterial : (frames,) array
        Gadolinium of blood, mmol/L.
    found, evidence : Solution, (n,) array
        What the fit said of `curves` as they are.
    expected : FlowExpected
        What is known of flow beforehand.
    frames : float
        Frames less parameters of the fit.

    Returns
    -------
    Solution
        With `blood_share` (n,) among its parameters; parameters of mixtures are those of their wall.
    """
    solution = Solution(
        {name: np.array(value) for name, value in found.parameters.items()} | {"blood_share": np.zeros(len(curves))},
        np.array(found.status),
        np.array(found.predicted),
    )
    rows = np.flatnonzero(expected.suspects(found, curves, arterial))
    if rows.size == 0:
        return solution
    tried = _Mixtures(fit, curves[rows], arterial, expected, frames)
    tried.add(np.array(SHARES)[:, None] * np.ones(rows.size))
    tried.add(tried.beside_best())
    tried.add(np.clip(tried.vertex() + CLOSEST * np.array([[-1.0], [0.0], [1.0]]), 0.0, SHARES[-1]))
    weight, log_evidence = tried.posterior()
    whole = evidence[rows] + expected.log_prior(found.parameters["mbf_ml_min_g"][rows])
    flows = tried.parameter("mbf_ml_min_g")
    known = np.where(np.isfinite(flows), weight, 0.0).sum(axis=0)
    mixed = (log_evidence - whole > CLEAR) & (known > 0.5)
    rows, flows = rows[mixed], flows[:, mixed]
    weight = np.where(np.isfinite(flows), weight[:, mixed], 0.0) / known[mixed]

    def averaged(values: FloatArray) -> FloatArray:
        return np.asarray((weight * np.nan_to_num(values[:, mixed])).sum(axis=0))

    for name in found.parameters:
        solution.parameters[name][rows] = averaged(tried.parameter(name))
    scatter = (weight * (np.nan_to_num(flows) - solution.parameters["mbf_ml_min_g"][rows]) ** 2).sum(axis=0)
    solution.parameters["mbf_se"][rows] = np.sqrt(averaged(tried.parameter("mbf_se") ** 2) + scatter)
    solution.parameters["blood_share"][rows] = averaged(tried.shares)
    solution.predicted[rows] = np.einsum("sn,snf->nf", weight, tried.predicted()[:, mixed])
    solution.status[rows] = BLOOD_MIXED
    return solution


class _Mixtures:
    """Fits of n curves as mixtures of wall and blood, at any number of shares for each."""

    def __init__(
        self,
        fit: Callable[[FloatArray], tuple[Solution, FloatArray]],
        curves: FloatArray,
        arterial: FloatArray,
        expected: FlowExpected,
        frames: float,
    ) -> None:
        self._fit = fit
        self._curves = curves
        self._arterial = arterial
        self._expected = expected
        self._frames = frames
        self._walls: list[Solution] = []
        self.shares = np.zeros((0, len(curves)))
        self._log = np.zeros((0, len(curves)))

    def add(self, shares: FloatArray) -> None:
        """Fit with further shares (k, n)."""
        mixtures = (self._curves - shares[..., None] * self._arterial) / (1.0 - shares[..., None])
        wall, evidence = self._fit(mixtures.reshape(-1, self._curves.shape[1]))
        flow = wall.parameters["mbf_ml_min_g"].reshape(shares.shape)
        log = evidence.reshape(shares.shape) - self._frames * np.log1p(-shares) - shares / USUAL_SHARE
        fitted = np.isin(wall.status, (*_FITTED, NOT_IDENTIFIABLE)).reshape(shares.shape)
        self._walls.append(wall)
        self.shares = np.concatenate([self.shares, shares])
        self._log = np.concatenate([self._log, np.where(fitted, log + self._expected.log_prior(flow), _NEVER)])

    def beside_best(self) -> FloatArray:
        """Return four shares (4, n) between the best one and its neighbours, of which no blood is one."""
        share, log = self._by_share()
        share = np.concatenate([np.zeros((1, share.shape[1])), share, share[-1:]])
        rows, best = np.arange(share.shape[1]), np.argmax(log, axis=0) + 1
        left, middle, right = (share[best + step, rows] for step in (-1, 0, 1))
        part = np.array([[1.0], [2.0]]) / 3.0
        return np.concatenate([left + part * (middle - left), middle + part * (right - middle)])

    def vertex(self) -> FloatArray:
        """Return the share (n,) at the top of the parabola through the best one and its neighbours."""
        share, log = self._by_share()
        rows = np.arange(share.shape[1])
        best = np.argmax(log, axis=0)
        middle = np.clip(best, 1, len(share) - 2)
        a, b, c = (share[middle + step, rows] for step in (-1, 0, 1))
        at_a, at_b, at_c = (log[middle + step, rows] for step in (-1, 0, 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            above = (b - a) ** 2 * (at_b - at_c) - (b - c) ** 2 * (at_b - at_a)
            top = b - 0.5 * above / ((b - a) * (at_b - at_c) - (b - c) * (at_b - at_a))
        return np.asarray(np.where((top > a) & (top < c), top, share[best, rows]))

    def posterior(self) -> tuple[FloatArray, FloatArray]:
        """Return the weight (k, n) of each share, and the log evidence (n,) of a mixture of any share."""
        share, log = self._by_share()
        between = 0.5 * (share[1:] + share[:-1])
        ends = np.zeros((1, share.shape[1]))
        width = np.diff(np.concatenate([ends, between, ends + SHARES[-1]]), axis=0)
        log = log + np.log(np.maximum(width / USUAL_SHARE, 1e-12))
        evidence = logsumexp(log, axis=0)
        weight = np.empty_like(log)
        np.put_along_axis(weight, np.argsort(self.shares, axis=0), np.exp(log - evidence), axis=0)
        return weight, np.asarray(evidence)

    def parameter(self, name: str) -> FloatArray:
        """Return a parameter of the wall (k, n)."""
        return np.concatenate([wall.parameters[name] for wall in self._walls]).reshape(self.shares.shape)

    def predicted(self) -> FloatArray:
        """Return the curves (k, n, frames) of the mixtures, mmol/L."""
        walls = np.concatenate([wall.predicted for wall in self._walls]).reshape(*self.shares.shape, -1)
        share = self.shares[..., None]
        return np.asarray((1.0 - share) * np.nan_to_num(walls) + share * self._arterial)

    def _by_share(self) -> tuple[FloatArray, FloatArray]:
        """Return shares and log probabilities (k, n), by increasing share."""
        order = np.argsort(self.shares, axis=0)
        return np.take_along_axis(self.shares, order, axis=0), np.take_along_axis(self._log, order, axis=0)
