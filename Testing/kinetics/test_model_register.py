"""Kinetic models say everything about themselves in one file, and are found by it."""

from __future__ import annotations

import pytest

from QPerfusionLogic.errors import SettingsError
from QPerfusionLogic.kinetics.base.model import REGISTERED, KineticModel
from QPerfusionLogic.kinetics.models.registry import kinetic_models, model_class
from QPerfusionLogic.settings.schema import KineticsSettings


def test_every_choice_of_the_settings_is_a_model_with_its_reference():
    choices = KineticsSettings.__dataclass_fields__["model"].metadata["options"]
    assert set(choices) == set(kinetic_models())
    for name, found in kinetic_models().items():
        assert (found.name, bool(found.reference)) == (name, True)


def test_a_model_registers_itself():
    class Mean(KineticModel):
        name = "mean_of_a_test"

    try:
        assert REGISTERED["mean_of_a_test"] is Mean
    finally:
        del REGISTERED["mean_of_a_test"]


def test_an_unknown_model_is_refused_with_those_there_are():
    with pytest.raises(SettingsError, match="fermi"):
        model_class("no_such_model")
