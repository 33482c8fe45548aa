"""The stages in their order: the only place that knows what comes after what."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import OUTPUT_OF_STAGE, StateResult, StudyResult
from QPerfusionLogic.data.series import State
from QPerfusionLogic.data.study import PerfusionStudy
from QPerfusionLogic.errors import SettingsError
from QPerfusionLogic.io.results.provenance import provenance_of
from QPerfusionLogic.io.results.superresolved_files import use_superresolved
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import STAGES, Settings

_LOGGER = logging.getLogger(__name__)
SHARES = {
    "superresolution": 0.02,
    "registration": 0.38,
    "segmentation": 0.15,
    "aif": 0.05,
    "conversion": 0.10,
    "kinetics": 0.25,
    "reporting": 0.05,
}
"""Share of the running time that each stage takes on the progress bar."""


class Pipeline:
    """Run the stages of the pipeline on a study, all or some of them.

    Parameters
    ----------
    settings : Settings
        One object for all stages.

    Examples
    --------
    >>> Pipeline().run(PerfusionStudy()).states
    {}
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self._stages: dict[str, Callable[[PerfusionStudy, StateResult, Progress], StateResult]] = {
            "superresolution": self._superresolve,
            "registration": self._register,
            "segmentation": self._segment,
            "aif": self._correct_aif,
            "conversion": self._convert,
            "kinetics": self._map,
        }

    def run(
        self,
        study: PerfusionStudy,
        progress: Progress | None = None,
        earlier: StudyResult | None = None,
        resume_from: str = "",
        stop_after: str = "",
    ) -> StudyResult:
        """Run the stages from `resume_from` to `stop_after`.

        Parameters
        ----------
        study : PerfusionStudy
            The loaded study.
        progress : Progress, optional
            Updated at every stage; raises `CancelledError` after a cancel.
        earlier : StudyResult, optional
            Result of an earlier run (perhaps edited), needed with `resume_from`.
        resume_from, stop_after : str
            Names of stages; empty for the first and the last.

        Returns
        -------
        StudyResult
            Everything up to the last stage run.

        Raises
        ------
        SettingsError
            When a stage is unknown, or the earlier result lacks what the first stage needs.
        """
        progress = progress or Progress()
        names = stages_between(resume_from, stop_after)
        states = {state: StateResult(state, study.acquisition(state)) for state in study.states}
        seconds: dict[str, float] = {}
        if resume_from and names:
            states = {state: _before(names[0], states[state], earlier) for state in states}
        if names and "superresolution" not in names and self.settings.superresolution.mode != "none":
            # Later stages work on the super-resolved series; output folders of earlier versions do not hold it.
            states = {
                state: result if result.superresolved else self._superresolve(study, result, Progress())
                for state, result in states.items()
            }
        total = sum(SHARES[name] for name in names)
        done = 0.0
        for name in names:
            if name == "reporting":
                continue
            stage_progress = progress.part(done / total, (done + SHARES[name]) / total)
            started = time.perf_counter()
            for index, state in enumerate(states):
                state_progress = stage_progress.part(index / len(states), (index + 1) / len(states))
                state_progress.update(0.0, f"{name}, {state}")
                states[state] = self._stages[name](study, states[state], state_progress)
            seconds[name] = time.perf_counter() - started
            _LOGGER.info("%s of %s: %.1f s", name, " and ".join(states) or "nothing", seconds[name])
            done += SHARES[name]
        result = self._finish(study, states, seconds)
        for notice in result.notices:
            _LOGGER.info("notice %s (%s) of %s %s", notice.code, notice.severity, notice.stage, notice.state)
        if self.settings.aif.compare and "kinetics" in names:
            from .aif_comparison import with_comparison

            result = with_comparison(study, result, self.settings, progress.part(1.0, 1.0))
        return result

    def _finish(
        self, study: PerfusionStudy, states: dict[State, StateResult], seconds: dict[str, float]
    ) -> StudyResult:
        """Return the study result: stress and rest aligned, reserve mapped, notices and provenance gathered."""
        from .comparability import comparability
        from .reserve import mpr_map

        displacement, alignment_notices = _stress_to_rest(states)
        result = StudyResult(
            states=states,
            provenance=provenance_of(study, states, self.settings),
            seconds={name: round(value, 3) for name, value in seconds.items()},
            notices=(*_all_notices(study, states), *alignment_notices),
            stress_to_rest_mm=displacement,
        )
        check = comparability(result)
        if check is not None:
            result = dataclasses.replace(result, notices=(*result.notices, *check.notices()))
        stress, rest = states.get(State.STRESS), states.get(State.REST)
        if stress is None or rest is None or stress.mapped is None or rest.mapped is None:
            return result
        return dataclasses.replace(result, mpr_map=mpr_map(stress, rest))

    def _superresolve(self, study: PerfusionStudy, result: StateResult, progress: Progress) -> StateResult:
        if self.settings.superresolution.mode == "none":
            return result
        from QPerfusionLogic.superresolution.logic import SuperresolutionLogic

        found = SuperresolutionLogic(self.settings.superresolution).resolve(result.acquisition.tissue, progress)
        return use_superresolved(result, found)

    def _register(self, study: PerfusionStudy, result: StateResult, progress: Progress) -> StateResult:
        from QPerfusionLogic.registration.logic import RegistrationLogic

        found = RegistrationLogic(self.settings.registration).run(result.acquisition.tissue, progress)
        return dataclasses.replace(result, registered=found)

    def _segment(self, study: PerfusionStudy, result: StateResult, progress: Progress) -> StateResult:
        from QPerfusionLogic.segmentation.logic import SegmentationLogic

        assert result.registered is not None
        logic = SegmentationLogic(self.settings.segmentation)
        return dataclasses.replace(result, segmented=logic.run(result.registered, result.acquisition.mask, progress))

    def _correct_aif(self, study: PerfusionStudy, result: StateResult, progress: Progress) -> StateResult:
        from QPerfusionLogic.aif.logic import AifCorrectionLogic

        logic = AifCorrectionLogic(
            self.settings.aif, self.settings.conversion, self.settings.segmentation.aif_percentile
        )
        return dataclasses.replace(result, arterial_input=logic.run(result, progress))

    def _convert(self, study: PerfusionStudy, result: StateResult, progress: Progress) -> StateResult:
        from QPerfusionLogic.conversion.logic import ConversionLogic

        logic = ConversionLogic(self.settings.conversion)
        return dataclasses.replace(result, concentration=logic.run(result, study.t1_map, progress))

    def _map(self, study: PerfusionStudy, result: StateResult, progress: Progress) -> StateResult:
        from .flow_mapping import map_flow

        return dataclasses.replace(result, mapped=map_flow(result, self.settings.kinetics, progress))


