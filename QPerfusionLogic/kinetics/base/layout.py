"""How the parameters of a model relate to the shape of its residue: names, bounds, priors and one affine map."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.errors import SettingsError

from .axes import Axis

if TYPE_CHECKING:
    from QPerfusionLogic.data.heart_prior import HeartPrior
from QPerfusionLogic.data.heart_prior import TAIL

OF_OTHER_MODELS = ("delay", "vp", "ps", "ve", "fp", "mbf", "ktrans", "width", "shape")
"""Names that may stand among the bounds of any model: one settings file serves several models."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a model: its range, its prior, and whether it is estimated on a logarithmic scale.

    Parameters
    ----------
    name : str
        Short name, as used in `kinetics.bounds.NAME`.
    field : str
        Name of the result with its unit, "" for shape parameters that are not reported.
    prior_range : (float, float), optional
        Range in which the prior is flat; None where there is no prior.
    prior_log_sd : float
        How fast the prior falls off outside that range, on a logarithmic scale.
    typical : (float, float), optional
        Median and spread of the logarithm over all hearts, of a parameter that has no prior where curves are fitted
        apart.
    within_heart_log_sd : float
        How far the segments of one heart scatter round their common value, on a logarithmic scale; 0 where they are not
        pooled.
    ends_are_limits : (bool, bool)
        Whether the model tends to a limit of its own at the lower and upper end (a step, an exponential), so that a fit
        that ends there is not held by a bound.
    """

    name: str
    field: str
    low: float
    high: float
    prior_range: tuple[float, float] | None = None
    prior_log_sd: float = 0.05
    logarithmic: bool = True
    aliases: tuple[str, ...] = ()
    within_heart_log_sd: float = 0.0
    typical: tuple[float, float] | None = None
    ends_are_limits: tuple[bool, bool] = (False, False)

    def natural(self, value: float) -> float:
        """Return the value on the scale on which it is estimated."""
        return float(np.log(max(value, 1e-9))) if self.logarithmic else float(value)

    @property
    def is_hierarchical(self) -> bool:
        """Whether the curves of one heart share a centre; a range that was asked for is kept as it is."""
        return self.within_heart_log_sd > 0.0 and (self.prior_range is not None or self.typical is not None)

    @property
    def over_hearts(self) -> tuple[float, float]:
        """Middle and spread of the logarithm over all hearts, of a pooled parameter."""
        if self.typical is not None:
            return float(np.log(self.typical[0])), self.typical[1]
        log_normal = self.log_normal()
        assert log_normal.prior_range is not None
        return float(np.log(log_normal.prior_range[0])), log_normal.prior_log_sd

    def log_normal(self) -> Parameter:
        """Return the parameter with a log-normal prior whose 95 % interval is the range that was flat."""
        if self.prior_range is None:
            return self
        low, high = self.prior_range
        median = float(np.sqrt(low * high))
        return replace(self, prior_range=(median, median), prior_log_sd=float(np.log(high / low) / (2 * 1.96)))


def _log_normal_at(item: Parameter, centre: float, sd: float) -> Parameter:
    return replace(item, prior_range=(centre, centre), prior_log_sd=sd)


@dataclass(frozen=True)
class Layout:
    """The parameters of a model (flow first), the axes of its table, and the map y = matrix x + offset between them.

    x are parameters on their own scale (logarithms, mostly); y are shape values (logarithms unless the axis is linear).
    """

    parameters: tuple[Parameter, ...]
    axes: tuple[Axis, ...]
    matrix: FloatArray
    offset: FloatArray

    @cached_property
    def inverse(self) -> FloatArray:
        """(p, p) map from log flow and y - offset back to x."""
        return np.ascontiguousarray(np.linalg.inv(np.vstack([np.eye(1, len(self.parameters)), self.matrix])))

    @cached_property
    def flow_direction(self) -> FloatArray:
        """(p,) direction of x along which flow changes and the shape of the residue does not; entries are 0 or 1."""
        return np.ascontiguousarray(np.round(self.inverse[:, 0]))

    def from_shape(self, log_flow: FloatArray, shape: FloatArray) -> FloatArray:
        """Return x (n, p) of log flow (n,) and shapes y (n, axes)."""
        return np.column_stack([log_flow, shape - self.offset]) @ self.inverse.T

    @cached_property
    def low(self) -> FloatArray:
        """(p,) lower bounds of x."""
        return np.array([parameter.natural(parameter.low) for parameter in self.parameters])

    @cached_property
    def high(self) -> FloatArray:
        """(p,) upper bounds of x."""
        return np.array([parameter.natural(parameter.high) for parameter in self.parameters])

    @cached_property
    def ends_are_limits(self) -> BoolArray:
        """(p + axes, 2) whether a lower or upper end is a limit of the model; axes as the parameter that they show."""
        of_parameters = np.array([parameter.ends_are_limits for parameter in self.parameters])
        shown = (self.matrix == 1.0) & (np.count_nonzero(self.matrix, axis=1) == 1)[:, None]
        return np.concatenate([of_parameters, shown.astype(int) @ of_parameters > 0])

    @cached_property
    def prior(self) -> tuple[FloatArray, FloatArray]:
        """(p, 2) ranges of x in which the priors are flat and (p,) precisions outside; 0 where there is no prior."""
        prior_range = np.zeros((len(self.parameters), 2))
        precision = np.zeros(len(self.parameters))
        for index, parameter in enumerate(self.parameters):
            if parameter.prior_range is not None:
                prior_range[index] = np.log(parameter.prior_range)
                precision[index] = parameter.prior_log_sd**-2
        return prior_range, precision

    @cached_property
    def spread(self) -> FloatArray:
        """(p,) precisions of each parameter before a curve is seen; a range counts by its variance."""
        variance = []
        for item in self.parameters:
            low, high = item.prior_range or (item.low, item.high)
            shoulders = item.prior_log_sd**2 * TAIL / (TAIL + 1.0) if item.prior_range else 0.0
            variance.append((item.natural(high) - item.natural(low)) ** 2 / 12.0 + shoulders)
        return 1.0 / np.maximum(variance, 1e-12)

    def with_log_normal_priors(self) -> Layout:
        """Return the layout with log-normal priors whose 95 % interval is the range that was flat."""
        return replace(self, parameters=tuple(parameter.log_normal() for parameter in self.parameters))

    def around(self, prior: HeartPrior) -> Layout:
        """Return the layout with log-normal priors round the centre of the heart."""
        return self._hierarchical(prior, lambda item, sd: _log_normal_at(item, prior.centre[item.name], sd))

    def within(self, prior: HeartPrior) -> Layout:
        """Return the layout with the flat ranges of the published values narrowed to the heart's own.

        The narrowed range has the spread of the log-normal prior and the steep shoulders of the published one, which
        keep out solutions that no heart has (next to no plasma and a very high flow). What has no published range
        stays log-normal.
        """

        def narrowed(item: Parameter, sd: float) -> Parameter:
            if item.prior_range is None:
                return _log_normal_at(item, prior.centre[item.name], sd)
            reach = float(np.exp(np.sqrt(3.0) * sd))
            return replace(item, prior_range=(prior.centre[item.name] / reach, prior.centre[item.name] * reach))

        return self._hierarchical(prior, narrowed)

    def _hierarchical(self, prior: HeartPrior, changed: Callable[[Parameter, float], Parameter]) -> Layout:
        def prior_range(item: Parameter) -> Parameter:
            if item.name in prior.centre and item.is_hierarchical:
                return changed(item, prior.log_sd[item.name])
            return item

        return replace(self, parameters=tuple(prior_range(item) for item in self.parameters))

    def index_of(self, name: str) -> int:
        """Return the place of a parameter."""
        return [item.name for item in self.parameters].index(name)

    def without_priors(self) -> Layout:
        """Return the same layout with flat priors."""
        return replace(self, parameters=tuple(replace(parameter, prior_range=None) for parameter in self.parameters))

    def bounded(self, bounds: Mapping[str, tuple[float, float]], ignored: tuple[str, ...] = OF_OTHER_MODELS) -> Layout:
        """Return the layout with the given ranges, which replace both the built-in range and the prior of a parameter.

        Raises
        ------
        SettingsError
            When a name belongs to no parameter of the model.
        """
        names = {alias: item.name for item in self.parameters for alias in (item.name, item.field, *item.aliases)}
        wanted: dict[str, tuple[float, float]] = {}
        for name, limits in bounds.items():
            if name in ignored and name not in names:
                continue
            if name not in names or not name:
                known = ", ".join([*(item.name for item in self.parameters), "delay"])
                raise SettingsError(f"setting kinetics.bounds.{name}", expected=f"one of {known} for this model")
            if limits[1] <= 0 and names[name] != "shape":
                raise SettingsError(f"kinetics.bounds.{name} = {limits[0]}:{limits[1]}", expected="positive values")
            wanted[names[name]] = limits
        changed = tuple(
            replace(
                item,
                low=wanted[item.name][0],
                high=wanted[item.name][1],
                prior_range=None,
                typical=None,
                ends_are_limits=(False, False),
            )
            if item.name in wanted
            else item
            for item in self.parameters
        )
        return replace(self, parameters=changed)
