"""A perfusion study as it was loaded: series of every state, curves, maps and masks."""

from __future__ import annotations

from dataclasses import dataclass, field

from .arrays import FloatArray, LabelArray
from .geometry import Geometry
from .notices import Notice
from .series import PerfusionSeries, Quantity, SeriesSource, State


@dataclass(frozen=True)
class Curve:
    """A curve typed in or loaded: time in seconds (n,) and value in the unit of `quantity` (n,)."""

    time_s: FloatArray
    value: FloatArray
    quantity: Quantity = Quantity.GADOLINIUM
    source: str = ""


@dataclass(frozen=True)
class T1Map:
    """Native T1 in seconds (slices, rows, columns) with its geometry; NaN where unknown."""

    t1_s: FloatArray
    geometry: Geometry
    source: SeriesSource = field(default_factory=SeriesSource)


@dataclass(frozen=True)
class LabelMap:
    """Labels (slices, rows, columns): 1 myocardium, 2 LV blood, 3 RV blood; 0 background."""

    labels: LabelArray
    geometry: Geometry | None = None
    source: str = ""


@dataclass(frozen=True)
class Acquisition:
    """All that was acquired in one state of the patient."""

    tissue: PerfusionSeries
    aif_series: PerfusionSeries | None = None
    aif_curve: Curve | None = None
    pre_bolus: PerfusionSeries | None = None
    mask: LabelMap | None = None


@dataclass(frozen=True)
class PerfusionStudy:
    """A patient's study: stress and/or rest, and an optional native T1 map.

    Parameters
    ----------
    stress, rest : Acquisition, optional
        What was acquired in each state.
    t1_map : T1Map, optional
        Native T1 in s.
    notices : tuple of Notice
        What a reader has to know of the input.

    Examples
    --------
    >>> from QPerfusionLogic.data.geometry import Geometry
    >>> import numpy as np
    >>> series = PerfusionSeries(np.zeros((9, 1, 8, 8)), np.arange(9.0)[:, None], Geometry.axis_aligned(1))
    >>> [str(state) for state in PerfusionStudy(rest=Acquisition(series)).states]
    ['rest']
    """

    stress: Acquisition | None = None
    rest: Acquisition | None = None
    t1_map: T1Map | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def states(self) -> tuple[State, ...]:
        """The states that were acquired, stress first."""
        pairs = ((State.STRESS, self.stress), (State.REST, self.rest))
        return tuple(state for state, acquisition in pairs if acquisition is not None)

    def acquisition(self, state: State) -> Acquisition:
        """Return the acquisition of one state; KeyError when it was not acquired."""
        found = {State.STRESS: self.stress, State.REST: self.rest}.get(state)
        if found is None:
            raise KeyError(state)
        return found
