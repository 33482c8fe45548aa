"""The physical constants of quantification, each once, with its source, read from the tables in Resources/Constants."""

from __future__ import annotations

import math
from dataclasses import dataclass

from QPerfusionLogic.data.contrast_agents import agent_name
from QPerfusionLogic.resources import constant_rows


@dataclass(frozen=True)
class Constant:
    """A number with its unit and where it was published.

    Examples
    --------
    >>> str(Constant(4.6, "L/mmol/s", "Shen 2015"))
    '4.6 L/mmol/s (Shen 2015)'
    """

    value: float
    unit: str
    source: str

    def __str__(self) -> str:
        quantity = f"{self.value:g} {self.unit}".strip()
        return f"{quantity} ({self.source})"


def native_property(quantity: str, tissue: str, field_strength_t: float, table: str = "nhlbi") -> Constant:
    """Return native T1 or T2 (s) or relative proton density of a tissue, at the nearest tabulated field.

    Parameters
    ----------
    quantity : str
        "t1", "t2" or "proton_density" (table "mrxcat").
    tissue : str
        "blood" or "myocardium".
    field_strength_t : float
        Main field in tesla.
    table : str
        "nhlbi", or "relative_enhancement" for the blood T1 of the AI-AIF paper.

    Examples
    --------
    >>> native_property("t1", "blood", 3.0).value
    2.0
    """
    rows = [
        row
        for row in constant_rows("tissues.csv")
        if row["tissue"] == tissue and row["quantity"] == quantity and row["set"] == table
    ]
    return _nearest_field(rows, field_strength_t)


def relaxivity(quantity: str, agent: str, field_strength_t: float, table: str = "default") -> Constant:
    """Return the relaxivity r1 or r2 (L/mmol/s) of an agent at the tabulated field nearest to the given one.

    Raises
    ------
    SettingsError
        When the agent is not in the table.

    Examples
    --------
    >>> relaxivity("r1", "Gadovist", 1.5).value
    4.6
    """
    name = agent_name(agent)
    rows = [
        row
        for row in constant_rows("relaxivities.csv")
        if row["agent"] in (name, "any") and row["quantity"] == quantity and row["set"] == table
    ]
    return _nearest_field(rows, field_strength_t)


def relaxivity_spread(agent: str, field_strength_t: float) -> float:
    """Return the error, as a share, of an r1 that is assumed: root mean square of the logarithm over all other agents.

    Agents of the liver are left out: they are not injected for a first pass.

    Examples
    --------
    >>> round(relaxivity_spread("gadobutrol", 1.5), 2)
    0.41
    """
    assumed = relaxivity("r1", agent, field_strength_t).value
    agents = {row["agent"] for row in constant_rows("agents.csv")} - {agent_name(agent), "gadoxetate"}
    logs = [math.log(relaxivity("r1", other, field_strength_t).value / assumed) for other in sorted(agents)]
    return math.sqrt(sum(value**2 for value in logs) / len(logs))


def typical_acquisition(series: str, quantity: str) -> Constant:
    """Return a published acquisition parameter, for series whose header does not show it.

    Examples
    --------
    >>> typical_acquisition("aif", "saturation_time").value
    0.0235
    """
    for row in constant_rows("acquisitions.csv"):
        if row["series"] == series and row["quantity"] == quantity:
            return _constant(row)
    raise KeyError((series, quantity))


def field_strength_or_typical(given_t: float | None) -> float:
    """Return a field strength in T, the typical one where none is known.

    Examples
    --------
    >>> field_strength_or_typical(3.0), field_strength_or_typical(None)
    (3.0, 1.5)
    """
    return given_t or typical_acquisition("any", "field_strength").value


def aif_flow_error(method: str, normalisation: str, state: str) -> float:
    """Return the error of flow, common to a heart and as a share, that an arterial input of a method makes.

    Parameters
    ----------
    method, normalisation : str
        `ArterialInput.mode` and `ArterialInput.normalisation`.
    state : str
        "stress" or "rest"; of any other state, or normalisation, the largest error of the method is returned.

    Examples
    --------
    >>> aif_flow_error("dual_sequence", "proton_density", "rest"), aif_flow_error("curve", "", "rest")
    (0.04, 0.0)
    """
    rows = [row for row in constant_rows("aif_errors.csv") if row["method"] == method]
    rows = [row for row in rows if row["normalisation"] in (normalisation, "any")] or rows
    rows = [row for row in rows if row["state"] in (state, "any")] or rows
    return max((float(row["value"]) for row in rows), default=0.0)


def _nearest_field(rows: list[dict[str, str]], field_strength_t: float) -> Constant:
    return _constant(min(rows, key=lambda row: abs(float(row["field_strength_t"]) - field_strength_t)))


def _constant(row: dict[str, str]) -> Constant:
    return Constant(float(row["value"]), row["unit"], row["source"])
