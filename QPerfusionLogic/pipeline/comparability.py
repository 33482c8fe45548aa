"""Whether stress and rest were measured and converted alike, so that they may be divided."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from QPerfusionLogic.data.conversion_physics import ConversionPhysics
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import StateResult, StudyResult
from QPerfusionLogic.data.series import State

ROUNDING = 1e-6
"""Relative difference below which a relaxivity is the same one."""
ALIKE = 0.01
"""Relative difference below which a sequence parameter counts as the same."""


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
                Notice.of(
                    "mpr-refused",
                    f"Stress and rest were not measured alike ({'; '.join(self.differences)}). No MPR is formed.",
                    "Run both with the same agent, relaxivity, conversion, AIF method and kinetic model.",
                    stage="reporting",
                )
            )
        if self.cautions:
            found.append(
                Notice.of(
                    "sequence-parameters-differ",
                    f"Stress and rest were acquired or converted differently ({'; '.join(self.cautions)}). "
                    "The MPR is less certain than either flow.",
                    "Acquire both with the same protocol; read the reserve with caution.",
                    stage="reporting",
                )
            )
        return tuple(found)


def compare_states(stress: StateResult, rest: StateResult) -> Comparability:
    """Return how alike two states are, from what was run of them.

    Agent, relaxivity, conversion mode, AIF method and kinetic model must agree; scanner, sequence, normalisation and
    native T1 should. What a conversion used counts, and the header where it used nothing.

    Parameters
    ----------
    stress, rest : StateResult
        After any stage.
    """
    one, two = _physics(stress), _physics(rest)
    must = {
        "agent": (one.agent.lower(), two.agent.lower()),
        "relaxivity": (one.relaxivity_l_mmol_s, two.relaxivity_l_mmol_s),
        "conversion": (_mode(stress.concentration), _mode(rest.concentration)),
        "AIF method": (_mode(stress.arterial_input), _mode(rest.arterial_input)),
        "model": (getattr(stress.mapped, "model", ""), getattr(rest.mapped, "model", "")),
    }
    first, second = stress.acquisition.tissue.protocol, rest.acquisition.tissue.protocol
    should = {
        "scanner": (f"{first.vendor} {first.model_name}".strip(), f"{second.vendor} {second.model_name}".strip()),
        "field strength (T)": (one.field_strength_t, two.field_strength_t),
        "readout": (one.readout, two.readout),
        "TR (s)": (one.repetition_time_s, two.repetition_time_s),
        "TE (s)": (one.echo_time_s, two.echo_time_s),
        "flip angle (degree)": (one.flip_angle_deg, two.flip_angle_deg),
        "saturation time (s)": (one.saturation_time_s, two.saturation_time_s),
        "pulses to the centre": (one.pulses_to_centre, two.pulses_to_centre),
        "saturation efficiency": (first.saturation_efficiency, second.saturation_efficiency),
        "normalisation": (one.normalisation, two.normalisation),
        "native T1": (one.native_t1, two.native_t1),
    }
    return Comparability(_differing(must, ROUNDING), _differing(should, ALIKE))


def comparability(study: StudyResult) -> Comparability | None:
    """Return how alike the two states of a study are, None before both have a concentration or a flow."""
    stress, rest = study.states.get(State.STRESS), study.states.get(State.REST)
    if stress is None or rest is None:
        return None
    known = all(result.concentration is not None or result.mapped is not None for result in (stress, rest))
    return compare_states(stress, rest) if known else None


def _physics(result: StateResult) -> ConversionPhysics:
    used = ConversionPhysics() if result.concentration is None else result.concentration.physics
    return used.or_of_protocol(result.acquisition.tissue.protocol)


def _mode(stage_output: Any) -> str:
    return str(getattr(stage_output, "mode", ""))


def _differing(pairs: dict[str, tuple[Any, Any]], tolerance: float) -> tuple[str, ...]:
    return tuple(
        f"{name}: stress {_shown(one)}, rest {_shown(two)}"
        for name, (one, two) in pairs.items()
        if not _same(one, two, tolerance)
    )


def _same(one: Any, two: Any, tolerance: float) -> bool:
    if isinstance(one, int | float) and isinstance(two, int | float):
        return math.isclose(one, two, rel_tol=tolerance)
    return bool(one == two)


def _shown(value: Any) -> str:
    return "unknown" if value in (None, "") else f"{value:.4g}" if isinstance(value, float) else str(value)
