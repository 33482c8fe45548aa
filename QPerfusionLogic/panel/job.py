"""A run of the cascade as a file for a background process: study, settings, earlier result, edits."""

from __future__ import annotations

import argparse
import dataclasses
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
from QPerfusionLogic.settings import STAGES, Settings
from QPerfusionLogic.study import BoolArray, FloatArray, LabelMap, PerfusionStudy, State, StateResult, StudyResult
from QPerfusionLogic.terminal import Terminal

from .bundle import read_bundle, write_bundle
from .failures import failure_of
from .watched import end_when_unwatched

FROM_EDITS = "edits"
"""Resume where the first edit of the user has an effect, in the states that were edited."""


@dataclass(frozen=True)
class Edits:
    """What a user changed in the result of one state; None where nothing was touched.

    Parameters
    ----------
    labels : LabelMap, optional
        Contours as edited.
    insertion_points : (slices, 2, 2) array, optional
        (anterior, inferior) as (row, column) in pixels.
    aif_region : (slices, rows, columns) bool array, optional
        Blood pixels that the arterial input is read from.
    kept : (frames, slices) bool array, optional
        False for frames excluded by hand.
    time_s : (frames, slices) array, optional
        Frame times as edited.
    arterial_mmol_l : (n,) array, optional
        The arterial input as edited.
    """

    labels: LabelMap | None = None
    insertion_points: FloatArray | None = None
    aif_region: BoolArray | None = None
    kept: BoolArray | None = None
    time_s: FloatArray | None = None
    arterial_mmol_l: FloatArray | None = None

    @property
    def of_segmentation(self) -> bool:
        """Whether contours, points or AIF region were edited."""
        return any(item is not None for item in (self.labels, self.insertion_points, self.aif_region))

    @property
    def first_stage(self) -> str:
        """The first stage to compute again, "" when there are no edits; edited contours are the segmentation."""
        if self.of_segmentation or self.kept is not None or self.time_s is not None:
            return "aif"
        return "kinetics" if self.arterial_mmol_l is not None else ""


@dataclass(frozen=True)
class Job:
    """One run.

    Parameters
    ----------
    settings : dict
        `Settings.as_dictionary()`.
    output : str
        Folder for report, tables and images; "" for none.
    resume_from, stop_after : str
        Stages, "" for the first and the last; `FROM_EDITS` resumes where the edits have an effect.
    earlier : StudyResult, optional
        Result to resume from, frames, times and AIF as they are now.
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
    digital_patient: bool = False
    """Simulate a study instead of computing one: the result holds its acquisitions."""


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
        return Cascade(settings).run(job.study, progress, stop_after=job.stop_after)
    if job.resume_from != FROM_EDITS:
        first = _not_after_edits(job)
        earlier = _edited(job, settings) if STAGES.index(first) > STAGES.index("segmentation") else job.earlier
        return Cascade(settings).run(job.study, progress, earlier, first, job.stop_after)
    states = dict(_edited(job, settings).states)
    for index, (state, edits) in enumerate(job.edits.items()):
        stress, rest = (job.study.acquisition(one) if one == state else None for one in (State.STRESS, State.REST))
        alone = PerfusionStudy(stress, rest, job.study.t1_map)
        part = progress.part(index / len(job.edits), (index + 1) / len(job.edits))
        earlier = StudyResult({state: states[state]})
        found = Cascade(settings).run(alone, part, earlier, edits.first_stage, job.stop_after)
        states[state] = found.states[state]
    if job.stop_after:
        return StudyResult(states, job.earlier.provenance)
    return Cascade(settings).run(job.study, Progress(), StudyResult(states), STAGES[-1])


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
        from QPerfusionLogic.segmentation import SegmentationLogic

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
