"""A digital patient: all that was sampled about heart, body, flow, injections, motion and scanner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from QPerfusionLogic.data.series import State
from QPerfusionLogic.io.files.plain_json import plain
from QPerfusionLogic.phantom.anatomy.heart import HeartShape
from QPerfusionLogic.phantom.anatomy.perfusion_pattern import PerfusionPattern
from QPerfusionLogic.phantom.anatomy.tissue_types import TISSUES
from QPerfusionLogic.phantom.anatomy.torso import TorsoShape
from QPerfusionLogic.phantom.physiology.circulation import Circulation
from QPerfusionLogic.phantom.physiology.heartbeats import Motion
from QPerfusionLogic.phantom.scanner.scanner import Scanner


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
    `sample_patient` draws one.
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

    def as_dictionary(self) -> dict[str, Any]:
        """Return all parameters as plain values, ready for JSON."""
        content: dict[str, Any] = plain(self)
        return content
