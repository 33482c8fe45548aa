"""A result in the scene, with what the user edited in it, as a job that goes on from there."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.panel.job import Edits, Job
from QPerfusionLogic.study import (
    BoolArray,
    PerfusionSeries,
    PerfusionStudy,
    Registered,
    SeriesKind,
    State,
    StateResult,
    StudyResult,
)

from .filling import SceneStudy
from .finding import study_named
from .landmarks import insertion_points_of
from .marks import read_note
from .reading import StateNodes, study_from_scene
from .segmentations import labels_of
from .sequences import series_of
from .tables import column_values

FROM_EDITS = "segmentation"
"""Stage to resume from after an edit of contours, insertion points or frames."""


def job_to_resume(
    scene: Any, name: str, settings: dict[str, Any], output: str = "", resume_from: str = FROM_EDITS
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
    resume_from : str
        "registration" computes everything again from the raw series; any later stage keeps the registered series and
        takes contours, insertion points and kept frames as they are in the scene now.

    Raises
    ------
    InputError
        When the study is not in the scene, or a node that is needed was deleted.
    """
    found = study_named(scene, name)
    if found is None:
        raise InputError(f"no study {name!r} in the scene", action="run the study first")
    study = _study_of(found)
    if resume_from in ("", "superresolution", "registration"):
        return Job(study, settings, output)
    states = {state: StateResult(state, study.acquisition(state), _registered(found, state)) for state in study.states}
    edits = {state: _edits(found, states[state]) for state in study.states}
    return Job(study, settings, output, FROM_EDITS, "", StudyResult(states), edits)


def _study_of(found: SceneStudy) -> PerfusionStudy:
    return study_from_scene(_nodes_of(found, State.STRESS), _nodes_of(found, State.REST), found.node("t1_map"))


def _nodes_of(found: SceneStudy, state: State) -> StateNodes:
    aif = found.node("aif", state) or found.node("table:given_aif", state)
    return StateNodes(found.node("tissue", state), aif, None, found.node("pre_bolus", state))


def _registered(found: SceneStudy, state: State) -> Registered:
    sequence = _needed(found, "registered", state)
    series = series_of(sequence, SeriesKind.TISSUE, state)
    kept, reason = _frames(_needed(found, "table:frames", state), series)
    displacement = read_note(sequence, "DisplacementMm")
    shape = (series.frames, series.slices, 1, 1, 2)
    return Registered(
        series,
        np.array(displacement, dtype=np.float32) if displacement is not None else np.zeros(shape, np.float32),
        kept,
        reason,
        np.array(read_note(sequence, "HeartCentre") or np.full((series.slices, 2), np.nan).tolist(), dtype=float),
    )


def _frames(table: Any, series: PerfusionSeries) -> tuple[BoolArray, tuple[tuple[str, ...], ...]]:
    kept = np.array(column_values(table, "kept")).astype(bool)
    reasons = column_values(table, "reason")
    shape = (series.frames, series.slices)
    if kept.size != series.frames * series.slices:
        raise InputError(f"{kept.size} rows in {table.GetName()}", expected=f"{series.frames * series.slices}")
    rows = np.array(reasons, dtype=object).reshape(shape)
    return kept.reshape(shape), tuple(tuple(str(cell) for cell in row) for row in rows)


def _edits(found: SceneStudy, result: StateResult) -> Edits:
    assert result.registered is not None
    series = result.registered.series
    segmentation = _needed(found, "segmentation", result.state)
    labels = labels_of(segmentation, series.geometry, series.image_shape)
    points = found.node("insertion_points", result.state)
    return Edits(
        dataclasses.replace(labels, source=segmentation.GetAttribute("QPerfusion.Source") or "edited"),
        insertion_points_of(points, series.geometry) if points is not None else None,
        result.registered.kept,
    )


def _needed(found: SceneStudy, role: str, state: State) -> Any:
    node = found.node(role, state)
    if node is None:
        raise InputError(
            f"no {role.removeprefix('table:')} of {state} in the study {found.name}",
            action="run the study again from its series",
        )
    return node
