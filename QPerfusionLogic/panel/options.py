"""The settings that have widgets of their own in the panel, and the values they may take."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from QPerfusionLogic.settings.names import choice_name
from QPerfusionLogic.settings.schema import Settings
from QPerfusionLogic.translation import _

from .choices import changes_of, read_changes, with_changes

BOUND_SETTINGS = {
    "superresolutionMode": "superresolution.mode",
    "registrationMode": "registration.mode",
    "aifMode": "aif.mode",
    "conversionMode": "conversion.mode",
    "kineticModel": "kinetics.model",
    "hematocrit": "kinetics.hematocrit",
}
"""Parameter of the panel -> setting of the package."""
CHOICE_BOXES = {
    "superresolutionBox": "superresolution.mode",
    "registrationBox": "registration.mode",
    "aifModeBox": "aif.mode",
    "conversionBox": "conversion.mode",
    "modelBox": "kinetics.model",
}
"""Combo box of the panel -> setting of the package."""


def settings_of_parameters(parameters: Any) -> Settings:
    """Return the settings of the package that the parameters of the panel mean."""
    changes = read_changes(parameters.changes)
    changes.update({name: str(getattr(parameters, bound)) for bound, name in BOUND_SETTINGS.items()})
    return with_changes(changes)


def update_parameter_node(parameters: Any, settings: Settings) -> None:
    """Let the parameters of the panel mean the given settings."""
    changes = changes_of(settings)
    for bound, name in BOUND_SETTINGS.items():
        stage, item = name.split(".")
        setattr(parameters, bound, getattr(getattr(settings, stage), item))
        changes.pop(name, None)
    parameters.changes = json.dumps(changes)


def show_choice_names(ui: Any) -> None:
    """Show the choices of the combo boxes by the names that people read; their order stays that of the settings."""
    for box, setting in CHOICE_BOXES.items():
        for index, value in enumerate(options_of(setting)):
            getattr(ui, box).setItemText(index, _(choice_name(setting, value)))


def uses_networks(settings: Settings) -> bool:
    """Return whether a run with these settings may use a network.

    Examples
    --------
    >>> uses_networks(Settings())
    True
    """
    return (
        settings.segmentation.mode != "classical"
        or settings.aif.mode in ("automatic", "neural_network")
        or settings.superresolution.mode != "none"
    )


def default_of(name: str) -> Any:
    """Return the default of a setting.

    Examples
    --------
    >>> default_of("registration.mode")
    'translation'
    """
    stage_name, key = name.split(".")
    return getattr(getattr(Settings(), stage_name), key)


def options_of(name: str) -> list[str]:
    """Return the values that a setting may take.

    Examples
    --------
    >>> options_of("registration.mode")
    ['translation', 'none', 'deformable']
    """
    stage_name, key = name.split(".")
    fields = {item.name: item for item in dataclasses.fields(getattr(Settings(), stage_name))}
    return list(fields[key].metadata["options"])
