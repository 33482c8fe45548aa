"""A result in the scene, with what the user edited in it, as a job that goes on from there."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from QPerfusionLogic.data.results import OUTPUT_OF_STAGE, StateResult, StudyResult
from QPerfusionLogic.data.series import State
from QPerfusionLogic.data.study import PerfusionStudy
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.mrml.nodes.marks import read_note
from QPerfusionLogic.mrml.nodes.volumes import image_of
from QPerfusionLogic.pipeline.job import FROM_EDITS, Edits, Job
from QPerfusionLogic.settings.schema import STAGES, Settings

from .filling import SceneStudy
from .finding import study_named
from .reading import StateNodes, study_from_scene
from .restoring import restored
from .used_settings import settings_of

_NODE_OF_OUTPUT = {
    "registered": ("registered", "table:frames"),
    "segmented": ("segmentation",),
    "arterial_input": ("table:aif",),
    "concentration": ("gadolinium",),
    "mapped": ("map:mbf",),
}
"""Output of a stage -> the nodes that hold it."""


def job_to_resume(
    scene: Any,
    name: str,
    settings: dict[str, Any],
    output: str = "",
    resume_from: str = FROM_EDITS,
    stop_after: str = "",
) -> Job:
    """Return the job that computes a study of the scene again from one stage on.

    Parameters
    ----------
    scene : vtkMRMLScene
    name : str
        Name of the study.
    settings : dict
        `Settings.as_dictionary()`.
    output : str
        Folder for report, tables and images; "" for none.
    resume_from, stop_after : str
        Stages. `FROM_EDITS` starts where the first edit of the user has an effect, in the states that were edited.

    Raises
    ------
    InputError
        When the study is not in the scene, a node that is needed was deleted, or nothing was edited.
    """
    found = study_named(scene, name)
    if found is None:
        raise InputError(f"no study {name!r} in the scene", action="run the study first")
    _check_series(found)
    if resume_from != FROM_EDITS:
        _check_nodes(found, resume_from)
    study = _study_of(found)
    parts = {state: restored(found, state, study.acquisition(state)) for state in study.states}
    edits = {state: edit for state, (_, edit) in parts.items() if edit.first_stage}
    if resume_from == FROM_EDITS and not edits:
        raise InputError(
            f"nothing edited in the study {name}",
            expected="edited contours, points, frames, times or AIF",
            action="edit something, or choose the stage to compute again from",
        )
    acquisitions = {str(state): result.acquisition for state, (result, _) in parts.items()}
    study = dataclasses.replace(study, stress=acquisitions.get("stress"), rest=acquisitions.get("rest"))
    earlier = result_of(found, {state: result for state, (result, _) in parts.items()})
    return Job(study, _not_twice(found, settings), output, resume_from, stop_after, earlier, edits)


def job_to_export(scene: Any, name: str, settings: Settings, folder: str, dicom: bool) -> Job:
    """Return the job that writes a study of the scene to a folder, with the settings it was computed with.

    Raises
    ------
    InputError
        When the study is not in the scene, was not computed to its end, or was edited since.
    """
    found = study_named(scene, name)
    if found is None:
        raise InputError(f"no study {name!r} in the scene", action="run the study first")
    _check_series(found)
    if "kinetics" not in stages_done(found):
        raise InputError(f"no flow in the study {name}", action="run the stages up to kinetics first")
    if edits_in(found):
        raise InputError(f"edits in the study {name} that were not computed", action='press "Recompute edits" first')
    own = (settings_of(found) or settings).with_value("reporting.dicom", dicom)
    study, result = result_in_scene(found)
    return Job(study, _not_twice(found, own.as_dictionary()), folder, STAGES[-1], "", result)


def result_in_scene(found: SceneStudy) -> tuple[PerfusionStudy, StudyResult]:
    """Return the study and the result that a study of the scene holds, as the scene has them now."""
    study = _study_of(found)
    states = {state: restored(found, state, study.acquisition(state))[0] for state in study.states}
    return study, result_of(found, states)


def result_of(found: SceneStudy, states: dict[State, StateResult]) -> StudyResult:
    """Return the study result of some states, with what the study's own nodes remember."""
    table = found.node("table:notices")
    reserve = found.node("map:mpr")
    shift = read_note(table, "StressToRestMm") if table is not None else None
    return StudyResult(
        states=states,
        provenance=(read_note(table, "Provenance") or {}) if table is not None else {},
        stress_to_rest_mm=np.array(shift, dtype=float) if shift is not None else None,
        mpr_map=image_of(reserve) if reserve is not None else None,
    )


def stages_done(found: SceneStudy) -> tuple[str, ...]:
    """Return the stages, in order, whose output the scene holds for every state of the study."""
    states = [state for state in (State.STRESS, State.REST) if found.node("tissue", state) is not None]
    return tuple(
        stage
        for stage, output in OUTPUT_OF_STAGE.items()
        if states and all(not _missing(found, output, state) for state in states)
    )


def edits_in(found: SceneStudy) -> dict[State, Edits]:
    """Return what was edited in each state since the study was filled in."""
    study = _study_of(found)
    parts = {state: restored(found, state, study.acquisition(state))[1] for state in study.states}
    return {state: edits for state, edits in parts.items() if edits.first_stage}


def _not_twice(found: SceneStudy, settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings without super-resolution for a study whose series went through it: the scene keeps no other."""
    tissue = [found.node("tissue", state) for state in (State.STRESS, State.REST)]
    if not any(node is not None and read_note(node, "Superresolved") for node in tissue):
        return settings
    return {**settings, "superresolution": {**settings.get("superresolution", {}), "mode": "none"}}


def _missing(found: SceneStudy, output: str, state: State) -> list[str]:
    return [role for role in _NODE_OF_OUTPUT.get(output, ()) if found.node(role, state) is None]


def _check_series(found: SceneStudy) -> None:
    """Raise `InputError` when the series of a state was deleted and its results are still there."""
    for state in (State.STRESS, State.REST):
        if found.node("tissue", state) is None and any(of == str(state) for of, _ in found.nodes):
            raise InputError(
                f"no raw series of {state} in the study {found.name}, whose results are there",
                action=f"load the scene again, or remove the folder {state} of the study too",
            )


def _check_nodes(found: SceneStudy, resume_from: str) -> None:
    """Raise `InputError` when a node of a stage before `resume_from` was deleted."""
    before = STAGES[: STAGES.index(resume_from)] if resume_from in STAGES else ()
    for state in (State.STRESS, State.REST):
        if found.node("tissue", state) is None:
            continue
        for stage in before:
            for role in _missing(found, OUTPUT_OF_STAGE.get(stage, ""), state):
                raise InputError(
                    f"no {role.removeprefix('table:')} of {state} in the study {found.name}",
                    action="run the study again from its series",
                )


def _study_of(found: SceneStudy) -> PerfusionStudy:
    return study_from_scene(_nodes_of(found, State.STRESS), _nodes_of(found, State.REST), found.node("t1_map"))


def _nodes_of(found: SceneStudy, state: State) -> StateNodes:
    aif = found.node("aif", state) or found.node("table:given_aif", state)
    return StateNodes(found.node("tissue", state), aif, None, found.node("pre_bolus", state))
