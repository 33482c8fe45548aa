"""Names of the kinetic models and where each is found; a new model is one file and one line here."""

from __future__ import annotations

import importlib

from QPerfusionLogic.errors import SettingsError
from QPerfusionLogic.kinetics.base.model import KineticModel
from QPerfusionLogic.settings.old_names import present_choice

MODELS = {
    "fermi": ("fermi", "Fermi"),
    "btex": ("btex", "Btex"),
    "btex_mixing_cells": ("btex_mixing_cells", "BtexMixingCells"),
    "spline": ("spline_residue", "SplineResidue"),
    "two_compartment_exchange": ("two_compartment_exchange", "TwoCompartmentExchange"),
    "one_compartment": ("one_compartment", "OneCompartment"),
    "extended_tofts": ("extended_tofts", "ExtendedTofts"),
    "patlak": ("patlak", "Patlak"),
}


def model_class(name: str) -> type[KineticModel]:
    """Return the class of a kinetic model.

    Raises
    ------
    SettingsError
        When there is no model of that name.
    """
    name = present_choice("kinetics.model", name)
    if name not in MODELS:
        raise SettingsError(f"kinetic model {name!r}", expected=f"one of {', '.join(MODELS)}")
    module, class_name = MODELS[name]
    found: type[KineticModel] = getattr(importlib.import_module(f".{module}", __package__), class_name)
    return found
