"""The Patlak model: plasma and uptake that never comes back; linear, so no table is needed."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.kinetics.base.delay import posterior
from QPerfusionLogic.kinetics.base.model import CONVERGED, NO_BOLUS, KineticModel, Solution
from QPerfusionLogic.kinetics.base.quantities import quantities
from QPerfusionLogic.kinetics.base.significance import is_noise
from QPerfusionLogic.kinetics.solver.residue_table import SECONDS_PER_MINUTE
from QPerfusionLogic.progress import Progress

from .extended_tofts import without_flow


class Patlak(KineticModel):
    """Patlak model (OSIPI M.IC1.006): vp and the uptake rate Ki, which is permeability at most and never flow.

    Source: Patlak CS, Blasberg RG, Fenstermacher JD. J Cereb Blood Flow Metab 1983;3:1-7.

    Examples
    --------
    >>> time_s = np.arange(0.0, 40.0, 0.5)
    >>> late = np.maximum(time_s - 5.0, 0.0)
    >>> model = Patlak(late**2 * np.exp(-late / 1.7), time_s)
    >>> curves = model.predict({"ki_ml_min_g": 1.5, "vp_ml_g": 0.1})
    >>> round(float(model.fit(curves).result.parameters["ki_ml_min_g"][0]), 1)
    1.5
    """

    name = "patlak"
    osipi = "M.IC1.006"
    reference = "Patlak CS, Blasberg RG, Fenstermacher JD. J Cereb Blood Flow Metab 1983;3:1-7"
    parameters = quantities("ki_ml_min_g", "vp_ml_g", "delay_s")
    degrees_of_freedom_used = 3

    def curve(self, values: dict[str, float]) -> FloatArray:
        """Return the curve (frames,) of vp, Ki and delay, in mmol/L."""
        assert self.arterial is not None
        late = self.time_s - values["delay_s"]
        uptake = values["ki_ml_min_g"] / SECONDS_PER_MINUTE
        return values["vp_ml_g"] * self.arterial.value(late) + uptake * self.arterial.area(late)

    def solve(self, curves: FloatArray, weights: FloatArray, progress: Progress) -> Solution:
        """Fit vp and Ki, both at least 0, at every delay, and average over the delay."""
        assert self.arterial is not None
        weight = weights * self.window
        late = self.time_s - self.delays_s[:, None]
        columns = np.stack([self.arterial.value(late), self.arterial.area(late) / SECONDS_PER_MINUTE], axis=-1)
        amounts, error = _non_negative_pairs(columns, curves, weight)
        sum_of_squares = (weight * curves**2).sum(axis=1)
        degrees_of_freedom = np.maximum(weight.sum(axis=1) - self.degrees_of_freedom_used, 1.0)
        share = posterior(-degrees_of_freedom[:, None] / 2 * np.log(error + 1e-12 * sum_of_squares[:, None] + 1e-300))
        if self.settings.delay == "shared":
            total = (-degrees_of_freedom[:, None] / 2 * np.log(error + 1e-300)).sum(axis=0)
            share = np.eye(self.delays_s.size)[np.argmax(total)][None].repeat(len(curves), axis=0)
        best = error.min(axis=1)
        noise = is_noise(sum_of_squares, best, float(degrees_of_freedom.mean()), self.degrees_of_freedom_used)
        averaged = np.einsum("nd,ndk->nk", share, amounts)
        predicted = np.einsum("nd,ndk,dfk->nf", share, amounts, columns)
        parameters = {
            "vp_ml_g": averaged[:, 0],
            "ki_ml_min_g": averaged[:, 1],
            "delay_s": share @ self.delays_s,
        }
        return without_flow(Solution(parameters, np.where(noise, NO_BOLUS, CONVERGED).astype(np.uint8), predicted))


def _non_negative_pairs(columns: FloatArray, curves: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the non-negative amounts (n, d, 2) of two columns (d, frames, 2) in curves (n, frames), and the errors."""
    gram = np.einsum("nf,dfi,dfj->ndij", weight, columns, columns, optimize=True)
    right = np.einsum("nf,dfi->ndi", weight * curves, columns, optimize=True)
    first, second, mixed = gram[..., 0, 0], gram[..., 1, 1], gram[..., 0, 1]
    determinant = np.maximum(first * second - mixed**2, 1e-12 * first * second + 1e-300)
    both = np.stack([second * right[..., 0] - mixed * right[..., 1], first * right[..., 1] - mixed * right[..., 0]], -1)
    both = both / determinant[..., None]
    alone = np.maximum(right, 0.0) / np.maximum(np.stack([first, second], axis=-1), 1e-300)
    gain = alone * right
    use_first = (gain[..., 0] >= gain[..., 1])[..., None]
    single = np.where(use_first, alone * [1.0, 0.0], alone * [0.0, 1.0])
    amounts = np.where((both >= 0).all(axis=-1)[..., None], both, single)
    explained = 2 * (amounts * right).sum(-1) - np.einsum("ndi,ndij,ndj->nd", amounts, gram, amounts)
    sum_of_squares = (weight * curves**2).sum(axis=1)
    return amounts, np.maximum(sum_of_squares[:, None] - explained, 1e-14 * sum_of_squares[:, None])
