"""Myocardial perfusion reserve, MPR = stress / rest: whether it may be formed, its error, its pixel map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.results import StateResult, StudyResult
from QPerfusionLogic.data.series import State
from QPerfusionLogic.segmentation.regions.matched_positions import carried_over

MINIMUM_REST_MBF = 0.05
"""Rest flow (mL/min/g) below which a ratio says nothing; ten times lower than any living myocardium at rest."""


@dataclass(frozen=True)
class Comparability:
    """Whether stress and rest were measured alike: what forbids a reserve, what only weakens it."""

    differences: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """True when a reserve may be formed."""
        return not self.differences

    def notices(self) -> tuple[Notice, ...]:
        """Return what the reader has to know."""
        found = []
        if self.differences:
            found.append(
                Notice(
                    "mpr-refused",
                    f"stress and rest were not measured alike ({'; '.join(self.differences)}): no MPR is formed",
                    "run both with the same agent, relaxivity, conversion, AIF route and model",
                    Severity.SERIOUS,
                    "reporting",
                )
            )
        if self.cautions:
            found.append(
                Notice(
                    "sequence-parameters-differ",
                    f"stress and rest were acquired differently ({'; '.join(self.cautions)}): the MPR carries it",
                    "acquire both with the same protocol; read the reserve with caution",
                    Severity.WARNING,
                    "reporting",
                )
            )
        return tuple(found)


def compare_states(stress: StateResult, rest: StateResult) -> Comparability:
    """Return how alike stress and rest were measured.

    Parameters
    ----------
    stress, rest : StateResult
        The two states after the cascade.

    Returns
    -------
    Comparability
        Agent, relaxivity, conversion mode, AIF mode and model must agree; sequence parameters should.
    """
    one, two = stress.acquisition.tissue.protocol, rest.acquisition.tissue.protocol
    must = {
        "agent": (one.agent.lower(), two.agent.lower()),
        "relaxivity": (_relaxivity(stress), _relaxivity(rest)),
        "conversion": (_mode(stress.concentration), _mode(rest.concentration)),
        "AIF route": (_mode(stress.arterial_input), _mode(rest.arterial_input)),
        "model": (getattr(stress.mapped, "model", ""), getattr(rest.mapped, "model", "")),
    }
    should = {
        "scanner": (f"{one.vendor} {one.model_name}".strip(), f"{two.vendor} {two.model_name}".strip()),
        "field strength": (one.field_strength_t, two.field_strength_t),
        "readout": (one.sequence, two.sequence),
        "TR": (one.repetition_time_s, two.repetition_time_s),
        "TE": (one.echo_time_s, two.echo_time_s),
        "flip angle": (one.flip_angle_deg, two.flip_angle_deg),
        "saturation time": (one.saturation_time_s, two.saturation_time_s),
        "pulses to the centre": (one.pulses_to_centre, two.pulses_to_centre),
        "saturation efficiency": (one.saturation_efficiency, two.saturation_efficiency),
    }
    return Comparability(_differing(must), _differing(should))


def comparability(study: StudyResult) -> Comparability | None:
    """Return how alike the two states of a study are, None where one of them is missing."""
    stress, rest = study.states.get(State.STRESS), study.states.get(State.REST)
    if stress is None or rest is None or stress.mapped is None or rest.mapped is None:
        return None
    return compare_states(stress, rest)


def reserve(stress_mbf: float, stress_se: float, rest_mbf: float, rest_se: float) -> tuple[float, float]:
    """Return MPR and its standard error by propagation of independent errors; NaN where there is no ratio.

    Examples
    --------
    >>> value, error = reserve(3.0, 0.3, 1.0, 0.1)
    >>> round(value, 3), round(error, 3)
    (3.0, 0.424)
    """
    if not (math.isfinite(stress_mbf) and math.isfinite(rest_mbf)) or rest_mbf < MINIMUM_REST_MBF:
        return math.nan, math.nan
    value = stress_mbf / rest_mbf
    return value, math.hypot(stress_se / rest_mbf, value * rest_se / rest_mbf)


def mpr_map(stress: StateResult, rest: StateResult) -> FloatArray | None:
    """Return the pixel map of the reserve on the stress grid: stress over rest at the same place of the wall.

    Each pixel of the stress wall is divided by what rest shows as far round from the RV and as deep in its wall, so
    that neither motion nor another phase of the heart cycle brings layers together that do not belong together. Edge
    pixels that are trimmed against partial volume are left out.

    Parameters
    ----------
    stress, rest : StateResult
        The two states after the cascade.

    Returns
    -------
    (slices, rows, columns) array or None
        NaN where either flow is unknown or rest is below `MINIMUM_REST_MBF`; None when the numbers of slices differ,
        the heart was not found in one of them, or the reserve is refused.
    """
    if stress.mapped is None or rest.mapped is None or not compare_states(stress, rest).allowed:
        return None
    here, there = stress.segmented, rest.segmented
    if here is None or there is None or len(here.labels) != len(there.labels):
        return None
    top = np.asarray(stress.mapped.maps["mbf"], dtype=float)
    bottom = np.where(there.segments > 0, np.asarray(rest.mapped.maps["mbf"], dtype=float), np.nan)
    bottom = carried_over(bottom, there, _geometry(rest), here, _geometry(stress))
    usable = np.isfinite(top) & (np.nan_to_num(bottom) >= MINIMUM_REST_MBF) & (here.segments > 0)
    ratio = np.full(top.shape, np.nan, dtype=np.float32)
    ratio[usable] = top[usable] / bottom[usable]
    return ratio


def _geometry(result: StateResult) -> Geometry:
    """Return the grid of the labels: that of the images as they were registered."""
    series = result.acquisition.tissue if result.registered is None else result.registered.series
    return series.geometry


def _mode(stage_output: Any) -> str:
    return str(getattr(stage_output, "mode", ""))


def _relaxivity(result: StateResult) -> str:
    """Return the relaxivity at work as text: the constants of the conversion, else what the protocol fixes."""
    constants = result.concentration.constants if result.concentration is not None else {}
    fixed = result.acquisition.tissue.protocol.relaxivity_l_mmol_s
    return constants.get("r1", "" if fixed is None else f"{fixed:g} L/mmol/s")


def _differing(pairs: dict[str, tuple[Any, Any]]) -> tuple[str, ...]:
    return tuple(
        f"{name}: stress {_shown(one)}, rest {_shown(two)}" for name, (one, two) in pairs.items() if not _same(one, two)
    )


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, int | float) and isinstance(two, int | float):
        return math.isclose(one, two, rel_tol=0.01)
    return bool(one == two)


def _shown(value: Any) -> str:
    return "unknown" if value in (None, "") else f"{value:.4g}" if isinstance(value, float) else str(value)
