"""Contrast agents by any of their names, generic or brand, and how much gadolinium they hold as sold."""

from __future__ import annotations

import re

from QPerfusionLogic.errors import SettingsError
from QPerfusionLogic.resources import constant_rows

from .wording import folded

UNRECOGNISED = "unrecognised"
"""Agent of a protocol whose header has a text that names no known one; the text itself may name a person."""


def agent_of_header(text: str) -> str:
    """Return the generic name of the agent that a header's text names, `UNRECOGNISED`, or "" for an empty text.

    Examples
    --------
    >>> agent_of_header("Gadovist"), agent_of_header("GADOLINIO"), agent_of_header("")
    ('gadobutrol', 'unrecognised', '')
    """
    return known_agent(text) or (UNRECOGNISED if text.strip() else "")


def known_agent(label: str) -> str:
    """Return the generic name of the agent that a free text names, "" where it names none that is known.

    The longest name that occurs in the text counts, so that "Gd-DTPA-BMA" is not taken for "Gd-DTPA".

    Examples
    --------
    >>> known_agent("GADOVIST 1.0"), known_agent("acide gadotérique"), known_agent("ガドビスト"), known_agent("KM")
    ('gadobutrol', 'gadoterate', 'gadobutrol', '')
    """
    text = _compact(label)
    found = [row for row in constant_rows("agents.csv") if _compact(row["name"]) in text]
    return max(found, key=lambda row: len(row["name"]))["agent"] if found else ""


def agent_name(label: str) -> str:
    """Return the generic name of an agent from any of its names, as found in a setting.

    Raises
    ------
    SettingsError
        When no known name occurs in the label.

    Examples
    --------
    >>> agent_name("Dotarem")
    'gadoterate'
    """
    name = known_agent(label)
    if name:
        return name
    known = sorted({row["agent"] for row in constant_rows("agents.csv")})
    raise SettingsError(
        f"contrast agent {label!r} is not known",
        expected=f"one of {', '.join(known)}, or a brand of these",
        action="give one of these names, or the relaxivity of the agent",
        option="--set conversion.agent=NAME or --set conversion.relaxivity_l_mmol_s=NUMBER",
    )


def agent_concentration_mmol_ml(label: str) -> float:
    """Return how much gadolinium a millilitre of an agent holds, as it is sold.

    Raises
    ------
    SettingsError
        When the agent is not in the table.

    Examples
    --------
    >>> agent_concentration_mmol_ml("Dotarem")
    0.5
    """
    name = agent_name(label)
    return next(
        float(row["concentration_mmol_ml"]) for row in constant_rows("concentrations.csv") if row["agent"] == name
    )


def _compact(text: str) -> str:
    return re.sub(r"[\W_]+", "", folded(text))
