"""Which sequence, tissues and agent a series is converted with: from the settings, its header, then the tables."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from QPerfusionLogic.data.contrast_agents import agent_name, known_agent
from QPerfusionLogic.data.conversion_physics import ConversionPhysics
from QPerfusionLogic.data.notices import Notice
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
    agent = _agent_of(series.protocol, settings, field_strength)
    constants = {**resolved.constants, **agent.constants}
    tissues = {}
    for name, fixed in (("blood", settings.t1_blood_s), ("myocardium", settings.t1_myocardium_s)):
        t1 = Constant(fixed, "s", "setting") if fixed else native_property("t1", name, field_strength)
        t2 = native_property("t2", name, field_strength)
        constants[f"T1 {name}"], constants[f"T2 {name}"] = str(t1), str(t2)
        tissues[name] = Tissue(t1.value, t2.value, agent.first.value, agent.second.value)
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
        shared=_shared(resolved, agent),
        constants=constants,
        notices=resolved.notices + agent.notices,
    )


def _shared(resolved: ResolvedSequence, agent: _Agent) -> ConversionPhysics:
    nominal = resolved.nominal
    return ConversionPhysics(
        agent=agent.name,
        agent_assumed=agent.assumed,
        relaxivity_l_mmol_s=agent.first.value,
        field_strength_t=resolved.field_strength_t,
        repetition_time_s=nominal.repetition_time_s,
        echo_time_s=nominal.echo_time_s,
        flip_angle_deg=nominal.flip_angle_deg,
        saturation_time_s=nominal.saturation_time_s,
        pulses_to_centre=nominal.pulses_to_centre,
        readout=nominal.readout,
    )


@dataclass(frozen=True)
class _Agent:
    """Agent and relaxivities of a series, and whether the agent is an assumption."""

    name: str
    first: Constant
    second: Constant
    assumed: bool = False
    notices: tuple[Notice, ...] = ()

    @property
    def constants(self) -> dict[str, str]:
        """What the provenance says of them."""
        name = f"{self.name} (assumed)" if self.assumed else self.name
        return {"agent": name, "r1": str(self.first), "r2": str(self.second)}


def _agent_of(protocol: Protocol, settings: ConversionSettings, field_strength_t: float) -> _Agent:
    """Return the agent of the settings, else the one that the header names, else the most common one."""
    fixed1, fixed2 = settings.relaxivity_l_mmol_s or protocol.relaxivity_l_mmol_s, settings.relaxivity_r2_l_mmol_s
    second = Constant(fixed2, "L/mmol/s", "setting") if fixed2 else relaxivity("r2", DEFAULT_AGENT, field_strength_t)
    if fixed1:
        label = settings.agent or protocol.agent
        name = known_agent(label) or settings.agent or DEFAULT_AGENT
        return _Agent(name, Constant(fixed1, "L/mmol/s", "setting"), second)
    name = agent_name(settings.agent) if settings.agent else known_agent(protocol.agent)
    first = relaxivity("r1", name or DEFAULT_AGENT, field_strength_t)
    notices = () if name else (_agent_notice(protocol.agent),)
    return _Agent(name or DEFAULT_AGENT, first, second, not name, notices)


def _agent_notice(text: str) -> Notice:
    found = "names an agent that is not known" if text else "names no contrast agent"
    return Notice.of(
        code="agent-assumed",
        message=f"the header {found}. {DEFAULT_AGENT} was assumed; the standard errors hold the error that another "
        "agent makes",
        action="give the agent that was injected",
        stage="conversion",
        option="--set conversion.agent=NAME",
    )
