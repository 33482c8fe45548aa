"""The injected dose, from what a header tells of contrast agent and patient."""

from __future__ import annotations

from typing import Any

from QPerfusionLogic.data.contrast_agents import agent_concentration_mmol_ml
from QPerfusionLogic.errors import SettingsError

from .tags import Tags

PLAUSIBLE_MMOL_KG = (0.01, 0.12)
"""A first pass takes 0.03 to 0.1 mmol/kg; more is the sum of several injections, of which none tells the height."""
DIGITS = 4


def dose_of(header: Any) -> float | None:
    """Return the dose of one injection in mmol/kg, None where the header tells none that a first pass can have had.

    Parameters
    ----------
    header : Dataset
        With ContrastBolusVolume (or ContrastBolusTotalDose) in mL, ContrastBolusAgent and PatientWeight in kg; in
        multi-frame objects the volume stands in the profile of the agent.
    """
    volume_ml, weight_kg = _volume_ml(header), Tags(header).number("PatientWeight")
    concentration = _concentration_mmol_ml(Tags(header).text("ContrastBolusAgent"))
    if not volume_ml or not weight_kg or concentration is None:
        return None
    dose = volume_ml * concentration / weight_kg
    low, high = PLAUSIBLE_MMOL_KG
    return round(dose, DIGITS) if low <= dose <= high else None


def _volume_ml(header: Any) -> float | None:
    profiles = [
        profile
        for agent in header.get("ContrastBolusAgentSequence") or ()
        for profile in agent.get("ContrastAdministrationProfileSequence") or ()
    ]
    return Tags(*profiles[:1], header).number("ContrastBolusVolume", "ContrastBolusTotalDose")


def _concentration_mmol_ml(agent: str) -> float | None:
    try:
        return agent_concentration_mmol_ml(agent)
    except SettingsError:
        return None
