"""Values of a protocol from files that people write, checked against the types and ranges of the settings."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from QPerfusionLogic.data.protocol import Protocol
from QPerfusionLogic.errors import InputError, SettingsError
from QPerfusionLogic.settings.fields import number_field
from QPerfusionLogic.settings.parsing import checked_value
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings

_TEXTS = ("vendor", "model_name", "agent")
_SEQUENCES = ("flash", "bssfp", "epi")


@dataclasses.dataclass
class _OnlyInFiles:
    """Fields of a protocol that no setting stands for."""

    echo_time_s: float | None = number_field(None, 1e-4, 0.2, "s")
    second_echo_time_s: float | None = number_field(None, 1e-4, 0.2, "s")
    proton_density_flip_angle_deg: float | None = number_field(None, 0.5, 90.0, "degree")
    heart_rate_bpm: float | None = number_field(None, 20.0, 250.0, "beats per minute")


def checked_protocol(path: Path, values: Mapping[str, Any]) -> Protocol:
    """Return the protocol of values by field; those that are None are not known.

    Raises
    ------
    InputError
        When a value has another type or lies outside the range of its field.
    """
    known = {name: value for name, value in values.items() if value is not None}
    return Protocol(**{name: _checked(path, name, value) for name, value in known.items()})


def _checked(path: Path, name: str, value: Any) -> Any:
    if name in _TEXTS or name == "sequence":
        if not isinstance(value, str) or (name == "sequence" and value not in _SEQUENCES):
            raise _refusal(path, name, value, "a text" if name in _TEXTS else f"one of {', '.join(_SEQUENCES)}")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _refusal(path, name, value, "a number")
    for kind in (ConversionSettings, AifSettings, _OnlyInFiles):
        field = next((item for item in dataclasses.fields(kind) if item.name == name), None)
        if field is not None:
            try:
                return checked_value(name, field, typing.get_type_hints(kind)[name], value)
            except SettingsError as error:
                raise _refusal(path, name, value, error.expected) from error
    raise _refusal(path, name, value, "no such field")


def _refusal(path: Path, name: str, value: Any, expected: str) -> InputError:
    shown = f"{value!r}"[:60]
    return InputError(f"{name} = {shown} in {path}", expected=expected, action="correct or remove it in that file")
