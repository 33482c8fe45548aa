"""The first section of the report: the numbers a reader wants first, and what lies beyond the thresholds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from QPerfusionLogic.data.aha_model import SEGMENT_NAMES
from QPerfusionLogic.data.results import StudyResult
from QPerfusionLogic.data.series import State
from QPerfusionLogic.reporting.tables.quality import median_flow
from QPerfusionLogic.reporting.tables.report import SegmentRow
from QPerfusionLogic.reporting.tables.verdict import MPR, REST_MBF, STRESS_MBF, Verdict
from QPerfusionLogic.settings.schema import ReportingSettings

from .markup import number, section, with_error
from .table_sections import reading


def summary_section(
    study: StudyResult, rows: Sequence[SegmentRow], settings: ReportingSettings, verdict: Verdict
) -> str:
    """Return global values, the lowest territory and the findings; what the verdict withholds is grey."""
    withheld = verdict.withheld
    cards = "".join((*_global_cards(study, rows[-1], settings, withheld), _lowest_card(rows, withheld)))
    stress_limit, mpr_limit = settings.cad_stress_mbf, settings.mpr_abnormal
    found: dict[str, list[str]] = {
        STRESS_MBF: [
            *_low_segments(rows, STRESS_MBF, "Stress MBF", stress_limit, settings),
            *_vessel_findings(rows, settings),
        ],
        MPR: _low_segments(rows, MPR, "MPR", mpr_limit, settings),
        REST_MBF: _rest_findings(rows, settings),
    }
    findings = [text for name, texts in found.items() if name not in withheld for text in texts]
    listed = "".join(f"<li>{escape(text)}</li>" for text in (*findings, *_missing_segments(rows)))
    return section("Summary", f'<div class="cards">{cards}</div>' if cards else "", f"<ul>{listed}</ul>")


def _global_cards(
    study: StudyResult, row: SegmentRow, settings: ReportingSettings, withheld: frozenset[str]
) -> list[str]:
    stress = f"normal {settings.stress_normal_low:g} to {settings.stress_normal_high:g}{_median(study, State.STRESS)}"
    rest = f"normal {settings.rest_normal_low:g} to {settings.rest_normal_high:g}{_median(study, State.REST)}"
    mpr = f"normal from {settings.mpr_normal:g}, abnormal below {settings.mpr_abnormal:g}"
    shown = (
        (STRESS_MBF, "Global stress MBF", row.stress_mbf, row.stress_se, "mL/min/g", stress),
        (REST_MBF, "Global rest MBF", row.rest_mbf, row.rest_se, "mL/min/g", rest),
        (MPR, "Global MPR", row.mpr, row.mpr_se, "", mpr),
    )
    return [
        _card(
            name,
            number(value),
            f"± {number(error)} {unit}" if math.isfinite(error) else unit,
            "not interpretable" if quantity in withheld else hint,
            quantity in withheld,
        )
        for quantity, name, value, error, unit, hint in shown
        if math.isfinite(value)
    ]


def _median(study: StudyResult, state: State) -> str:
    median = median_flow(study.states[state]) if state in study.states else math.nan
    return f"; median pixel {number(median)}" if math.isfinite(median) else ""


def _lowest_card(rows: Sequence[SegmentRow], withheld: frozenset[str]) -> str:
    """Return the vessel with the lowest flow: at stress, else at rest."""
    for name, error_name, label in (("stress_mbf", "stress_se", "stress"), ("rest_mbf", "rest_se", "rest")):
        vessels = [row for row in rows if row.layer == "vessel" and math.isfinite(getattr(row, name))]
        if vessels:
            lowest = min(vessels, key=lambda row: getattr(row, name))
            value = f"{lowest.territory} {number(getattr(lowest, name))}"
            error = getattr(lowest, error_name)
            beside = f"± {number(error)} mL/min/g" if math.isfinite(error) else "mL/min/g"
            hint = f"{label} MBF, mean of its two lowest segments"
            return _card("Lowest territory", value, beside, hint, name in withheld)
    return ""


def _card(name: str, value: str, beside: str, hint: str, grey: bool) -> str:
    css = "card withheld" if grey else "card"
    return (
        f'<div class="{css}"><div class="name">{name}</div><div class="value">{value} <small>{beside}</small></div>'
        f'<div class="hint">{hint}</div></div>'
    )


def _measured(rows: Sequence[SegmentRow], name: str) -> list[SegmentRow]:
    return [row for row in rows if row.layer == "all" and math.isfinite(getattr(row, name))]


def _low_segments(
    rows: Sequence[SegmentRow], name: str, label: str, limit: float, settings: ReportingSettings
) -> list[str]:
    measured = _measured(rows, name)
    low = [row for row in measured if reading(row, name, settings).grade == "low"]
    if not measured:
        return []
    if not low:
        return [f"{label} is below {limit:g} in none of {len(measured)} segments."]
    names = ", ".join(f"{row.segment} {SEGMENT_NAMES[row.segment]}" for row in low)
    return [f"{label} below {limit:g} in {len(low)} of {len(measured)} segments: {names}."]


def _rest_findings(rows: Sequence[SegmentRow], settings: ReportingSettings) -> list[str]:
    """Return how many segments lie outside the normal flow at rest."""
    measured = _measured(rows, "rest_mbf")
    below = sum(row.rest_mbf < settings.rest_normal_low for row in measured)
    above = sum(row.rest_mbf > settings.rest_normal_high for row in measured)
    if not below + above:
        return []
    normal = f"{settings.rest_normal_low:g} to {settings.rest_normal_high:g}"
    return [f"Rest MBF lies above {normal} in {above} and below it in {below} of {len(measured)} segments."]


def _vessel_findings(rows: Sequence[SegmentRow], settings: ReportingSettings) -> list[str]:
    """Return on which side of the threshold of coronary disease each vessel lies at stress."""
    found = []
    limit = settings.cad_stress_mbf
    for row in rows:
        if row.layer != "vessel" or not math.isfinite(row.stress_mbf):
            continue
        side = "below" if row.stress_mbf < limit else "not below"
        caveat = ", but within two standard errors of it" if abs(row.stress_mbf - limit) < 2 * row.stress_se else ""
        flow = with_error(row.stress_mbf, row.stress_se)
        found.append(f"{row.territory}: stress MBF {flow} mL/min/g, {side} {limit:g}{caveat}.")
    return found


def _missing_segments(rows: Sequence[SegmentRow]) -> list[str]:
    missing = sum("not_imaged" in row.flags for row in rows if row.layer == "all")
    return [f"{missing} of 16 segments were not imaged."] if missing else []
