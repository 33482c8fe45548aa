"""What a conversion knows beyond its pixels, as plain values and back; results of version 0.1 hold it as texts."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from QPerfusionLogic.data.conversion_physics import ConversionPhysics
from QPerfusionLogic.data.results import Concentration
from QPerfusionLogic.settings.old_names import present_choice

_CONSTANTS = {
    "relaxivity_l_mmol_s": "r1",
    "field_strength_t": "tissue field strength",
    "repetition_time_s": "tissue repetition time",
    "echo_time_s": "tissue echo time",
    "flip_angle_deg": "tissue flip angle",
    "saturation_time_s": "tissue saturation time",
}
"""Field -> constant of version 0.1, a text that begins with its value."""
_NUMBER = re.compile(r"[-+]?[0-9.]+(?:e[-+]?[0-9]+)?", re.IGNORECASE)


def conversion_record(found: Concentration) -> dict[str, Any]:
    """Return mode, constants and physics of a conversion as plain values."""
    return {"mode": found.mode, "constants": found.constants, "physics": dataclasses.asdict(found.physics)}


def conversion_fields(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `Concentration` that a record holds.

    Examples
    --------
    >>> old = {"mode": "look_up_table", "constants": {"r1": "4.6 L/mmol/s (Shen 2015)"}}
    >>> conversion_fields(old)["physics"].relaxivity_l_mmol_s
    4.6
    """
    known = {field.name for field in dataclasses.fields(ConversionPhysics)}
    physics = record.get("physics")
    values = _of_constants(record["constants"]) if physics is None else physics
    return {
        "mode": present_choice("conversion.mode", record["mode"]),
        "constants": record["constants"],
        "physics": ConversionPhysics(**{name: value for name, value in values.items() if name in known}),
    }


def _of_constants(constants: Mapping[str, str]) -> dict[str, Any]:
    """Return the physics that the constants of version 0.1 name."""
    found: dict[str, Any] = {}
    for name, constant in _CONSTANTS.items():
        number = _NUMBER.match(constants.get(constant, ""))
        if number:
            found[name] = float(number.group())
    pulses = constants.get("tissue pulses to centre", "")
    if pulses.isdigit():
        found["pulses_to_centre"] = int(pulses)
    native = constants.get("native T1", "")
    found["native_t1"] = {"T1": "map", "table": "table"}.get(native.split(" ")[0], "")
    found["normalisation"] = constants.get("normalisation", "").replace(" ", "_")
    found["agent"], found["readout"] = constants.get("agent", ""), constants.get("tissue readout", "")
    return found
