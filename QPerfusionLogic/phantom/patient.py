"""A digital patient: all that was sampled about heart, body, flow, injections, motion and scanner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from QPerfusionLogic.plain_json import plain
from QPerfusionLogic.study import State

from .circulation import Circulation
from .heart import HeartShape
from .heartbeats import Motion
from .perfusion_pattern import PerfusionPattern
from .scanner import Scanner
from .tissue_types import TISSUES
from .torso import TorsoShape


@dataclass(frozen=True)
class StateParameters:
    """What differs between stress and rest of one patient. Contractions are per slice level, base first."""

    circulation: Circulation
    motion: Motion
    contraction: float
    started_at_s: float
    frames: int = 60


@dataclass(frozen=True)
class TissueFactors:
    """Factors of native T1, proton density and saturation efficiency, (tissues,) each, of one patient."""

    t1: tuple[float, ...] = (1.0,) * len(TISSUES)
    density: tuple[float, ...] = (1.0,) * len(TISSUES)
    saturation: tuple[float, ...] = (1.0,) * len(TISSUES)


@dataclass(frozen=True)
class DigitalPatient:
    """All parameters of one patient; the same parameters and seed give the same study, bit for bit.

    `levels` are slice positions from 0 (base) to 1 (apex); `factors` scatter the properties of the tissues.
    `pre_bolus_ratio` above 0 adds a pre-bolus diluted by it; `t1_map` a native T1 map.

    Examples
    --------
    >>> patient = DigitalPatient.sample(7, slices=3)
    >>> patient == DigitalPatient.sample(7, slices=3)
    True
    """

    seed: int
    heart: HeartShape
    torso: TorsoShape
    pattern: PerfusionPattern
    states: dict[State, StateParameters]
    scanner: Scanner
    levels: tuple[float, ...] = (0.2, 0.5, 0.8)
    factors: TissueFactors = TissueFactors()
    texture: float = 0.04
    dual_sequence: bool = True
    pre_bolus_ratio: float = 0.0
    t1_map: bool = False

    @staticmethod
    def sample(seed: int, **options: Any) -> DigitalPatient:
        """Draw a patient from the documented distributions; see `sampling.sample_patient` for the options."""
        from .sampling import sample_patient

        return sample_patient(seed, **options)

    def as_dictionary(self) -> dict[str, Any]:
        """Return all parameters as plain values, ready for JSON."""
        content: dict[str, Any] = plain(self)
        return content
