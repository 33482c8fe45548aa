"""Which sequence, tissues and agent a series is converted with: from the settings, its header, then the tables."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from QPerfusionLogic.data.contrast_agents import agent_name
from QPerfusionLogic.data.conversion_physics import ConversionPhysics
from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.protocol import Protocol
from QPerfusionLogic.data.series import PerfusionSeries, SeriesKind
from QPerfusionLogic.settings.schema import ConversionSettings

from .constants import Constant, native_property, relaxivity
from .response import SignalResponse, Tissue
from .sequence import ResolvedSequence, SaturationRecovery, resolve_sequence

DEFAULT_AGENT = "gadobutrol"
AIF_RANGE_FACTOR = 2.0
"""The table of an AIF series reaches further: its short saturation time stays invertible there."""


@dataclass(frozen=True)
class SeriesPhysics:
    """Everything that turns the signal of one series into gadolinium.

    Parameters
    ----------
    blood, myocardium : SignalResponse
        Signal of both tissues in this sequence.
    shared : ConversionPhysics
        Values that stress and rest have to share.
    constants : dict
        Every constant used, "name" -> "value unit (source)".
    """

    sequence: SaturationRecovery
    field_strength_t: float
    blood: SignalResponse
    myocardium: SignalResponse
    shared: ConversionPhysics = field(default_factory=ConversionPhysics)
    constants: dict[str, str] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


def physics_of_series(series: PerfusionSeries, settings: ConversionSettings) -> SeriesPhysics:
    """Return the physics of a series; what settings do not fix comes from its header, then from the tables."""
    resolved = resolve_sequence(series, settings)
    field_strength = resolved.field_strength_t
    relaxivity1, relaxivity2, agent_constants, agent_notices = _relaxivities(series.protocol, settings, field_strength)
    constants = {**resolved.constants, **agent_constants}
    tissues = {}
    for name, fixed in (("blood", settings.t1_blood_s), ("myocardium", settings.t1_myocardium_s)):
        t1 = Constant(fixed, "s", "setting") if fixed else native_property("t1", name, field_strength)
        t2 = native_property("t2", name, field_strength)
        constants[f"T1 {name}"], constants[f"T2 {name}"] = str(t1), str(t2)
        tissues[name] = Tissue(t1.value, t2.value, relaxivity1.value, relaxivity2.value)
    if resolved.sequence.readout == "flash" and not settings.relaxivity_r2_l_mmol_s:
        decay = relaxivity("r2_star_blood", DEFAULT_AGENT, field_strength)
        tissues["blood"] = replace(tissues["blood"], r2_l_mmol_s=decay.value)
        constants["r2* blood"] = str(decay)
    top = settings.maximum_gd_mmol_l * (AIF_RANGE_FACTOR if series.kind is SeriesKind.AIF else 1.0)
    return SeriesPhysics(
        sequence=resolved.sequence,
        field_strength_t=field_strength,
        blood=SignalResponse(resolved.sequence, tissues["blood"], top),
        myocardium=SignalResponse(resolved.sequence, tissues["myocardium"], top),
        shared=_shared(resolved, agent_constants["agent"], relaxivity1.value),
        constants=constants,
        notices=resolved.notices + agent_notices,
    )


def _shared(resolved: ResolvedSequence, agent: str, relaxivity_l_mmol_s: float) -> ConversionPhysics:
    nominal = resolved.nominal
    return ConversionPhysics(
        agent=agent,
        relaxivity_l_mmol_s=relaxivity_l_mmol_s,
        field_strength_t=resolved.field_strength_t,
        repetition_time_s=nominal.repetition_time_s,
        echo_time_s=nominal.echo_time_s,
        flip_angle_deg=nominal.flip_angle_deg,
        saturation_time_s=nominal.saturation_time_s,
        pulses_to_centre=nominal.pulses_to_centre,
        readout=nominal.readout,
    )


def _relaxivities(
    protocol: Protocol, settings: ConversionSettings, field_strength_t: float
) -> tuple[Constant, Constant, dict[str, str], tuple[Notice, ...]]:
    label = settings.agent or protocol.agent or DEFAULT_AGENT
    fixed1 = settings.relaxivity_l_mmol_s or protocol.relaxivity_l_mmol_s
    notices: tuple[Notice, ...] = ()
    agent = label if fixed1 else agent_name(label)
    if not (settings.agent or protocol.agent or fixed1):
        notices = (_agent_notice(),)
    first = Constant(fixed1, "L/mmol/s", "setting") if fixed1 else relaxivity("r1", agent, field_strength_t)
    fixed2 = settings.relaxivity_r2_l_mmol_s
    second = Constant(fixed2, "L/mmol/s", "setting") if fixed2 else relaxivity("r2", DEFAULT_AGENT, field_strength_t)
    return first, second, {"agent": agent, "r1": str(first), "r2": str(second)}, notices


def _agent_notice() -> Notice:
    return Notice(
        code="agent-assumed",
        message=f"the header names no contrast agent; {DEFAULT_AGENT} was assumed",
        action="set conversion.agent",
        severity=Severity.NOTE,
        stage="conversion",
    )
