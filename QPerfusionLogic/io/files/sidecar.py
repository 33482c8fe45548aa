"""Protocol and times from the JSON file beside a NIfTI or NRRD file, as dcm2niix and BIDS write it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.contrast_agents import agent_of_header
from QPerfusionLogic.data.protocol import Protocol
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.dicom.header.protocol_tags import LONGEST_READOUT_TR_MS

from .file_names import stem_of
from .protocol_values import checked_protocol

_NUMBERS = {
    "MagneticFieldStrength": "field_strength_t",
    "RepetitionTime": "repetition_time_s",
    "EchoTime": "echo_time_s",
    "FlipAngle": "flip_angle_deg",
    "InversionTime": "saturation_time_s",
}
_TEXTS = {"Manufacturer": "vendor", "ManufacturersModelName": "model_name", "ContrastBolusIngredient": "agent"}
_TIMES = ("VolumeTiming", "FrameTimesStart")


@dataclass(frozen=True)
class Sidecar:
    """What a sidecar shows: the protocol and, where it has them, the times of the frames (frames,) in seconds."""

    protocol: Protocol
    time_s: FloatArray | None = None


def read_sidecar(path: Path) -> Sidecar | None:
    """Return the sidecar of an image file, or None where there is none.

    Keys are those of BIDS (seconds, tesla, degrees), or the field names of `Protocol`, which win.

    Raises
    ------
    InputError
        When the sidecar is no JSON object, or its times are not numbers.
    """
    beside = path.with_name(stem_of(path) + ".json")
    if not beside.is_file():
        return None
    try:
        content = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{beside}: not JSON ({error})", action="correct or remove the file") from error
    if not isinstance(content, dict):
        raise InputError(f"a JSON {type(content).__name__} in {beside}", expected="an object of names and values")
    return Sidecar(_protocol_of(beside, content), _times_of(beside, content))


def _protocol_of(path: Path, content: dict[str, Any]) -> Protocol:
    found: dict[str, Any] = {}
    for key, name in _NUMBERS.items():
        if isinstance(content.get(key), int | float) and not isinstance(content[key], bool):
            found[name] = content[key]
    if found.get("repetition_time_s", 0.0) * 1000.0 >= LONGEST_READOUT_TR_MS:
        del found["repetition_time_s"]
    for key, name in _TEXTS.items():
        if isinstance(content.get(key), str):
            found[name] = content[key].lower() if name != "model_name" else content[key]
    for item in dataclasses.fields(Protocol):
        if item.name in content:
            found[item.name] = content[item.name]
    if isinstance(found.get("agent"), str):
        found["agent"] = agent_of_header(found["agent"])
    return checked_protocol(path, found)


def _times_of(path: Path, content: dict[str, Any]) -> FloatArray | None:
    for key in _TIMES:
        if key in content:
            try:
                times = np.array([float(value) for value in _listed(content[key])])
                if not np.isfinite(times).all():
                    raise ValueError("not finite")
            except (TypeError, ValueError, OverflowError) as error:
                raise InputError(f"{key} that is no list of numbers in {path}", expected="seconds") from error
            return times - times[0] if times.size else None
    return None


def _listed(values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise TypeError("no list")
    return values