def stages_between(resume_from: str = "", stop_after: str = "") -> tuple[str, ...]:
    """Return the names of the stages to run, in order.

    Raises
    ------
    SettingsError
        When a stage is unknown or the order is reversed.

    Examples
    --------
    >>> stages_between("aif", "kinetics")
    ('aif', 'conversion', 'kinetics')
    """
    for name in (resume_from, stop_after):
        if name and name not in STAGES:
            raise SettingsError(f"stage {name!r}", expected=f"one of {', '.join(STAGES)}")
    first = STAGES.index(resume_from) if resume_from else 0
    last = STAGES.index(stop_after) if stop_after else len(STAGES) - 1
    if last < first:
        raise SettingsError(
            f"a run from {resume_from} that stops after {stop_after}", expected="a stage that is not before it"
        )
    return STAGES[first : last + 1]


def _before(first_stage: str, fresh: StateResult, earlier: StudyResult | None) -> StateResult:
    """Return the earlier result of one state, with everything from `first_stage` on taken out."""
    needed = [OUTPUT_OF_STAGE[name] for name in STAGES[: STAGES.index(first_stage)] if name in OUTPUT_OF_STAGE]
    found = earlier.states.get(fresh.state) if earlier is not None else None
    missing = [name for name in needed if found is None or getattr(found, name) is None]
    if missing:
        raise SettingsError(
            f"no {', '.join(missing)} of {fresh.state} to resume from at {first_stage}",
            expected="the output of an earlier run",
            action="run from the beginning, or give the folder of that run",
            option="without --resume-from, or --output FOLDER",
        )
    if first_stage != STAGES[0] and found is not None and found.superresolved is not None:
        fresh = use_superresolved(fresh, found.superresolved)
    return dataclasses.replace(fresh, **{name: getattr(found, name) for name in needed})


def _stress_to_rest(states: dict[State, StateResult]) -> tuple[FloatArray | None, tuple[Notice, ...]]:
    """Return the displacement that aligns rest to stress, None where the two cannot be compared pixel by pixel."""
    stress, rest = states.get(State.STRESS), states.get(State.REST)
    if stress is None or rest is None or stress.registered is None or rest.registered is None:
        return None, ()
    from QPerfusionLogic.registration.alignment import align_stress_to_rest, grids_differ

    if stress.registered.series.image_shape != rest.registered.series.image_shape:
        return None, (grids_differ(stress.registered.series, rest.registered.series),)
    return align_stress_to_rest(stress.registered, rest.registered)


def _all_notices(study: PerfusionStudy, states: dict[State, StateResult]) -> tuple[Notice, ...]:
    """Return the notices of the input and of every stage, each marked with its stage and state."""
    found = list(study.notices)
    for state, result in states.items():
        acquisition = result.acquisition
        for series in (acquisition.tissue, acquisition.aif_series, acquisition.pre_bolus):
            if series is not None:
                found.extend(_marked(series.notices, "loading", state))
        for stage, name in OUTPUT_OF_STAGE.items():
            output = getattr(result, name)
            if output is not None:
                found.extend(_marked(output.notices, stage, state))
    return tuple(dict.fromkeys(found))


def _marked(notices: tuple[Notice, ...], stage: str, state: State) -> list[Notice]:
    return [
        dataclasses.replace(notice, stage=notice.stage or stage, state=notice.state or str(state)) for notice in notices
    ]
