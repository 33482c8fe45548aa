"""Thresholds of reading: each with its value, meaning and source, and how a number compares with them."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from QPerfusionLogic.settings.schema import ReportingSettings

_MEANINGS = {
    "rest_normal_low": "rest flow below is low",
    "rest_normal_high": "rest flow above is high",
    "stress_normal_low": "stress flow below is suspicious",
    "stress_normal_high": "stress flow above is high",
    "cad_stress_mbf": "stress flow below: obstructive coronary disease likely",
    "mpr_normal": "reserve at or above is normal",
    "mpr_abnormal": "reserve below is abnormal",
}


@dataclass(frozen=True)
class Threshold:
    """One threshold as the report shows it."""

    name: str
    value: float
    unit: str
    meaning: str
    source: str


def thresholds(settings: ReportingSettings) -> tuple[Threshold, ...]:
    """Return all thresholds at work with their sources; an edited value is marked.

    Examples
    --------
    >>> thresholds(ReportingSettings(cad_stress_mbf=1.5))[4].source
    'set by the user; published 1.35, Hsu 2018, used by AI-AIF'
    """
    found = []
    for item in dataclasses.fields(settings):
        if item.name not in _MEANINGS:
            continue
        value, source = getattr(settings, item.name), str(item.metadata["help"])
        if value != item.default:
            source = f"set by the user; published {item.default:g}, {source}"
        found.append(Threshold(item.name, value, str(item.metadata["unit"]), _MEANINGS[item.name], source))
    return tuple(found)


@dataclass(frozen=True)
class Reading:
    """How a number lies to its thresholds: `grade` is "", "high", "caution" or "low".

    It is `uncertain` when the nearest threshold lies within two standard errors.
    """

    grade: str = ""
    uncertain: bool = False


def read_stress(mbf: float, error: float, settings: ReportingSettings) -> Reading:
    """Return the reading of a stress flow (mL/min/g)."""
    return _read(mbf, error, settings.cad_stress_mbf, settings.stress_normal_low, settings.stress_normal_high)


def read_rest(mbf: float, error: float, settings: ReportingSettings) -> Reading:
    """Return the reading of a rest flow (mL/min/g)."""
    return _read(mbf, error, -math.inf, settings.rest_normal_low, settings.rest_normal_high)


def read_mpr(mpr: float, error: float, settings: ReportingSettings) -> Reading:
    """Return the reading of a perfusion reserve.

    Examples
    --------
    >>> read_mpr(1.2, 0.05, ReportingSettings())
    Reading(grade='low', uncertain=False)
    """
    return _read(mpr, error, settings.mpr_abnormal, settings.mpr_normal, math.inf)


def _read(value: float, error: float, low: float, caution: float, high: float) -> Reading:
    if not math.isfinite(value):
        return Reading()
    grade = "low" if value < low else "caution" if value < caution else "high" if value > high else ""
    near = min(abs(value - edge) for edge in (low, caution, high))
    return Reading(grade, math.isfinite(error) and near < 2 * error)
