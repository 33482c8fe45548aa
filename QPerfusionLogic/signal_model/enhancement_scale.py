"""Relative signal enhancement: the linear conversion of the AI-AIF paper, c = (S - S0) / (r1 T1_blood S0,LV)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.conversion_physics import ConversionPhysics
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.settings.schema import ConversionSettings

from .constants import Constant, field_strength_or_typical, native_property, relaxivity
from .response import SignalResponse

AGENT = "gadobutrol"
"""Agent of the published conversion."""


@dataclass(frozen=True)
class EnhancementScale:
    """r1 T1_blood (L/mmol) of the relative-enhancement equation, and what it was made of."""

    value: float
    shared: ConversionPhysics
    constants: dict[str, str]


def enhancement_scale(series: PerfusionSeries, settings: ConversionSettings) -> EnhancementScale:
    """Return the scale of the relative-enhancement equation for a series."""
    field_strength = field_strength_or_typical(settings.field_strength_t or series.protocol.field_strength_t)
    t1 = native_property("t1", "blood", field_strength, "relative_enhancement")
    r1 = relaxivity("r1", AGENT, field_strength, "relative_enhancement")
    if settings.t1_blood_s:
        t1 = Constant(settings.t1_blood_s, "s", "setting")
    if settings.relaxivity_l_mmol_s:
        r1 = Constant(settings.relaxivity_l_mmol_s, "L/mmol/s", "setting")
    shared = ConversionPhysics(relaxivity_l_mmol_s=r1.value, field_strength_t=field_strength, normalisation="baseline")
    return EnhancementScale(r1.value * t1.value, shared, {"T1 blood": str(t1), "r1": str(r1)})


def enhancement_per_gadolinium(response: SignalResponse, residual_mmol_l: float = 0.0) -> float:
    """Return the relative rise of unsaturated blood signal per mmol/L above the pre-contrast state (L/mmol).

    It equals r1 T1 only for a linear, perfectly saturated sequence; what an imperfect one or a residual dose adds to
    the pre-contrast signal lowers it.
    """
    step = 1e-3
    low, high = response.signal(np.array([residual_mmol_l, residual_mmol_l + step]))
    return float((high - low) / (step * low))
