"""The injected dose, from what a header shows of contrast agent and patient."""

from __future__ import annotations

from typing import Any

from QPerfusionLogic.data.contrast_agents import agent_concentration_mmol_ml, known_agent

from .tags import Tags

PLAUSIBLE_MMOL_KG = (0.01, 0.12)
"""A first pass takes 0.03 to 0.1 mmol/kg; more is the sum of several injections, of which none shows the height."""
DIGITS = 4


def dose_of(header: Any) -> float | None:
    """Return the dose of one injection in mmol/kg, None where the header shows none that a first pass can have had.

    Parameters
    ----------
    header : Dataset
        With ContrastBolusVolume (or ContrastBolusTotalDose) in mL, ContrastBolusAgent and PatientWeight in kg; in
        multi-frame objects the volume stands in the profile of the agent.
    """
    volume_ml, weight_kg = _volume_ml(header), Tags(header).number("PatientWeight")
    concentration = _concentration_mmol_ml(agent_text(header, Tags(header)))
    if not volume_ml or not weight_kg or concentration is None:
        return None
    dose = volume_ml * concentration / weight_kg
    low, high = PLAUSIBLE_MMOL_KG
    return round(dose, DIGITS) if low <= dose <= high else None


def agent_text(header: Any, tags: Tags) -> str:
    """Return the text of a header that names the contrast agent: one with a known name, else the first."""
    texts = [tags.text("ContrastBolusAgent")]
    for agent in header.get("ContrastBolusAgentSequence") or ():
        texts.append(Tags(agent).text("CodeMeaning"))
        texts.extend(Tags(code).text("CodeMeaning") for code in agent.get("ContrastBolusIngredientCodeSequence") or ())
    given = [text for text in texts if text]
    return next((text for text in given if known_agent(text)), given[0] if given else "")


def _volume_ml(header: Any) -> float | None:
    profiles = [
        profile
        for agent in header.get("ContrastBolusAgentSequence") or ()
        for profile in agent.get("ContrastAdministrationProfileSequence") or ()
    ]
    return Tags(*profiles[:1], header).number("ContrastBolusVolume", "ContrastBolusTotalDose")


def _concentration_mmol_ml(agent: str) -> float | None:
    return agent_concentration_mmol_ml(agent) if known_agent(agent) else None
