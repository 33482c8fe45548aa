"""One study of a cohort, as a worker process does it: quantified, never failing loudly, summed up in a dictionary."""

from __future__ import annotations

import csv
import hashlib
import json
import time
import traceback
from pathlib import Path
from typing import Any

from QPerfusionLogic import __version__
from QPerfusionLogic.errors import CancelledError, QPerfusionError
from QPerfusionLogic.io.files.output_folder import writing_file
from QPerfusionLogic.io.results.checksums import is_whole
from QPerfusionLogic.progress import Progress

from .manifest import StudyRow

DONE, FAILED = "done", "failed"
FLOW_COLUMNS = ("stress_mbf", "rest_mbf", "mpr")
RowName = tuple[str, str]
SUMMED_UP: dict[RowName, str] = {
    ("all", "global"): "",
    ("LAD", "vessel"): "lad_",
    ("LCX", "vessel"): "lcx_",
    ("RCA", "vessel"): "rca_",
}
"""(territory, layer) of a row of segments.csv -> prefix of its columns in cohort.csv."""


def run_study(row: StudyRow, output: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Quantify one study into `output`/studies/ID and note how it went in `output`/state/ID.json.

    Parameters
    ----------
    row : StudyRow
        The study.
    output : Path
        Folder of the cohort.
    progress : Progress, optional
        Progress and cancel, where the study runs in the process of its user.

    Returns
    -------
    dict
        id, status ("done" or "failed"), message, seconds, fingerprint, flows by column, warnings (codes).
    """
    from QPerfusionLogic.workflow.quantification import quantify

    folder = Path(output) / "studies" / row.id
    started = time.perf_counter()
    outcome: dict[str, Any] = {"id": row.id, "status": DONE, "message": "", "fingerprint": study_fingerprint(row)}
    try:
        quantify(row.request, folder, row.settings, progress)
        outcome |= {"flows": flows_of(folder), "warnings": warnings_of(folder)}
    except CancelledError:
        raise
    except QPerfusionError as error:
        outcome |= {"status": FAILED, "message": " ".join(str(error).split())}
    except Exception as error:
        # A study that breaks the program must not take the others with it; its traceback is kept for the report.
        outcome |= {"status": FAILED, "message": f"{type(error).__name__}: {' '.join(str(error).split())}"}
        outcome["traceback"] = traceback.format_exc()
    outcome["seconds"] = round(time.perf_counter() - started, 2)
    with writing_file(state_file(output, row.id)) as beside:
        beside.write_text(json.dumps(outcome, indent=1) + "\n", encoding="utf-8")
    return outcome


def earlier_outcome(row: StudyRow, output: Path) -> dict[str, Any] | None:
    """Return the outcome of an earlier run that finished this very study, None where it has to be run."""
    try:
        outcome: Any = json.loads(state_file(output, row.id).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(outcome, dict) or outcome.get("status") != DONE:
        return None
    unchanged = outcome.get("fingerprint") == study_fingerprint(row)
    return outcome if unchanged and is_whole(Path(output) / "studies" / row.id) else None


def state_file(output: Path, name: str) -> Path:
    """Return where the outcome of a study is noted."""
    return Path(output) / "state" / f"{name}.json"


def study_fingerprint(row: StudyRow) -> str:
    """Return a hash of inputs (paths, sizes, times of change), settings and version: what decides the result."""
    files: list[tuple[str, str, int, int]] = []
    for name, path in sorted(row.request.given.items()):
        found = sorted(item for item in path.rglob("*") if item.is_file()) if path.is_dir() else [path]
        for item in found:
            status = item.stat()
            files.append((name, str(item), status.st_size, status.st_mtime_ns))
    content = json.dumps([__version__, files, row.settings.as_dictionary()], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def flows_of(folder: Path) -> dict[str, str]:
    """Return flow of the whole heart and the vessels from segments.csv, as written there; empty without a report."""
    try:
        with (folder / "segments.csv").open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
    except FileNotFoundError:
        return {}
    flows: dict[str, str] = {}
    for row in rows:
        prefix = SUMMED_UP.get((row["territory"], row["layer"]))
        if prefix is not None:
            flows |= {f"{prefix}{column}": row[column] for column in FLOW_COLUMNS}
    return flows


def warnings_of(folder: Path) -> list[str]:
    """Return the codes of warnings.json but for plain notes, each with its state: "stress:aif-saturated"."""
    notices = json.loads((folder / "warnings.json").read_text(encoding="utf-8"))
    codes = (f"{item['state']}:{item['code']}".strip(":") for item in notices if item["severity"] != "note")
    return list(dict.fromkeys(codes))
