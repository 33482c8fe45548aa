"""Contrast agents by any of their names: the generic one, and how much gadolinium they hold as sold."""

from __future__ import annotations

from QPerfusionLogic.errors import SettingsError
from QPerfusionLogic.resources import constant_rows


def agent_name(label: str) -> str:
    """Return the generic name of an agent from any of its names, as found in a header or a setting.

    Raises
    ------
    SettingsError
        When no known name occurs in the label.

    Examples
    --------
    >>> agent_name("GADOVIST 1.0 mmol/ml")
    'gadobutrol'
    """
    words = label.lower()
    for row in constant_rows("agents.csv"):
        if row["name"] in words:
            return row["agent"]
    known = sorted({row["agent"] for row in constant_rows("agents.csv")})
    raise SettingsError(
        f"contrast agent {label!r}",
        expected=f"one of {', '.join(known)}",
        action="set conversion.agent, or give conversion.relaxivity_l_mmol_s",
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
