"""A saturation-recovery acquisition as the signal equation needs it, put together from header, settings and table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.series import PerfusionSeries, SeriesKind
from QPerfusionLogic.settings.schema import ConversionSettings

from .constants import Constant, typical_acquisition

TRAIN_SHARE = 0.6
"""Largest share of TS that the estimated pulses before the centre of k-space may fill; the rest is delay."""


@dataclass(frozen=True)
class SaturationRecovery:
    """Timing and angles of a saturation-recovery perfusion sequence.

    Parameters
    ----------
    readout : str
        "flash" or "bssfp".
    saturation_time_s : float
        Effective TS = TD + n TR, end of saturation to the centre of k-space.
    pulses_to_centre : int
        Readout pulses n before the centre of k-space.
    saturation_efficiency : float
        1 is perfect saturation.
    proton_density_flip_deg : float
        Flip angle of the proton-density frames (spoiled readout without saturation).
    """

    readout: str = "flash"
    repetition_time_s: float = 0.0022
    echo_time_s: float = 0.001
    flip_angle_deg: float = 15.0
    saturation_time_s: float = 0.1
    pulses_to_centre: int = 0
    saturation_efficiency: float = 1.0
    proton_density_flip_deg: float = 5.0

    @property
    def saturation_delay_s(self) -> float:
        """TD, end of saturation to the first readout pulse."""
        return max(self.saturation_time_s - self.pulses_to_centre * self.repetition_time_s, 0.0)

    @property
    def flip_angle_rad(self) -> float:
        """Readout flip angle in radians."""
        return float(np.deg2rad(self.flip_angle_deg))

    def at_field(self, b1_plus: float) -> SaturationRecovery:
        """Return the sequence as it is played out where the B1+ is a factor of its nominal value."""
        return replace(
            self,
            flip_angle_deg=b1_plus * self.flip_angle_deg,
            proton_density_flip_deg=b1_plus * self.proton_density_flip_deg,
        )


@dataclass(frozen=True)
class ResolvedSequence:
    """A sequence as played out and as nominal, where each of its numbers came from, and what had to be assumed."""

    sequence: SaturationRecovery
    field_strength_t: float
    nominal: SaturationRecovery
    constants: dict[str, str] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


def resolve_sequence(series: PerfusionSeries, settings: ConversionSettings) -> ResolvedSequence:
    """Return the sequence of a series: settings first, then its header, then published typical values with a notice.

    The settings describe the tissue series; an AIF series takes only what both share (field, efficiency) from them.
    """
    aif = series.kind is SeriesKind.AIF
    table = "aif" if aif else "tissue"
    protocol = series.protocol
    given = ConversionSettings() if aif else settings
    sources: dict[str, Constant] = {}
    assumed: list[str] = []

    def pick(name: str, unit: str, setting: float | None, header: float | None, row: str = table) -> float:
        if setting is not None:
            sources[name] = Constant(setting, unit, "setting")
        elif header is not None and np.isfinite(header) and header > 0:
            sources[name] = Constant(float(header), unit, "header")
        else:
            sources[name] = typical_acquisition(row, name)
            assumed.append(f"{name.replace('_', ' ')} {sources[name]}")
        return sources[name].value

    field_strength = pick("field_strength", "T", settings.field_strength_t, protocol.field_strength_t, "any")
    repetition_time = pick("repetition_time", "s", given.repetition_time_s, protocol.repetition_time_s)
    echo_time = pick("echo_time", "s", None, protocol.echo_time_s)
    saturation_time = pick("saturation_time", "s", given.saturation_time_s, protocol.saturation_time_s)
    flip_angle = pick("flip_angle", "degree", given.flip_angle_deg, protocol.flip_angle_deg)
    efficiency = settings.saturation_efficiency or protocol.saturation_efficiency
    pulses = given.pulses_to_centre if given.pulses_to_centre is not None else protocol.pulses_to_centre
    notices: list[Notice] = []
    if pulses is None:
        pulses = estimated_pulses_to_centre(saturation_time, repetition_time, series.signal.shape[2])
        notices.append(_pulses_notice(table, pulses))
    proton_density_flip = protocol.proton_density_flip_angle_deg or 0.0
    if proton_density_flip <= 0:
        proton_density_flip = typical_acquisition("proton_density", "flip_angle").value
        if series.proton_density is not None:
            assumed.append(f"flip angle of the proton-density frames {proton_density_flip:g} degree")
    if assumed:
        decisive = {"repetition_time", "saturation_time", "flip_angle"} & {
            name for name, constant in sources.items() if constant.source not in ("setting", "header")
        }
        notices.insert(0, _assumed_notice(table, assumed, bool(decisive)))
    readout = given.sequence if given.sequence != "automatic" else protocol.sequence
    sequence = SaturationRecovery(
        readout="bssfp" if readout == "bssfp" else "flash",
        repetition_time_s=repetition_time,
        echo_time_s=echo_time,
        flip_angle_deg=flip_angle,
        saturation_time_s=saturation_time,
        pulses_to_centre=int(pulses),
        saturation_efficiency=float(efficiency),
        proton_density_flip_deg=float(proton_density_flip),
    )
    constants = {f"{table} {name.replace('_', ' ')}": str(constant) for name, constant in sources.items()}
    constants[f"{table} readout"] = sequence.readout
    constants[f"{table} pulses to centre"] = str(sequence.pulses_to_centre)
    constants[f"{table} saturation efficiency"] = f"{sequence.saturation_efficiency:g}"
    nominal = sequence
    if settings.b1_plus is not None:
        sequence = sequence.at_field(settings.b1_plus)
        constants["B1+"] = f"{settings.b1_plus:.3f} of nominal"
    return ResolvedSequence(sequence, field_strength, nominal, constants, tuple(notices))


def estimated_pulses_to_centre(saturation_time_s: float, repetition_time_s: float, rows: int) -> int:
    """Return a guess of n: a linearly ordered train accelerated by two, bounded by the time there is.

    Examples
    --------
    >>> estimated_pulses_to_centre(0.1, 0.0022, 96)
    24
    """
    available = TRAIN_SHARE * saturation_time_s / repetition_time_s
    return max(int(min(rows / 4, available)), 0)


def _pulses_notice(table: str, pulses: int) -> Notice:
    return Notice.of(
        code="pulses-estimated",
        message=f"the header of the {table} series does not show how many readout pulses precede the centre of "
        f"k-space; {pulses} were assumed",
        action="set conversion.pulses_to_centre when it is known",
        stage="conversion",
    )


def _assumed_notice(table: str, assumed: list[str], decisive: bool) -> Notice:
    return Notice.of(
        code="protocol-assumed",
        message=f"the {table} series does not show its {', '.join(assumed)}: published typical values were used"
        + (", so absolute concentrations and flows may be off" if decisive else ""),
        action="give the true values with conversion settings",
        severity=Severity.SERIOUS if decisive else Severity.NOTE,
        stage="conversion",
    )
