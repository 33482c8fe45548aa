"""Values that signal was converted with: those that two states have to share, those found before contrast."""

from __future__ import annotations

from dataclasses import dataclass

from .protocol import Protocol


@dataclass(frozen=True)
class ConversionPhysics:
    """Agent, sequence and references at work in a conversion; "" or None where it does not use them.

    Parameters
    ----------
    agent : str
    agent_assumed : bool
        True where neither settings nor header name a known agent.
    relaxivity_l_mmol_s : float, optional
        Longitudinal relaxivity r1 (OSIPI Q.EL1.015).
    field_strength_t, repetition_time_s, echo_time_s, flip_angle_deg, saturation_time_s : float, optional
        Nominal values of the tissue series, from the settings, its header or the table.
    pulses_to_centre : int, optional
        Readout pulses before the centre of k-space.
    readout : str
        "flash" or "bssfp".
    normalisation : str
        "proton_density" or "baseline".
    native_t1 : str
        "map" or "table".
    """

    agent: str = ""
    agent_assumed: bool = False
    relaxivity_l_mmol_s: float | None = None
    field_strength_t: float | None = None
    repetition_time_s: float | None = None
    echo_time_s: float | None = None
    flip_angle_deg: float | None = None
    saturation_time_s: float | None = None
    pulses_to_centre: int | None = None
    readout: str = ""
    normalisation: str = ""
    native_t1: str = ""

    def or_of_protocol(self, protocol: Protocol) -> ConversionPhysics:
        """Return the same, with what the conversion did not use as the header of the series has it."""
        return ConversionPhysics(
            agent=self.agent or protocol.agent,
            agent_assumed=self.agent_assumed,
            relaxivity_l_mmol_s=_first(self.relaxivity_l_mmol_s, protocol.relaxivity_l_mmol_s),
            field_strength_t=_first(self.field_strength_t, protocol.field_strength_t),
            repetition_time_s=_first(self.repetition_time_s, protocol.repetition_time_s),
            echo_time_s=_first(self.echo_time_s, protocol.echo_time_s),
            flip_angle_deg=_first(self.flip_angle_deg, protocol.flip_angle_deg),
            saturation_time_s=_first(self.saturation_time_s, protocol.saturation_time_s),
            pulses_to_centre=protocol.pulses_to_centre if self.pulses_to_centre is None else self.pulses_to_centre,
            readout=self.readout or protocol.sequence,
            normalisation=self.normalisation,
            native_t1=self.native_t1,
        )


@dataclass(frozen=True)
class Precontrast:
    """Saturation efficiency (1 is perfect) and blood gadolinium before the bolus (mmol/L)."""

    saturation_efficiency: float
    residual_mmol_l: float


def _first(used: float | None, header: float | None) -> float | None:
    return header if used is None else used
