"""The verb `qperfusion quantify`."""

from __future__ import annotations

import argparse
import dataclasses
import math
from pathlib import Path
from typing import Any

from QPerfusionLogic.data.results import StudyResult
from QPerfusionLogic.settings.schema import STAGES
from QPerfusionLogic.workflow.terminal import Terminal

from .verb_options import add_settings_options, new_verb, settings_from

_SUMMED_UP = (
    ("stress_mbf", "stress MBF", "stress_se", " mL/min/g"),
    ("rest_mbf", "rest MBF", "rest_se", " mL/min/g"),
    ("mpr", "MPR", "mpr_se", ""),
)
"""Column, name, column of the error and unit of what a run ends with."""


def add_quantify(verbs: argparse._SubParsersAction) -> None:
    verb = new_verb(verbs, "quantify", _quantify, "a study to blood flow maps, segments, report and scene")
    verb.add_argument("study", nargs="?", type=Path, metavar="STUDY", help="a DICOM folder with stress and rest")
    verb.add_argument("--output", type=Path, required=True, metavar="OUT")
    for name, text in (
        ("stress", "stress series (folder or file)"),
        ("rest", "rest series (folder or file)"),
        ("stress-aif", "AIF image series, or curve CSV (time_s,value)"),
        ("rest-aif", "AIF image series, or curve CSV (time_s,value)"),
        (
            "stress-mask",
            "label map (1 myocardium, 2 LV blood, 3 RV blood), DICOM SEG, or contours (.cvi42wsx, .mat, .con)",
        ),
        (
            "rest-mask",
            "label map (1 myocardium, 2 LV blood, 3 RV blood), DICOM SEG, or contours (.cvi42wsx, .mat, .con)",
        ),
        ("stress-pre-bolus", "pre-bolus series of a dual-bolus study"),
        ("rest-pre-bolus", "pre-bolus series of a dual-bolus study"),
        ("t1-map", "native T1 map"),
        ("pre-bolus", "pre-bolus series of a dual-bolus study of one state"),
        ("times", "CSV of frame times (time_s)"),
    ):
        verb.add_argument(f"--{name}", type=Path, metavar="PATH", help=text)
    verb.add_argument("--resume-from", default="", metavar="STAGE", help=", ".join(STAGES))
    verb.add_argument("--stop-after", default="", metavar="STAGE")
    verb.add_argument("--compare-aif", action="store_true", help="also show every AIF method")
    verb.add_argument("--dicom", action="store_true", help="also write DICOM Parametric Maps, SEG and SR")
    add_settings_options(verb)


def _quantify(options: argparse.Namespace, terminal: Terminal) -> None:
    from QPerfusionLogic.io.study.request import StudyRequest
    from QPerfusionLogic.workflow.quantification import quantify

    settings = settings_from(options)
    if options.dicom:
        settings = settings.with_value("reporting.dicom", True)
    if options.compare_aif:
        settings = settings.with_value("aif.compare", True)
    names = [item.name for item in dataclasses.fields(StudyRequest)]
    request = StudyRequest(**{name: getattr(options, name) for name in names})
    result = quantify(request, options.output, settings, terminal.progress(), options.resume_from, options.stop_after)
    terminal.notices(result.notices)
    for line, content in closing_lines(result, options.output):
        terminal.say(line, **content)


def closing_lines(result: StudyResult, output: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return the last lines of a run with their content for machines: verdict, flows of the whole heart, report."""
    from QPerfusionLogic.reporting.tables.segment_table import segment_rows
    from QPerfusionLogic.reporting.tables.verdict import judge

    lines: list[tuple[str, dict[str, Any]]] = []
    if any(state.mapped is not None for state in result.states.values()):
        verdict, whole = judge(result, result.notices), segment_rows(result)[-1]
        flows = [
            (name, label, getattr(whole, name), getattr(whole, error), unit)
            for name, label, error, unit in _SUMMED_UP
            if math.isfinite(getattr(whole, name))
        ]
        parts = [f"{label} {value:.2f} ± {error:.2f}{unit}" for _, label, value, error, unit in flows]
        known = {name: value for name, _, value, _, _ in flows}
        lines = [
            (verdict.text, {"verdict": verdict.as_dictionary()}),
            (f"whole heart: {', '.join(parts)}", {"whole_heart": known}),
        ]
    report = output / "report.html"
    written = f"report: {report}" if report.exists() else f"written to {output}"
    return [*lines, (written, {"output": str(output)})]
