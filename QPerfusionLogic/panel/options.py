"""The settings that have widgets of their own in the panel, and the values they may take."""

from __future__ import annotations

import dataclasses
from typing import Any

from QPerfusionLogic.settings import Settings

BOUND_SETTINGS = {
    "registrationMode": "registration.mode",
    "aifMode": "aif.mode",
    "conversionMode": "conversion.mode",
    "kineticModel": "kinetics.model",
    "hematocrit": "kinetics.hematocrit",
}
"""Parameter of the panel -> setting of the package."""


def default_of(name: str) -> Any:
    """Return the default of a setting.

    Examples
    --------
    >>> default_of("registration.mode")
    'translation'
    """
    stage_name, _, key = name.partition(".")
    return getattr(getattr(Settings(), stage_name), key)


def options_of(name: str) -> list[str]:
    """Return the values that a setting may take.

    Examples
    --------
    >>> options_of("registration.mode")
    ['translation', 'none', 'deformable']
    """
    stage_name, _, key = name.partition(".")
    fields = {item.name: item for item in dataclasses.fields(getattr(Settings(), stage_name))}
    return list(fields[key].metadata["options"])
