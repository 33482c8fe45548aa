"""Model-free deconvolution: a smooth residue that never rises and never turns negative."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import BSpline

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.kinetics.base.delay import posterior
from QPerfusionLogic.kinetics.base.model import CONVERGED, NO_BOLUS, KineticModel, Solution
from QPerfusionLogic.kinetics.base.quantities import quantities
from QPerfusionLogic.kinetics.base.significance import is_noise
from QPerfusionLogic.kinetics.solver.residue_table import SECONDS_PER_MINUTE, convolution_operators, grid_for
from QPerfusionLogic.progress import Progress

PIECES = 12
EARLIEST_FALL_S = 2.0
"""No step has half fallen before this: what falls faster cannot be distinguished from noise, and would count as
flow."""
SMOOTHNESS = np.logspace(-6, 1, 15)
SWEEPS = 150


class SplineResidue(KineticModel):
    """B-spline deconvolution with Tikhonov smoothing chosen by generalised cross validation.

    The residue is a sum of falling steps (integrated quadratic B-splines) with amounts of at least 0, so it neither
    rises nor turns negative; flow is its value at 0.

    Source: Jerosch-Herold M, Swingen C, Seethamraju RT. Med Phys 2002;29:886-897; Ramsay JO. Stat Sci 1988;3:425-441.

    Examples
    --------
    >>> from QPerfusionLogic.settings.schema import KineticsSettings
    >>> time_s = np.arange(0.0, 40.0, 0.5)
    >>> late = np.maximum(time_s - 5.0, 0.0)
    >>> aif = late**2 * np.exp(-late / 1.7)
    >>> curve = 1.5 / 60.0 * (np.cumsum(aif) - aif / 2) * 0.5
    >>> from QPerfusionLogic.settings.schema import KineticsSettings
    >>> settings = KineticsSettings(model="spline", delay=0.0)
    >>> round(float(SplineResidue(aif, time_s, settings=settings).fit(curve).mbf_ml_min_g[0]), 1)
    1.5
    """

    name = "spline"
    osipi = ""
    reference = "Jerosch-Herold M, Swingen C, Seethamraju RT. Med Phys 2002;29:886-897"
    parameters = quantities("mbf_ml_min_g", "delay_s")
    plasma = False
    degrees_of_freedom_used = 6

    def solve(self, curves: FloatArray, weights: FloatArray, progress: Progress) -> Solution:
        """Fit the amounts of every falling step at every delay, and average over the delay."""
        assert self.arterial is not None
        grid_s = grid_for(self.time_s, self.delays_s, self.arterial)
        steps = falling_steps(grid_s, self.window_s[1] - self.window_s[0])
        operators = convolution_operators(self.arterial, self.time_s, self.delays_s, grid_s, None)
        columns = operators @ steps / SECONDS_PER_MINUTE
        weight = weights * self.window
        error = np.empty((len(curves), self.delays_s.size))
        amounts = np.empty((len(curves), self.delays_s.size, steps.shape[1]))
        variance = np.empty_like(error)
        for delay, matrix in enumerate(columns):
            progress.update(delay / self.delays_s.size, "deconvolving")
            amounts[:, delay], variance[:, delay] = smooth_amounts(matrix, curves, weight)
            error[:, delay] = (weight * (curves - amounts[:, delay] @ matrix.T) ** 2).sum(axis=1)
        sum_of_squares = (weight * curves**2).sum(axis=1)
        degrees_of_freedom = np.maximum(weight.sum(axis=1) - self.degrees_of_freedom_used, 1.0)
        likelihood = -degrees_of_freedom[:, None] / 2 * np.log(error + 1e-12 * sum_of_squares[:, None] + 1e-300)
        if self.settings.delay == "shared":
            likelihood = np.repeat(likelihood.sum(axis=0, keepdims=True), len(curves), axis=0)
        share = posterior(likelihood)
        flow = amounts.sum(axis=2)
        mean = (share * flow).sum(axis=1)
        spread = (share * (variance * (error / degrees_of_freedom[:, None]) + (flow - mean[:, None]) ** 2)).sum(axis=1)
        noise = is_noise(
            sum_of_squares, error.min(axis=1), float(degrees_of_freedom.mean()), self.degrees_of_freedom_used
        )
        parameters = {"mbf_ml_min_g": mean, "mbf_se": np.sqrt(spread), "delay_s": share @ self.delays_s}
        predicted = np.einsum("nd,ndk,dfk->nf", share, amounts, columns, optimize=True)
        return Solution(parameters, np.where(noise, NO_BOLUS, CONVERGED).astype(np.uint8), predicted)


def falling_steps(grid_s: FloatArray, duration_s: float) -> FloatArray:
    """Return (k, pieces) curves that start at 1 and fall to 0, each around its own time, and one that never falls."""
    ends = EARLIEST_FALL_S + (duration_s - EARLIEST_FALL_S) * np.linspace(0.0, 1.0, PIECES) ** 1.5
    knots = np.concatenate([[0.0], ends, [duration_s]])
    inside = np.clip(grid_s, 0.0, duration_s)
    steps = [np.ones_like(grid_s)]
    for piece in range(len(knots) - 3):
        bump = BSpline.basis_element(knots[piece : piece + 4], extrapolate=False)
        height = np.nan_to_num(bump(inside))
        area = np.concatenate(([0.0], np.cumsum((height[1:] + height[:-1]) / 2 * np.diff(grid_s))))
        if area[-1] > 0:
            steps.append(1.0 - area / area[-1])
    return np.stack(steps, axis=1)


def smooth_amounts(matrix: FloatArray, curves: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return non-negative amounts (n, k) of the columns of a matrix (frames, k) in curves (n, frames), smoothed.

    The smoothness of each curve is chosen by generalised cross validation of the fit without the sign constraint. The
    second result is the variance of the sum of the amounts for noise of unit variance, (n,).
    """
    common = weight.mean(axis=0)
    weighted = np.sqrt(common)[:, None] * matrix
    gram = weighted.T @ weighted
    scale = np.trace(gram) / len(gram)
    second = np.diff(np.eye(len(gram)), 2, axis=0)
    roughness = second.T @ second * scale
    right = (weight * curves) @ matrix
    sum_of_squares = (weight * curves**2).sum(axis=1)
    frames = float(common.sum())
    scores = []
    for smoothness in SMOOTHNESS:
        inverse = np.linalg.inv(gram + smoothness * roughness + 1e-9 * scale * np.eye(len(gram)))
        fitted = right @ inverse
        error = sum_of_squares - 2 * (fitted * right).sum(axis=1) + ((fitted @ gram) * fitted).sum(axis=1)
        used = min(float(np.trace(inverse @ gram)), frames - 1.0)
        scores.append(np.maximum(error, 0.0) / (frames - used) ** 2)
    choice = np.argmin(scores, axis=0)
    amounts = np.empty_like(right)
    variance = np.empty(len(curves))
    for index in np.unique(choice):
        rows = np.flatnonzero(choice == index)
        system = gram + SMOOTHNESS[index] * roughness + 1e-9 * scale * np.eye(len(gram))
        inverse = np.linalg.inv(system)
        amounts[rows] = _non_negative(system, right[rows])
        variance[rows] = (inverse @ gram @ inverse).sum()
    return amounts, variance


def _non_negative(system: FloatArray, right: FloatArray) -> FloatArray:
    """Minimise x S x / 2 - b x over x >= 0 for every b (n, k) by coordinate descent."""
    amounts = np.maximum(np.linalg.solve(system, right.T).T, 0.0)
    for _ in range(SWEEPS):
        before = amounts.copy()
        for index in range(len(system)):
            pull = right[:, index] - amounts @ system[:, index]
            amounts[:, index] = np.maximum(amounts[:, index] + pull / system[index, index], 0.0)
        if np.abs(amounts - before).max(initial=0.0) < 1e-7 * max(float(np.abs(amounts).max(initial=0.0)), 1e-30):
            break
    return amounts
