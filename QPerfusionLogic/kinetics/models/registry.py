"""The kinetic models by name; a new model is one file in this folder, which is found by its class."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from QPerfusionLogic.errors import SettingsError
from QPerfusionLogic.kinetics.base.model import REGISTERED, KineticModel
from QPerfusionLogic.settings.old_names import present_choice


@cache
def kinetic_models() -> dict[str, type[KineticModel]]:
    """Return the classes of all kinetic models by name."""
    package = __package__ or ""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        importlib.import_module(f"{package}.{module.name}")
    return {name: REGISTERED[name] for name in sorted(REGISTERED)}


def model_class(name: str) -> type[KineticModel]:
    """Return the class of a kinetic model.

    Raises
    ------
    SettingsError
        When there is no model of that name.
    """
    found = kinetic_models().get(present_choice("kinetics.model", name))
    if found is None:
        raise SettingsError(f"kinetic model {name!r}", expected=f"one of {', '.join(kinetic_models())}")
    return found
