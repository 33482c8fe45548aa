"""Writes an evaluation of blood flow: every segment, the agreement of every configuration, and a page to look at."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from QPerfusionLogic import __version__
from QPerfusionLogic.agreement.comparison_figures import bland_altman_figure, scatter_figure
from QPerfusionLogic.io.files.output_folder import writing_file
from QPerfusionLogic.resources import resource_path

from .tables import ConfigurationAgreement

COLUMNS = (
    "evaluation",
    "configuration",
    "reference",
    "quantity",
    "patients",
    "segments",
    "missing",
    "bias",
    "bias_low",
    "bias_high",
    "bias_percent",
    "cv_percent",
    "cv_within_percent",
    "lower_limit",
    "upper_limit",
    "icc",
    "icc_low",
    "icc_high",
    "r",
    "same_class_percent",
)
FIGURES = ("automatic", "matched kinetics, CNR 20")
"""Configurations whose plots are on the page."""


def write_flow_evaluation(
    output: Path, results: Sequence[dict[str, Any]], tables: Sequence[ConfigurationAgreement], plan: dict[str, Any]
) -> None:
    """Write segments.csv, inputs.csv, refused.csv, agreement.csv, agreement.html and provenance.json."""
    for name, columns in (
        ("segments", ("patient", "evaluation", "configuration", "state", "segment", "mbf", "true")),
        ("inputs", ("patient", "evaluation", "configuration", "state", "peak", "area")),
    ):
        _write(
            output / f"{name}.csv",
            _csv(columns, (row for result in results for row in result["rows" if name == "segments" else "inputs"])),
        )
    refused = [row for result in results for row in result["refused"]]
    _write(output / "refused.csv", _csv(("patient", "evaluation", "configuration", "state", "reason"), refused))
    lines = [agreement_line(table) for table in tables]
    _write(output / "agreement.csv", _csv(COLUMNS, lines))
    _write(output / "agreement.html", _page(tables, lines, len(results)))
    content = {"software": {"qperfusion": __version__}, "plan": plan, "patients": [one["patient"] for one in results]}
    _write(output / "provenance.json", json.dumps(content, indent=1, default=str) + "\n")


def agreement_line(table: ConfigurationAgreement) -> dict[str, Any]:
    """Return one configuration's agreement by `COLUMNS`, None where there is no number."""
    line: dict[str, Any] = {name: getattr(table, name, None) for name in COLUMNS}
    found = table.agreement
    if found is not None:
        icc = found.intraclass.agreement
        line |= {
            "bias": found.bland_altman.bias.value,
            "bias_low": found.bland_altman.bias.low,
            "bias_high": found.bland_altman.bias.high,
            "lower_limit": found.bland_altman.lower_limit.value,
            "upper_limit": found.bland_altman.upper_limit.value,
            "icc": icc.value,
            "icc_low": icc.low,
            "icc_high": icc.high,
            "r": found.linear.r.value,
        }
        if "segment" in found.thresholds:
            line["same_class_percent"] = 100.0 * found.thresholds["segment"].share.value
    return {name: _plain(value) for name, value in line.items()}


def summary(tables: Sequence[ConfigurationAgreement]) -> str:
    """Return a line per configuration and reference for a terminal, stress, rest and reserve side by side."""
    lines = [f"{'arm':48}{'':>10}{'bias %':>8}{'CV %':>7}{'ICC':>7}{'missing':>9}"]
    for table in tables:
        icc = math.nan if table.agreement is None else table.agreement.intraclass.agreement.value
        name = table.configuration if table.reference == "truth" else f"{table.configuration} / {table.reference}"
        lines.append(
            f"{name[:47]:48}{table.quantity:>10}{table.bias_percent:8.1f}{table.cv_percent:7.1f}{icc:7.3f}"
            f"{table.missing:5d}/{table.segments}"
        )
    return "\n".join(lines)


def _page(tables: Sequence[ConfigurationAgreement], lines: Sequence[dict[str, Any]], patients: int) -> str:
    css = resource_path("Report", "report.css").read_text(encoding="utf-8")
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in COLUMNS)
    body = "".join("<tr>" + "".join(f"<td>{_shown(line[name])}</td>" for name in COLUMNS) + "</tr>" for line in lines)
    figures = "".join(
        f"<section><h2>{escape(f'{table.configuration}: {table.quantity} against {table.reference}')}</h2>"
        '<div class="two">'
        f"<figure>{bland_altman_figure(table.agreement)}</figure><figure>{scatter_figure(table.agreement)}</figure>"
        "</div></section>"
        for table in tables
        if table.configuration in FIGURES and table.agreement is not None
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Evaluation of blood flow</title>'
        f"<style>{css}</style></head><body>"
        '<div class="research">Research use only; not a medical device</div>'
        f'<header class="bar"><h1>Blood flow of {patients} digital patients against its truth</h1></header><main>'
        f'<section><div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        '<p class="note">Segments of one patient are not independent, so true intervals are wider. bias, limits in '
        "mL/min/g (reserve: no unit); per cent of the mean of the reference.</p></section>"
        f"{figures}<footer>QPerfusion {__version__}</footer></main></body></html>\n"
    )


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else escape(str(value))


def _csv(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        cells = (row.get(name) for name in columns)
        writer.writerow(["" if cell is None else f"{cell:.5g}" if isinstance(cell, float) else cell for cell in cells])
    return stream.getvalue()


def _write(path: Path, text: str) -> None:
    with writing_file(path) as beside:
        beside.write_text(text, encoding="utf-8")
