"""How a series was acquired, read from standard tags and made plausible."""

from __future__ import annotations

from typing import Any

import numpy as np

from QPerfusionLogic.data.contrast_agents import agent_of_header
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.protocol import Protocol

from .image_group import ImageGroup
from .injection import agent_text, dose_of
from .siemens_protocol import SiemensProtocol, siemens_protocol_of
from .tags import Tags, flattened

LONGEST_READOUT_TR_MS = 20.0
"""A longer RepetitionTime is the R-R interval or the time of a whole shot, not the time between readout pulses."""
GAUSS_PER_TESLA = 1e4


def vendor_of(header: Any) -> str:
    """Return siemens, ge, philips, another maker in lower case, or ""."""
    maker = Tags(header).text("Manufacturer").lower()
    for vendor in ("siemens", "philips"):
        if vendor in maker:
            return vendor
    return "ge" if maker.split()[:1] in (["ge"], ["gems"], ["gehc"]) else maker


def protocol_of(group: ImageGroup) -> tuple[Protocol, tuple[Notice, ...]]:
    """Return the protocol of a group and what the reader should know of it."""
    header = group.header
    shared = Tags(*_shared_layers(header), header)
    siemens = siemens_protocol_of(header)
    notices: list[Notice] = []
    repetition_s = _repetition_time_s(shared, siemens, notices)
    saturation_s = None if group.first.inversion_time_ms is None else group.first.inversion_time_ms / 1000.0
    if saturation_s is None:
        saturation_s = siemens.saturation_time_s
    pulses = _pulses_to_centre(shared, siemens, repetition_s, saturation_s)
    density_flips = {record.flip_angle_deg for record in group.proton_density}
    protocol = Protocol(
        vendor=vendor_of(header),
        model_name=shared.text("ManufacturerModelName"),
        field_strength_t=_field_strength_t(shared.number("MagneticFieldStrength")),
        sequence=_sequence(shared),
        repetition_time_s=repetition_s,
        echo_time_s=_seconds(group.first.echo_time_ms),
        second_echo_time_s=_seconds(group.second_echo[0].echo_time_ms) if group.second_echo else None,
        flip_angle_deg=group.first.flip_angle_deg,
        saturation_time_s=saturation_s,
        pulses_to_centre=pulses,
        proton_density_flip_angle_deg=density_flips.pop() if len(density_flips) == 1 else None,
        agent=agent_of_header(agent_text(header, shared)),
        dose_mmol_kg=dose_of(header),
        heart_rate_bpm=_heart_rate(group),
    )
    return protocol, tuple(notices)


def _shared_layers(header: Any) -> list[dict[Any, Any]]:
    layers = []
    if "PerFrameFunctionalGroupsSequence" in header:
        layers.append(flattened(header.PerFrameFunctionalGroupsSequence[:1]))
    if "SharedFunctionalGroupsSequence" in header:
        layers.append(flattened(header.SharedFunctionalGroupsSequence))
    return layers


def _repetition_time_s(tags: Tags, siemens: SiemensProtocol, notices: list[Notice]) -> float | None:
    if siemens.echo_spacing_s is not None:
        return siemens.echo_spacing_s
    given_ms = tags.number("RepetitionTime")
    if given_ms is None or given_ms <= 0:
        return None
    if given_ms < LONGEST_READOUT_TR_MS:
        return given_ms / 1000.0
    message = (
        f"RepetitionTime {given_ms:g} ms is the time of a shot or beat, not between readout pulses; it was left out"
    )
    notices.append(
        Notice.of(
            "repetition-time", message, "set the repetition time", option="--set conversion.repetition_time_s=SECONDS"
        )
    )
    return None


def _pulses_to_centre(
    tags: Tags, siemens: SiemensProtocol, repetition_s: float | None, saturation_s: float | None
) -> int | None:
    """Return half the pulses of a shot for a linear order of lines; None where that cannot be right."""
    lines = siemens.lines or tags.number("NumberOfPhaseEncodingSteps", "MRAcquisitionPhaseEncodingStepsInPlane")
    if not lines:
        matrix = [value for value in tags.numbers("AcquisitionMatrix")[2:] if value > 0]
        lines = matrix[0] if matrix else None
    if not lines:
        return None
    train = tags.number("EchoTrainLength") if _sequence(tags) == "epi" else 1.0
    acceleration = siemens.acceleration or tags.number("ParallelReductionFactorInPlane") or 1.0
    pulses = int(lines / (2.0 * max(train or 1.0, 1.0) * max(acceleration, 1.0)))
    if repetition_s is not None and saturation_s is not None and pulses * repetition_s >= saturation_s:
        return None
    return pulses


def _sequence(tags: Tags) -> str:
    """Return the readout: echo-planar by its echo train or name, balanced by its name, else spoiled."""
    names = " ".join([*tags.words("ScanningSequence", "EchoPulseSequence"), *tags.words("SequenceVariant")])
    names += " " + tags.text("SequenceName", "PulseSequenceName").upper()
    if (tags.number("EchoTrainLength") or 0) in range(2, 16) or "EP" in names.split() or "*EPFID" in names:
        return "epi"
    balanced = ("TRUFI", "TFI2D", "FIESTA", "BFFE", "BTFE", "SSFP", "TRUEFISP")
    text = names + " " + tags.text("SeriesDescription").upper() + " " + tags.text("ProtocolName").upper()
    return "bssfp" if any(name in text for name in balanced) else "flash"


def _field_strength_t(given: float | None) -> float | None:
    if given is None or given <= 0:
        return None
    tesla = given / GAUSS_PER_TESLA if given > 100 else given
    return round(tesla, 3)


def _heart_rate(group: ImageGroup) -> float | None:
    rate = Tags(group.header).number("HeartRate")
    if rate is not None and 20.0 <= rate <= 240.0:
        return rate
    beats = [record.beat_s for record in group.records if record.beat_s is not None]
    return round(60.0 / float(np.median(beats)), 1) if beats else None


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000.0
