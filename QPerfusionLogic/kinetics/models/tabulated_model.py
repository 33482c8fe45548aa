"""Models whose tissue curve is flow times a tabulated shape: build the table, fit the curves on it, translate back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logsumexp

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.data.heart_prior import HeartPrior
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.kinetics.base.arterial_curve import ArterialCurve
from QPerfusionLogic.kinetics.base.frame_patterns import by_pattern
from QPerfusionLogic.kinetics.base.layout import Layout
from QPerfusionLogic.kinetics.base.model import AT_BOUND, CONVERGED, NO_BOLUS, NOT_CONVERGED, KineticModel, Solution
from QPerfusionLogic.kinetics.base.remaining_baseline import is_more_than_rounding, remaining_baseline
from QPerfusionLogic.kinetics.base.significance import CLEAR_RISE, NO_RISE, is_noise, rise_in_errors
from QPerfusionLogic.kinetics.hierarchical.pooling import CurvesOfOneHeart
from QPerfusionLogic.kinetics.hierarchical.shared_delay import find_shared_delay
from QPerfusionLogic.kinetics.solver.blood_share import FlowExpected, take_out_blood
from QPerfusionLogic.kinetics.solver.estimates import (
    CurveEstimates,
    Data,
    log_likelihood,
    marginalised,
    minima_at_delays,
)
from QPerfusionLogic.kinetics.solver.residue_table import SECONDS_PER_MINUTE, ShapeTable, build_table
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import KineticsSettings

CHUNK = 8192


@dataclass(frozen=True)
class _Problem:
    """What fits of curves with the same frame weights share."""

    table: ShapeTable
    layout: Layout
    of_delays: FloatArray | float
    weight: FloatArray
    inside: BoolArray
    root: FloatArray


class TabulatedModel(KineticModel):
    """A model that can tabulate its curves; one file a model gives `layout` and `tabulate`."""

    layout: Layout
    split: tuple[int, float] | None = None
    """(axis, y) at which the shape space falls into basins of their own."""

    def __init__(
        self,
        aif_mmol_l: FloatArray,
        time_s: FloatArray,
        aif_time_s: FloatArray | None = None,
        settings: KineticsSettings | None = None,
    ) -> None:
        super().__init__(aif_mmol_l, time_s, aif_time_s, settings)
        bounds = dict(self.settings.bounds)
        if self.plasma and "mbf" in bounds:
            low, high = bounds.pop("mbf")
            bounds["fp"] = (low * self.plasma_share, high * self.plasma_share)
        everywhere = (self.settings.priors, self.settings.prior_scope) == ("population", "pixels")
        layout = self.layout.with_log_normal_priors() if everywhere else self.layout
        self.layout = layout.bounded(bounds)
        self.degrees_of_freedom_used = len(self.layout.parameters) + (self.delays_s.size > 1)
        self.heart_prior: HeartPrior | None = None
        self.takes_out_blood = self.settings.blood_in_pixels == "taken_out"
        self._last_table: tuple[bytes, ShapeTable] | None = None

    def tabulate(
        self,
        arterial: ArterialCurve,
        time_s: FloatArray,
        delays_s: FloatArray,
        nodes: tuple[FloatArray, ...],
        projection: FloatArray | None,
    ) -> FloatArray:
        """Return curves (d, *nodes, frames) per unit flow (per second), or projected ones (d, *nodes, rank)."""
        raise NotImplementedError

    def curve(self, values: dict[str, float]) -> FloatArray:
        """Return the curve (frames,) of one set of parameters, in mmol/L, without the table."""
        layout = self.layout
        wrong = [item.field for item in layout.parameters if item.logarithmic and values[item.field] <= 0]
        if wrong:
            raise InputError(f"{', '.join(wrong)} of 0 or less", expected="flows, volumes and times above 0")
        on_scale = layout.matrix @ [item.natural(values[item.field]) for item in layout.parameters] + layout.offset
        shape = [
            float(at if axis.scale == "linear" else np.exp(at)) for axis, at in zip(layout.axes, on_scale, strict=True)
        ]
        flow = values[layout.parameters[0].field]
        return flow / SECONDS_PER_MINUTE * self.curve_per_flow(values["delay_s"], shape)

    def curve_per_flow(self, delay_s: float, shape: list[float]) -> FloatArray:
        """Return the curve (frames,) per unit flow (per second) at one delay and one value per axis."""
        assert self.arterial is not None
        nodes = tuple(np.array([value]) for value in shape)
        return self.tabulate(self.arterial, self.time_s, np.array([delay_s]), nodes, None).reshape(-1)

    def solve(self, curves: FloatArray, weights: FloatArray, progress: Progress) -> Solution:
        """Fit clean curves (n, frames), which are 0 where their weight (n, frames) is 0."""
        delays_s = self.delays_s
        if self.settings.delay == "shared" and delays_s.size > 1:
            delays_s = np.array([self._shared_delay(curves, weights)])
        return by_pattern(
            curves, weights, self.window, lambda part, weight: self._solve_alike(part, weight, delays_s, progress)
        )

    def hierarchical(self, curves: FloatArray) -> CurvesOfOneHeart | None:
        """Return curves (n, frames) as they are looked at to find what a heart has in common; only complete ones."""
        if self.arterial is None or self.settings.delay == "shared":
            return None
        whole = curves[np.isfinite(curves).all(axis=1)]
        clean = whole - remaining_baseline(whole, self.before)[:, None]
        clean = clean[is_more_than_rounding(clean[:, self.window], whole)]
        table, inside, root = self._table(np.ones(self.time_s.size), self.delays_s)
        return CurvesOfOneHeart(table, self.layout, self._on_basis(table, clean, inside, root), self.split)

    def _solve_alike(
        self, curves: FloatArray, weight: FloatArray, delays_s: FloatArray, progress: Progress
    ) -> Solution:
        """Fit curves that all have the same frame weights (frames,)."""
        table, inside, root = self._table(weight, delays_s)
        layout = self.layout
        of_delays: FloatArray | float = 0.0
        if self.heart_prior is not None:
            layout, of_delays = layout.within(self.heart_prior), self.heart_prior.of_delays(delays_s)
        problem = _Problem(table, layout, of_delays, weight, inside, root)
        parts = []
        for first in range(0, len(curves), CHUNK):
            progress.update(first / len(curves), "fitting")
            chunk = curves[first : first + CHUNK]
            part, evidence = self._fit_on(problem, chunk)
            parts.append(self._without_blood(problem, chunk, part, evidence))
        names = parts[0].parameters
        return Solution(
            {name: np.concatenate([part.parameters[name] for part in parts]) for name in names},
            np.concatenate([part.status for part in parts]),
            np.concatenate([part.predicted for part in parts]),
        )

    def _fit_on(self, problem: _Problem, curves: FloatArray, quick: bool = False) -> tuple[Solution, FloatArray]:
        """Return the fit of curves (n, frames) and the log of its evidence (n,)."""
        data = replace(self._on_basis(problem.table, curves, problem.inside, problem.root), quick=quick)
        minima = minima_at_delays(problem.table, problem.layout, data, self.settings.starts, self.split)
        estimate = marginalised(problem.table, problem.layout, data, minima, problem.of_delays)
        evidence = logsumexp(log_likelihood(minima, data.degrees_of_freedom) + problem.of_delays, axis=1)
        after_arrival = self.time_s >= self.time_s[self.window].min()
        rise = rise_in_errors(curves, problem.weight, after_arrival)
        solution = self._translate(problem.table, estimate, data.sum_of_squares, data.degrees_of_freedom, rise)
        return solution, np.asarray(evidence)

    def _without_blood(self, problem: _Problem, curves: FloatArray, found: Solution, evidence: FloatArray) -> Solution:
        """Return the fit of curves (n, frames) with blood of the ventricle taken out of those that hold some."""
        if not self.takes_out_blood:
            return found
        assert self.arterial is not None
        first = self.layout.parameters[0]
        highest = first.high / self.plasma_share
        expected = FlowExpected(highest)
        if self.heart_prior is not None and first.name in self.heart_prior.centre:
            one_sd_above = self.heart_prior.centre[first.name] * np.exp(self.heart_prior.log_sd[first.name])
            expected = FlowExpected(highest, float(one_sd_above) / self.plasma_share, in_fit=True)
        return take_out_blood(
            lambda some: self._fit_on(problem, some, quick=True),
            curves,
            np.where(problem.weight > 0, self.arterial.value(self.time_s) * self.plasma_share, 0.0),
            found,
            evidence,
            expected,
            frames=float((problem.root**2).sum()) - self.degrees_of_freedom_used,
        )

    def _table(self, weight: FloatArray, delays_s: FloatArray) -> tuple[ShapeTable, BoolArray, FloatArray]:
        assert self.arterial is not None
        inside = self.window & (weight > 0)
        root = np.sqrt(weight[inside])
        key = weight.tobytes() + delays_s.tobytes()
        if self._last_table is None or self._last_table[0] != key:
            self._last_table = key, build_table(self, self.arterial, self.time_s, delays_s, inside, root)
        return self._last_table[1], inside, root

    def _on_basis(self, table: ShapeTable, curves: FloatArray, inside: BoolArray, root: FloatArray) -> Data:
        weighted = curves[:, inside] * root
        on_basis = weighted @ table.window_basis
        off_basis = np.einsum("nf,nf->n", weighted, weighted) - np.einsum("nr,nr->n", on_basis, on_basis)
        degrees_of_freedom = max(float((root**2).sum()) - self.degrees_of_freedom_used, 1.0)
        return Data(on_basis, np.maximum(off_basis, 0.0), degrees_of_freedom)

    def _shared_delay(self, curves: FloatArray, weights: FloatArray) -> float:
        """Return the delay that serves all curves best together."""
        common = np.median(weights, axis=0)

        def prepare(delays_s: FloatArray, some: FloatArray) -> tuple[ShapeTable, Data]:
            table, inside, root = self._table(common, delays_s)
            return table, self._on_basis(table, some, inside, root)

        return find_shared_delay(self.delays_s, curves, prepare, self.layout, self.settings.starts, self.split)

    def _translate(
        self,
        table: ShapeTable,
        estimate: CurveEstimates,
        sum_of_squares: FloatArray,
        degrees_of_freedom: float,
        rise: FloatArray,
    ) -> Solution:
        status = np.where(estimate.at_bound, AT_BOUND, CONVERGED).astype(np.uint8)
        status[~estimate.converged] = NOT_CONVERGED
        noise = is_noise(sum_of_squares, estimate.squared_error, degrees_of_freedom, self.degrees_of_freedom_used)
        status[(noise & ~(rise > CLEAR_RISE)) | (rise < NO_RISE)] = NO_BOLUS
        parameters = {
            item.field: estimate.values[:, index] for index, item in enumerate(self.layout.parameters) if item.field
        }
        flow = self._state_by_words(estimate.values[:, 0])
        status[np.isnan(flow) & (status == CONVERGED)] = AT_BOUND
        parameters[self.layout.parameters[0].field] = flow
        parameters["mbf_ml_min_g"] = flow / self.plasma_share
        parameters["mbf_se"] = np.where(np.isfinite(flow), estimate.flow_se, np.nan) / self.plasma_share
        parameters["delay_s"] = estimate.delay_s
        predicted = estimate.curves @ table.full_basis.T
        rms = np.sqrt(estimate.squared_error / (degrees_of_freedom + self.degrees_of_freedom_used))
        peak = np.abs(predicted[:, self.window]).max(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            amplification = parameters["mbf_se"] / parameters["mbf_ml_min_g"] * peak / rms
        return self.judge(Solution(parameters, status, predicted), amplification)

    def _state_by_words(self, flow: FloatArray) -> FloatArray:
        """Return flow (n,) without those at the ends of its own range, where curve and input are of different units."""
        if {"mbf", "fp", "flow", "f"} & set(self.settings.bounds):
            return flow
        low, high = np.exp(self.layout.low[0]), np.exp(self.layout.high[0])
        return np.where((flow > 1.02 * low) & (flow < 0.98 * high), flow, np.nan)

    def judge(self, solution: Solution, amplification: FloatArray) -> Solution:
        """Return the solution with what the model itself knows to be beyond the data marked so.

        `amplification` (n,) is the relative error of flow per residual relative to the peak of the curve.
        """
        return solution
