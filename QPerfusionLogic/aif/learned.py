"""Route "learned": a network that undoes saturation (AI-AIF); no weights ship yet, so it refuses with a reason."""

from __future__ import annotations

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.settings import AifSettings, ConversionSettings
from QPerfusionLogic.study import StateResult

from .route import RouteCurve


def by_network(state: StateResult, settings: AifSettings, conversion: ConversionSettings) -> RouteCurve:
    """Refuse: this version ships no trained network.

    Raises
    ------
    InputError
        Always, naming the modes that work.
    """
    raise InputError(
        "aif.mode=learned, but this version of QPerfusion ships no trained AIF network",
        expected="automatic, dual_sequence, dual_bolus, model, as_is or population, or a curve as CSV",
        action="choose one of these modes",
    )
