"""The first screen of the report: what was found, the flows of the territories and the polar maps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from QPerfusionLogic.data.aha_model import SEGMENT_NAMES, TERRITORIES
from QPerfusionLogic.data.results import StudyResult
from QPerfusionLogic.reporting.tables.report import SegmentRow
from QPerfusionLogic.reporting.tables.segment_table import lowest_two
from QPerfusionLogic.reporting.tables.verdict import MPR, REST_MBF, STRESS_MBF, Verdict
from QPerfusionLogic.settings.schema import ReportingSettings

from .markup import section, with_error
from .table_sections import reading, territory_table


def summary_section(
    study: StudyResult, rows: Sequence[SegmentRow], settings: ReportingSettings, verdict: Verdict, polar: str = ""
) -> str:
    """Return the findings, the flows of the territories and the polar maps; what the verdict withholds is grey.

    Parameters
    ----------
    study : StudyResult
        After kinetics.
    rows : sequence of SegmentRow
        The segment table.
    settings : ReportingSettings
        Thresholds.
    verdict : Verdict
        What it withholds is compared with no threshold.
    polar : str
        The polar maps as HTML.
    """
    withheld = verdict.withheld
    found: dict[str, list[str]] = {
        STRESS_MBF: [
            *_lowest_findings(study, rows, settings),
            *_low_segments(rows, STRESS_MBF, "Stress MBF", settings.cad_stress_mbf, settings),
        ],
        MPR: _low_segments(rows, MPR, "MPR", settings.mpr_abnormal, settings),
        REST_MBF: _rest_findings(rows, settings),
    }
    findings = [text for name, texts in found.items() if name not in withheld for text in texts]
    listed = "".join(f"<li>{escape(text)}</li>" for text in (*findings, *_missing_segments(rows)))
    return section(
        "Summary",
        f'<ul class="findings">{listed}</ul>' if listed else "",
        territory_table(rows, settings, withheld),
        polar,
    )


def _lowest_findings(study: StudyResult, rows: Sequence[SegmentRow], settings: ReportingSettings) -> list[str]:
    """Return on which side of the threshold of coronary disease the two lowest segments of each territory lie."""
    limit = settings.cad_stress_mbf
    below: dict[str, str] = {}
    above: dict[str, str] = {}
    for vessel in TERRITORIES:
        value, error = lowest_two(study, rows, vessel, STRESS_MBF)
        if not math.isfinite(value):
            continue
        near = " (within two standard errors of it)" if abs(value - limit) < 2 * error else ""
        (below if value < limit else above)[vessel] = f"{vessel} {with_error(value, error)}{near}"
    what = "its two lowest segments average" if len(below or above) == 1 else "their two lowest segments average"
    if below:
        names, values = " and ".join(below), ", ".join(text if len(below) > 1 else text[4:] for text in below.values())
        others = f" Not low: {', '.join(above.values())}." if above else ""
        return [f"Low stress flow in the territory of {names}: {what} {values}, below {limit:g} mL/min/g.{others}"]
    if above:
        return [
            f"Stress flow is low in no territory: {what} {', '.join(above.values())}, not below {limit:g} mL/min/g."
        ]
    return []


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


def _missing_segments(rows: Sequence[SegmentRow]) -> list[str]:
    missing = sum("not_imaged" in row.flags for row in rows if row.layer == "all")
    return [f"{missing} of 16 segments were not imaged."] if missing else []
