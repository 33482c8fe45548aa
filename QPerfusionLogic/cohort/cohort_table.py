"""The tables of a cohort: cohort.csv with a study a row, and segments.csv of all studies for `qperfusion compare`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from QPerfusionLogic import __version__
from QPerfusionLogic.io.files.csv_tables import safe_cell
from QPerfusionLogic.io.files.output_folder import MARKER, check_writable, writing_file

from .manifest import Manifest
from .study_job import DONE, FLOW_COLUMNS, SUMMED_UP

WRONG = "wrong row"
WAITING = "not run"
FLOWS = tuple(f"{prefix}{column}" for prefix in SUMMED_UP.values() for column in FLOW_COLUMNS)
COLUMNS = ("id", "status", *FLOWS, "warnings", "seconds", "message")


def open_folder(output: Path) -> None:
    """Make the output folder and mark it as ours, so that a cohort that was cut can go on in it.

    Raises
    ------
    OutputError
        When it cannot be written or holds somebody else's files.
    """
    check_writable(output)
    with writing_file(output / MARKER) as beside:
        beside.write_text(json.dumps({"software": {"qperfusion": __version__}}) + "\n", encoding="utf-8")


def write_tables(output: Path, manifest: Manifest, outcomes: dict[str, dict[str, Any]]) -> None:
    """Write cohort.csv and segments.csv; studies that were not run yet and wrong rows are in the first."""
    rows = [_row(study.id, outcomes.get(study.id)) for study in manifest.studies]
    rows += [{"id": row.id, "status": WRONG, "message": f"line {row.line}: {row.message}"} for row in manifest.wrong]
    _write(output / "cohort.csv", COLUMNS, rows)
    segments: list[dict[str, str]] = []
    for name, outcome in outcomes.items():
        if outcome["status"] == DONE:
            segments += [{"study": name, **row} for row in _segments(output / "studies" / name / "segments.csv")]
    if segments:
        columns = tuple(dict.fromkeys(name for row in segments for name in row))
        _write(output / "segments.csv", columns, segments)


def _row(name: str, outcome: dict[str, Any] | None) -> dict[str, Any]:
    if outcome is None:
        return {"id": name, "status": WAITING}
    return {**outcome, **outcome.get("flows", {}), "warnings": " ".join(outcome.get("warnings", []))}


def _segments(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _write(path: Path, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: safe_cell(value) for name, value in row.items()} for row in rows)
    with writing_file(path) as beside:
        beside.write_text(stream.getvalue(), encoding="utf-8")
