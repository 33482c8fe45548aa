"""Myocardial perfusion reserve, MPR = stress / rest: whether it may be formed, its error, its pixel map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from QPerfusionLogic.study import FloatArray, Notice, Severity, State, StateResult, StudyResult

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


def mpr_map(stress: StateResult, rest: StateResult, displacement_mm: FloatArray | None) -> FloatArray | None:
    """Return the pixel map of the reserve on the stress grid, where both states show myocardium.

    The heart is larger at rest, so part of the stress wall lies on the rest cavity; a ratio there would look like
    subendocardial ischaemia. Edge pixels that are trimmed against partial volume are left out too.

    Parameters
    ----------
    stress, rest : StateResult
        The two states after the cascade.
    displacement_mm : (slices, 2) array or None
        d along (row, column) in mm with rest aligned(x) = rest(x + d); None: the two lie on each other.

    Returns
    -------
    (slices, rows, columns) array or None
        NaN where either flow is unknown or rest is below `MINIMUM_REST_MBF`; None when the grids differ or the reserve
        is refused.
    """
    if stress.mapped is None or rest.mapped is None or not compare_states(stress, rest).allowed:
        return None
    top = np.asarray(stress.mapped.maps["mbf"], dtype=float)
    bottom = np.asarray(rest.mapped.maps["mbf"], dtype=float)
    if top.shape != bottom.shape:
        return None
    if rest.segmented is not None:
        bottom = np.where(rest.segmented.segments > 0, bottom, np.nan)
    if displacement_mm is not None:
        spacing = rest.acquisition.tissue.geometry.pixel_spacing_mm
        bottom = _moved(bottom, np.asarray(displacement_mm, dtype=float) / np.asarray(spacing))
    usable = np.isfinite(top) & np.isfinite(bottom) & (np.nan_to_num(bottom) >= MINIMUM_REST_MBF)
    if stress.segmented is not None:
        usable &= stress.segmented.segments > 0
    ratio = np.full(top.shape, np.nan, dtype=np.float32)
    ratio[usable] = top[usable] / bottom[usable]
    return ratio


def _moved(maps: FloatArray, displacement_px: FloatArray) -> FloatArray:
    """Return map(x + d) per slice, linear, NaN where less than half of the weight is known."""
    from scipy.ndimage import shift

    known = np.isfinite(maps)
    moved = np.full(maps.shape, np.nan)
    for index, step in enumerate(np.nan_to_num(displacement_px)):
        weight = shift(known[index].astype(float), -step, order=1)
        value = shift(np.where(known[index], maps[index], 0.0), -step, order=1)
        seen = weight >= 0.5
        moved[index][seen] = value[seen] / weight[seen]
    return moved


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
