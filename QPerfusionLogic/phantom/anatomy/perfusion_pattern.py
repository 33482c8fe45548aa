"""How blood flow is spread over the heart: healthy variation, ischaemic territories, scar, microvascular disease."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.series import State

from .shapes import harmonics

TERRITORY_CENTRES_RAD = {"LAD": 0.0, "RCA": 2.094, "LCX": 4.189}
"""Middle of each vessel's territory, counted from the anterior RV insertion through the septum (AHA 2002)."""


@dataclass(frozen=True)
class Defect:
    """Where flow is reduced. Angles count from the anterior RV insertion through the septum.

    `stress_factor` and `rest_factor` multiply the flow in its core, where `scar` is the share of scarred tissue;
    `transmurality` 1 reaches the epicardium, 0.5 spares the outer half; it begins at `first_level` (0 base, 1 apex).
    """

    territory: str = "LAD"
    centre_rad: float = 0.0
    half_width_rad: float = 0.9
    first_level: float = 0.0
    last_level: float = 1.0
    transmurality: float = 1.0
    stress_factor: float = 0.4
    rest_factor: float = 1.0
    scar: float = 0.0

    def strength(self, angle_rad: FloatArray, depth: FloatArray, level: float) -> FloatArray:
        """Return 0 outside to 1 in the core, with soft borders, for pixels of one slice."""
        away = np.abs(np.angle(np.exp(1j * (angle_rad - self.centre_rad))))
        around = np.clip((self.half_width_rad - away) / 0.25 + 0.5, 0.0, 1.0)
        through = np.clip((self.transmurality - depth) / 0.2 + 0.5, 0.0, 1.0) if self.transmurality < 1.0 else 1.0
        along = np.clip(min(level - self.first_level, self.last_level - level) / 0.1 + 1.0, 0.0, 1.0)
        return np.asarray(around * through * along)


@dataclass(frozen=True)
class PerfusionPattern:
    """Flow of one patient: healthy whole-blood MBF (mL/min/g) at stress and rest and what changes it."""

    stress_mbf_ml_min_g: float = 2.8
    rest_mbf_ml_min_g: float = 0.75
    stress_endo_epi: float = 1.0
    rest_endo_epi: float = 1.12
    variation: tuple[float, ...] = (0.05, 0.04, 0.03)
    variation_phases: tuple[float, ...] = (0.0, 1.0, 2.0)
    defects: tuple[Defect, ...] = ()
    delay_s: float = 0.8
    delay_variation_s: float = 0.2
    heterogeneity: float = 0.2
    ps_ml_min_g: dict[State, float] = field(default_factory=lambda: {State.STRESS: 1.32, State.REST: 1.09})
    blood_volume_ml_g: dict[State, float] = field(default_factory=lambda: {State.STRESS: 0.120, State.REST: 0.097})
    ve_ml_g: float = 0.205
    scar_ve_ml_g: float = 0.45
    hematocrit: float = 0.42


@dataclass(frozen=True)
class LocalFlow:
    """Truth of the pixels handed in, one value each: MBF mL/min/g, delay s, share of scar."""

    mbf_ml_min_g: FloatArray
    delay_s: FloatArray
    scar: FloatArray


def local_flow(
    pattern: PerfusionPattern, state: State, angle_rad: FloatArray, depth: FloatArray, level: float
) -> LocalFlow:
    """Return the flow at an angle from the anterior insertion, depth (0 endo, 1 epi) and level (0 base)."""
    stress = state is State.STRESS
    mean = pattern.stress_mbf_ml_min_g if stress else pattern.rest_mbf_ml_min_g
    ratio = pattern.stress_endo_epi if stress else pattern.rest_endo_epi
    phases = tuple(phase + 1.5 * level for phase in pattern.variation_phases)
    around = harmonics(np.asarray(angle_rad, float), pattern.variation, phases, 1)
    flow = mean * around * (1.0 + (ratio - 1.0) / (ratio + 1.0) * (1.0 - 2.0 * np.clip(depth, 0.0, 1.0)))
    delay = pattern.delay_s + pattern.delay_variation_s * np.cos(angle_rad - pattern.variation_phases[0])
    scar = np.zeros_like(flow)
    for defect in pattern.defects:
        strength = defect.strength(angle_rad, depth, level)
        factor = defect.stress_factor if stress else defect.rest_factor
        flow = flow * (1.0 + strength * (factor - 1.0))
        delay = delay + 0.5 * strength * (1.0 - min(factor, 1.0))
        scar = np.maximum(scar, strength * defect.scar)
    return LocalFlow(flow, delay, scar)
