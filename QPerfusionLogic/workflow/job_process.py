"""A run of the pipeline as a file for a background process: study, settings, earlier result, edits."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

from QPerfusionLogic.data.arrays import BoolArray
from QPerfusionLogic.data.results import StateResult, StudyResult
from QPerfusionLogic.data.series import State
from QPerfusionLogic.data.study import LabelMap, PerfusionStudy
from QPerfusionLogic.errors import CancelledError, QPerfusionError
from QPerfusionLogic.io.files.bundle import read_bundle, write_bundle
from QPerfusionLogic.io.files.output_folder import check_writable
from QPerfusionLogic.pipeline.job import FROM_EDITS, Edits, Job
from QPerfusionLogic.pipeline.pipeline import Pipeline
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import STAGES, Settings

from .failures import failure_of
from .quantification import write_study
from .terminal import Terminal
from .watched_process import end_when_unwatched


def run_job(job: Job, progress: Progress | None = None) -> StudyResult:
    """Run a job in this process and return its result; writes the output folder when the job names one.

    Raises
    ------
    QPerfusionError
        When the study or the settings cannot be used.
    """
    progress = progress or Progress()
    if job.digital_patient:
        return _digital_patient(progress)
    settings = Settings.from_dictionary(job.settings)
    if job.output:
        check_writable(Path(job.output))
    share = 0.85 if job.output else 1.0
    result = _computed(job, settings, progress.part(0.0, share))
    if job.output:
        reported = not job.stop_after or job.stop_after == STAGES[-1]
        result = write_study(
            result, Path(job.output), settings, progress.part(share, 1.0), report=reported, t1_map=job.study.t1_map
        )
    return result


def _computed(job: Job, settings: Settings, progress: Progress) -> StudyResult:
    if job.earlier is None:
        return Pipeline(settings).run(job.study, progress, stop_after=job.stop_after)
    if job.resume_from != FROM_EDITS:
        first = _not_after_edits(job)
        earlier = _edited(job, settings) if STAGES.index(first) > STAGES.index("segmentation") else job.earlier
        return Pipeline(settings).run(job.study, progress, earlier, first, job.stop_after)
    states = dict(_edited(job, settings).states)
    for index, (state, edits) in enumerate(job.edits.items()):
        stress, rest = (job.study.acquisition(one) if one == state else None for one in (State.STRESS, State.REST))
        alone = PerfusionStudy(stress, rest, job.study.t1_map)
        part = progress.part(index / len(job.edits), (index + 1) / len(job.edits))
        earlier = StudyResult({state: states[state]})
        found = Pipeline(settings).run(alone, part, earlier, edits.first_stage, job.stop_after)
        states[state] = found.states[state]
    if job.stop_after:
        return StudyResult(states, job.earlier.provenance)
    return Pipeline(settings).run(job.study, Progress(), StudyResult(states), STAGES[-1])


def _digital_patient(progress: Progress) -> StudyResult:
    from .sample_data import small_study

    study = small_study(progress)
    return StudyResult({state: StateResult(state, study.acquisition(state)) for state in study.states})


def _not_after_edits(job: Job) -> str:
    """Return the stage to resume from: the wanted one, or an earlier one that an edit has an effect on."""
    wanted = job.resume_from or STAGES[0]
    stages = (wanted, *(edits.first_stage for edits in job.edits.values() if edits.first_stage))
    return min(stages, key=STAGES.index)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the job in a file and write its result to another; progress and errors as JSON lines on standard output."""
    parser = argparse.ArgumentParser(description="Run a job of the Slicer panel.")
    parser.add_argument("job", type=Path)
    parser.add_argument("result", type=Path)
    options = parser.parse_args(arguments)
    end_when_unwatched()
    terminal = Terminal(as_json=True)
    try:
        result = run_job(read_bundle(options.job, Job), terminal.progress())
        write_bundle(options.result, result)
    except KeyboardInterrupt:
        return CancelledError.exit_code
    except Exception as error:
        terminal.say("", **failure_of(error))
        return error.exit_code if isinstance(error, QPerfusionError) else 1
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
    if edits.labels is not None or edits.insertion_points is not None:
        from QPerfusionLogic.segmentation.logic import SegmentationLogic

        labels, points = edits.labels, edits.insertion_points
        if labels is None and segmented is not None:
            labels = LabelMap(segmented.labels, registered.series.geometry, segmented.source)
        if points is None and segmented is not None:
            points = segmented.insertion_points
        segmented = SegmentationLogic(settings.segmentation).run(registered, labels, insertion_points=points)
    if edits.aif_region is not None and segmented is not None:
        segmented = dataclasses.replace(segmented, aif_region=edits.aif_region)
    return dataclasses.replace(result, registered=registered, segmented=segmented)


def _reasons(before: tuple[tuple[str, ...], ...], kept: BoolArray) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple("" if keep else reason or "excluded by hand" for keep, reason in zip(row, reasons, strict=True))
        for row, reasons in zip(kept.tolist(), before, strict=True)
    )


if __name__ == "__main__":
    sys.exit(main())
