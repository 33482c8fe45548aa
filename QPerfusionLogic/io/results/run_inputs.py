"""The inputs of a run, kept in its output folder so that a resumed run reads the same ones."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from QPerfusionLogic.data.study import PerfusionStudy
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.plain_json import one_line, read_plain, write_json
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.settings.schema import STAGES

from .provenance import input_hashes

FILE = "inputs.json"
"""Field of `StudyRequest` -> path from the output folder; the only file of it that names a path."""
USED_BY = {
    "tissue": "superresolution",
    "mask": "segmentation",
    "aif_series": "aif",
    "aif_curve": "aif",
    "pre_bolus": "aif",
    "t1_map": "conversion",
}
"""Part of a study -> the first stage that uses it."""
WORDS = {"tissue": "series", "aif_series": "AIF series", "aif_curve": "AIF curve", "t1_map": "T1 map"}
STATES = ("stress", "rest")


def write_run_inputs(inputs: Mapping[str, Path], folder: Path, output: Path) -> None:
    """Write the paths of a run's inputs into `folder`, as seen from `output`, where that folder will be moved to."""
    write_json(folder / FILE, {name: _seen_from(Path(path), output) for name, path in inputs.items()})


def with_earlier_inputs(request: StudyRequest, output: Path) -> StudyRequest:
    """Return the request with the inputs of the earlier run in `output` where it names none itself.

    Raises
    ------
    InputError
        When a remembered input is no longer there.
    """
    if not (output / FILE).exists():
        return request
    names = {item.name for item in dataclasses.fields(StudyRequest)}
    with one_line(output / FILE):
        kept = {name: Path(output, path) for name, path in read_plain(output / FILE).items() if name in names}
    replaced = {"stress", "rest"} if request.study is not None else set()
    kept = {name: path for name, path in kept.items() if name not in request.given and name not in replaced}
    for name, path in kept.items():
        if not _exists(path):
            raise InputError(
                f"nothing at {path}, from where the earlier run read its {name.replace('_', ' ')}",
                expected="the inputs of the earlier run",
                action=f"name it again with {'STUDY' if name == 'study' else '--' + name.replace('_', '-')}",
            )
    return dataclasses.replace(request, **kept)


def refuse_other_inputs(study: PerfusionStudy, provenance: Mapping[str, Any], resume_from: str) -> None:
    """Raise `InputError` where an input differs from the earlier run's and only a stage that is not run would use it.

    Parameters
    ----------
    provenance : mapping
        That of the earlier run.
    resume_from : str
        First stage to run.
    """
    earlier = dict(provenance.get("inputs", {}))
    earlier["study"] = {"t1_map": earlier.get("t1_map", {})}
    _refuse_other_times(study, earlier, resume_from)
    for where, parts in input_hashes(study).items():
        if where in STATES and where not in earlier:
            continue
        for part, found in parts.items():
            known = earlier.get(where, {}).get(part, {}).get("sha256")
            stage = USED_BY[part]
            if found == known or (part != "tissue" and STAGES.index(stage) >= STAGES.index(resume_from)):
                continue
            of_state = f" of {where}" if where in STATES else ""
            raise InputError(
                f"another {WORDS.get(part, part.replace('_', '-'))}{of_state} than in the earlier run",
                expected=f"the same, since {resume_from} goes on from what {stage} made of it",
                action="run from the beginning" if part == "tissue" else f"resume from {stage}, or leave it out",
            )


def _refuse_other_times(study: PerfusionStudy, earlier: Mapping[str, Any], resume_from: str) -> None:
    """Raise `InputError` where times differ from those of the earlier run; folders of version 0.1 hold none."""
    for where, parts in input_hashes(study, "time_sha256").items():
        for part, found in parts.items():
            known = earlier.get(where, {}).get(part, {}).get("time_sha256")
            is_used_later = part != "tissue" and STAGES.index(USED_BY[part]) >= STAGES.index(resume_from)
            if known is not None and found != known and not is_used_later:
                raise InputError(
                    f"other times of the {WORDS.get(part, part.replace('_', '-'))} of {where} than in the earlier run",
                    expected=f"the same, since {resume_from} goes on from what earlier stages made of them",
                    action="run from the beginning" if part == "tissue" else f"resume from {USED_BY[part]}",
                )


def _exists(path: Path) -> bool:
    with one_line(path):
        return path.exists()


def _seen_from(path: Path, output: Path) -> str:
    try:
        return os.path.relpath(path.resolve(), output.resolve())
    except ValueError:  # another drive of Windows
        return str(path.resolve())
