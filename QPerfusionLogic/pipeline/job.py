"""A run of the pipeline as one object: study, settings, earlier result, edits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.data.results import StudyResult
from QPerfusionLogic.data.series import State
from QPerfusionLogic.data.study import LabelMap, PerfusionStudy

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
