"""Sections of the report that hold numbers: summary, segment table, thresholds, quality, provenance."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from html import escape
from typing import Any

from QPerfusionLogic.data.aha_model import SEGMENT_NAMES, TERRITORIES
from QPerfusionLogic.data.notices import Notice, Severity, merged
from QPerfusionLogic.data.results import StudyResult
from QPerfusionLogic.reporting.tables.quality_table import quality_items
from QPerfusionLogic.reporting.tables.report import SegmentRow
from QPerfusionLogic.reporting.tables.thresholds import Reading, read_mpr, read_rest, read_stress, thresholds
from QPerfusionLogic.settings.schema import ReportingSettings

from .markup import notice, number, section, table

_READERS = {"stress_mbf": read_stress, "rest_mbf": read_rest, "mpr": read_mpr}
_ERRORS = {"stress_mbf": "stress_se", "rest_mbf": "rest_se", "mpr": "mpr_se"}
_HEADS = {"stress_mbf": "stress MBF", "rest_mbf": "rest MBF", "mpr": "MPR"}
_MARKS = {"low": "▼ ", "caution": "▽ ", "high": "△ ", "": "", "withheld": ""}


def notices_section(notices: Sequence[Notice]) -> str:
    """Return all notices, the serious ones first."""
    said_once = merged(notices)
    urgent = [item for item in said_once if item.severity != Severity.NOTE]
    notes = [item for item in said_once if item.severity == Severity.NOTE]
    body = "".join(notice(item) for item in urgent) or "<p>No warnings.</p>"
    folded = "".join(notice(item) for item in notes)
    count = f"{len(notes)} note{'s' if len(notes) > 1 else ''}"
    remarks = f"<details><summary>{count}</summary>{folded}</details>" if notes else ""
    return section("Warnings and limitations", body, remarks)


def segment_section(
    rows: Sequence[SegmentRow], settings: ReportingSettings, withheld: frozenset[str] = frozenset()
) -> str:
    """Return the segment table with errors, readings and flags; quantities that are withheld are grey and not read."""
    names = [name for name in _ERRORS if any(math.isfinite(getattr(row, name)) for row in rows)]
    if not names:
        return ""
    flow = "rest" if "stress_mbf" not in names else "stress"
    head = (
        "<th>segment</th><th>territory</th>"
        + "".join(f'<th class="number">{_HEADS[name]} ± SE</th>' for name in names)
        + f'<th class="number">{flow} endo / epi</th><th class="number">pixels</th><th>flags</th>'
    )
    layers = {(row.segment, row.layer): row for row in rows if row.segment}
    shown = [row for row in rows if row.layer not in ("endo", "epi")]
    body = "".join(_table_row(row, layers, names, f"{flow}_mbf", settings, withheld) for row in shown)
    return section(
        "Segments",
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>',
        '<p class="note key">MBF in mL/min/g. <span style="background:#fde8e6;color:#b42318">▼ low</span>'
        '<span style="background:#fff1d6;color:#7a4b00">▽ caution</span><span style="background:#e3eefb">△ high</span>'
        "by the thresholds below; ? : the nearest threshold lies within two standard errors. Territories and whole "
        "myocardium: mean of their segments weighted by pixels; MPR: ratio of the flows beside it. SE: standard error "
        "of the fit and of the arterial input, which all segments share (notes, input-error-shared).</p>",
        new_page=True,
    )


def territory_table(
    rows: Sequence[SegmentRow], settings: ReportingSettings, withheld: frozenset[str] = frozenset()
) -> str:
    """Return flow and reserve of the whole myocardium and of each territory with their readings."""
    names = [name for name in _ERRORS if any(math.isfinite(getattr(row, name)) for row in rows)]
    shown = [row for row in rows if row.layer == "global"] + [row for row in rows if row.layer == "vessel"]
    if not names or not shown:
        return ""
    units = {"stress_mbf": "mL/min/g", "rest_mbf": "mL/min/g", "mpr": "stress / rest"}
    head = "".join(
        f'<th class="number" scope="col">{_HEADS[name][:1].upper()}{_HEADS[name][1:]} <small>{units[name]}</small></th>'
        for name in names
    )
    body = "".join(
        f'<tr><th scope="row">{_row_name(row)}</th>{_numbers(row, names, settings, withheld)}</tr>' for row in shown
    )
    normal = {
        "stress_mbf": f"{settings.stress_normal_low:g} to {settings.stress_normal_high:g}",
        "rest_mbf": f"{settings.rest_normal_low:g} to {settings.rest_normal_high:g}",
        "mpr": f"from {settings.mpr_normal:g}",
    }
    last_row = "".join(f'<td class="number">{normal[name]}</td>' for name in names)
    return (
        f'<div class="scroll"><table class="territories"><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody>'
        f'<tfoot><tr><th scope="row">usual range</th>{last_row}</tr></tfoot></table></div>'
        '<p class="note">Means of the pixels of all segments ± standard error; MPR: ratio of the flows beside it. '
        "▼ below, ▽ caution, △ above; ? : a threshold lies within two standard errors.</p>"
    )


def threshold_section(settings: ReportingSettings) -> str:
    """Return the thresholds at work with their sources."""
    lines = [
        (item.meaning, f"{item.value:g} {item.unit}".strip(), item.source, f"reporting.{item.name}")
        for item in thresholds(settings)
    ]
    return section("Thresholds", table(("meaning", "value", "source", "setting"), lines))


def quality_section(study: StudyResult) -> str:
    """Return the quality of every state against its bars."""
    parts = []
    for state, result in study.states.items():
        lines = "".join(
            f"<tr><td>{escape(item.name)}</td><td>{escape(item.value)}</td><td>{escape(item.bar)}</td>"
            f"<td>{_verdict(item.good)}</td></tr>"
            for item in quality_items(result)
        )
        if lines:
            parts.append(
                f'<div><h3>{str(state).capitalize()}</h3><div class="scroll"><table><thead><tr><th>what</th>'
                f"<th>found</th><th>bar</th><th></th></tr></thead><tbody>{lines}</tbody></table></div></div>"
            )
    return section("Quality", f'<div class="two">{"".join(parts)}</div>' if parts else "")


def provenance_section(provenance: dict[str, Any]) -> str:
    """Return everything the result was made from, folded away."""
    parts = []
    for name, content in provenance.items():
        lines = list(_flattened(content))
        if lines:
            title = name.replace("_", " ").capitalize()
            parts.append(f"<details><summary>{escape(title)}</summary>{table((), lines, 'plain')}</details>")
    return section("Provenance", *parts)


def reading(row: SegmentRow, name: str, settings: ReportingSettings) -> Reading:
    """Return how one quantity ("stress_mbf", "rest_mbf", "mpr") of a row lies to its thresholds."""
    return _READERS[name](getattr(row, name), getattr(row, _ERRORS[name]), settings)


def _table_row(
    row: SegmentRow,
    layers: dict[tuple[int, str], SegmentRow],
    names: Sequence[str],
    flow: str,
    settings: ReportingSettings,
    withheld: frozenset[str],
) -> str:
    cells = [
        f"<td>{_row_name(row)}</td><td>{row.territory if row.territory in TERRITORIES else ''}</td>",
        _numbers(row, names, settings, withheld),
    ]
    pair = [layers.get((row.segment, layer)) for layer in ("endo", "epi")]
    thin = " / ".join(number(getattr(part, flow)) for part in pair if part is not None) if all(pair) else ""
    flags = ", ".join(flag.replace("_", " ") for flag in row.flags)
    css = "sum" if not row.segment else "ring" if row.segment in (7, 13) else ""
    return (
        f'<tr class="{css}">{"".join(cells)}<td class="number">{thin}</td><td class="number">{row.n_pixels or ""}</td>'
        f'<td class="flags">{escape(flags)}</td></tr>'
    )


def _row_name(row: SegmentRow) -> str:
    if row.segment:
        return f"{row.segment} {SEGMENT_NAMES[row.segment]}"
    return "whole myocardium" if row.layer == "global" else f"{row.territory} territory"


def _numbers(row: SegmentRow, names: Sequence[str], settings: ReportingSettings, withheld: frozenset[str]) -> str:
    """Return a cell for each quantity with its standard error and its reading."""
    cells = []
    for name in names:
        found = Reading("withheld") if name in withheld else reading(row, name, settings)
        spread = getattr(row, _ERRORS[name])
        behind = f' <span class="se">± {number(spread)}</span>' if math.isfinite(spread) else ""
        mark = " ?" if found.uncertain else ""
        cells.append(
            f'<td class="number {found.grade}">{_MARKS[found.grade]}{number(getattr(row, name))}{behind}{mark}</td>'
        )
    return "".join(cells)


def _verdict(good: bool | None) -> str:
    if good is None:
        return ""
    return '<span class="good">✓ met</span>' if good else '<span class="bad">✗ not met</span>'


def _flattened(content: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Return nested dictionaries as (dotted name, text) pairs."""
    if not isinstance(content, dict):
        text = content if isinstance(content, str) else json.dumps(content)
        return [(prefix or "value", text)]
    lines = []
    for name, value in content.items():
        lines += _flattened(value, f"{prefix}.{name}" if prefix else str(name))
    return lines
