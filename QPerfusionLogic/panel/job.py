"""A run of the cascade as a file for a background process: study, settings, earlier result, edits."""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from QPerfusionLogic.cascade import Cascade
from QPerfusionLogic.errors import CancelledError, QPerfusionError
from QPerfusionLogic.output_folder import check_writable
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.session import write_study
from QPerfusionLogic.settings import Settings
from QPerfusionLogic.study import BoolArray, FloatArray, LabelMap, PerfusionStudy, State, StateResult, StudyResult
from QPerfusionLogic.terminal import Terminal

from .bundle import read_bundle, write_bundle


@dataclass(frozen=True)
class Edits:
    """What a user changed in the result of one state; None where nothing was touched.

    Parameters
    ----------
    labels : LabelMap, optional
        Contours as edited.
    insertion_points : (slices, 2, 2) array, optional
        (anterior, inferior) as (row, column) in pixels.
    kept : (frames, slices) bool array, optional
        False for frames excluded by hand.
    """

    labels: LabelMap | None = None
    insertion_points: FloatArray | None = None
    kept: BoolArray | None = None

    @property
    def first_stage(self) -> str:
        """The first stage that depends on these edits, "" when there are none."""
        if self.labels is not None or self.insertion_points is not None:
            return "segmentation"
        return "aif" if self.kept is not None else ""


@dataclass(frozen=True)
class Job:
    """One run.

    Parameters
    ----------
    settings : dict
        `Settings.as_dictionary()`.
    output : str
        Folder for report, tables and images; "" for none.
    earlier : StudyResult, optional
        Result to resume from.
    edits : dict
        State -> edits of `earlier`.
    """

    study: PerfusionStudy
    settings: dict[str, Any] = field(default_factory=dict)
    output: str = ""
    resume_from: str = ""
    stop_after: str = ""
    earlier: StudyResult | None = None
    edits: dict[State, Edits] = field(default_factory=dict)


def run_job(job: Job, progress: Progress | None = None) -> StudyResult:
    """Run a job in this process and return its result; writes the output folder when the job names one.

    Raises
    ------
    QPerfusionError
        When the study or the settings cannot be used.
    """
    progress = progress or Progress()
    settings = Settings.from_dictionary(job.settings)
    if job.output:
        check_writable(Path(job.output))
    earlier = _edited(job, settings) if job.earlier is not None else None
    resume_from = job.resume_from
    if resume_from == "segmentation" and earlier is not None and any(edits.first_stage for edits in job.edits.values()):
        # The edits are the segmentation; what is left to do begins after it.
        resume_from = "aif"
    share = 0.85 if job.output else 1.0
    result = Cascade(settings).run(job.study, progress.part(0.0, share), earlier, resume_from, job.stop_after)
    if job.output:
        result = write_study(result, Path(job.output), settings, progress.part(share, 1.0), report=not job.stop_after)
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the job in a file and write its result to another; progress and errors as JSON lines on standard output."""
    parser = argparse.ArgumentParser(description="Run a job of the Slicer panel.")
    parser.add_argument("job", type=Path)
    parser.add_argument("result", type=Path)
    options = parser.parse_args(arguments)
    terminal = Terminal(as_json=True)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        result = run_job(read_bundle(options.job, Job), terminal.progress())
        write_bundle(options.result, result)
    except QPerfusionError as error:
        terminal.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        terminal.error(CancelledError())
        return CancelledError.exit_code
    return 0


def _edited(job: Job, settings: Settings) -> StudyResult:
    """Return the earlier result with the user's edits in it."""
    assert job.earlier is not None
    states = {
        state: _edited_state(result, job.edits[state], settings) if state in job.edits else result
        for state, result in job.earlier.states.items()
    }
    return dataclasses.replace(job.earlier, states=states)


def _edited_state(result: StateResult, edits: Edits, settings: Settings) -> StateResult:
    registered, segmented = result.registered, result.segmented
    if registered is None:
        return result
    if edits.kept is not None:
        registered = dataclasses.replace(registered, kept=edits.kept, reason=_reasons(registered.reason, edits.kept))
    if edits.first_stage == "segmentation":
        from QPerfusionLogic.segmentation import SegmentationLogic

        labels, points = edits.labels, edits.insertion_points
        if labels is None and segmented is not None:
            labels = LabelMap(segmented.labels, registered.series.geometry, segmented.source)
        if points is None and segmented is not None:
            points = segmented.insertion_points
        segmented = SegmentationLogic(settings.segmentation).run(registered, labels, insertion_points=points)
    return dataclasses.replace(result, registered=registered, segmented=segmented)


def _reasons(before: tuple[tuple[str, ...], ...], kept: BoolArray) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple("" if keep else reason or "excluded by hand" for keep, reason in zip(row, reasons, strict=True))
        for row, reasons in zip(kept.tolist(), before, strict=True)
    )


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
