"""Write a study as DICOM objects: Parametric Maps, Segmentations and a TID 1500 report."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray, LabelArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import StateResult, StudyResult
from QPerfusionLogic.data.series import State
from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.reporting.tables.report import SegmentRow

from .dicom_codes import AHA_TERMS, LABEL_TERMS
from .dicom_images import (
    FIRST_SERIES_NUMBER,
    ObjectIdentity,
    fingerprint_of,
    is_exportable,
    parametric_map,
    segmentation,
)
from .dicom_measurements import measurement_report
from .dicom_sources import SourceFolder, SourceImages

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

LABELS = {"segmentation": LABEL_TERMS, "aha_segments": AHA_TERMS}
"""Kinds of label maps that become DICOM Segmentations -> their terms."""


def export_dicom(
    study: StudyResult,
    rows: Sequence[SegmentRow],
    folder: Path,
    sources: Iterable[Path] = (),
    progress: Progress | None = None,
) -> tuple[Notice, ...]:
    """Write the DICOM objects of a study into a folder.

    Parameters
    ----------
    study : StudyResult
        After kinetics.
    rows : sequence of SegmentRow
        The segment table of the report.
    folder : Path
        Made when absent; files are named by state and content (`stress_mbf.dcm`, `rest_segmentation.dcm`,
        `rest_aha_segments.dcm`, `mpr.dcm`, `measurements.dcm`).
    sources : iterable of Path
        Files and folders that the study was loaded from; objects take patient and study from them.
    progress : Progress, optional
        Updated after every object.

    Returns
    -------
    tuple of Notice
        What could not be written, or belongs to no patient because the input was not DICOM.

    Raises
    ------
    QPerfusionError
        When highdicom cannot make an object from these images.
    """
    progress = progress or Progress()
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    images = SourceFolder(sources)
    found = {state: images.images_of(result.acquisition.tissue) for state, result in study.states.items()}
    notices = [*_made_up_notices(found), *_geometry_notices(study)]
    written: list[Dataset] = []
    number = FIRST_SERIES_NUMBER
    total = sum(1 for _ in _objects(study)) + 1
    for name, state, kind, values in _objects(study):
        result = study.states[state]
        title = f"QPerfusion {name.replace('_', ' ')} (research use only)"
        identity = ObjectIdentity(name, title, number, fingerprint_of(values))
        geometry = result.acquisition.tissue.geometry
        with _explained(name):
            dataset = (
                segmentation(values, LABELS[kind], geometry, found[state], identity, _is_given(result))
                if kind in LABELS
                else parametric_map(kind, values, geometry, found[state], identity)
            )
        if dataset is not None:
            dataset.save_as(folder / f"{name}.dcm")
            written.append(dataset)
        number += 1
        progress.update((number - FIRST_SERIES_NUMBER) / total, f"DICOM {name}")
    if written:
        _write_measurements(study, rows, folder, found, written, number)
    progress.update(1.0, "DICOM written")
    return tuple(notices)


def _objects(study: StudyResult) -> Iterator[tuple[str, State, str, FloatArray | LabelArray]]:
    """Yield file name, state, kind (a key of `LABELS` or a map's name) and array of objects with parallel slices."""
    for state, result in study.states.items():
        if not is_exportable(result.acquisition.tissue.geometry):
            continue
        if result.segmented is not None:
            yield f"{state}_segmentation", state, "segmentation", result.segmented.labels
            yield f"{state}_aha_segments", state, "aha_segments", result.segmented.segments
        if result.mapped is not None:
            for name, values in result.mapped.maps.items():
                if np.isfinite(values).any():
                    yield f"{state}_{name}", state, name, values
    stress = study.states.get(State.STRESS)
    if study.mpr_map is not None and stress is not None and is_exportable(stress.acquisition.tissue.geometry):
        yield "mpr", State.STRESS, "mpr", study.mpr_map


def _write_measurements(
    study: StudyResult,
    rows: Sequence[SegmentRow],
    folder: Path,
    found: dict[State, SourceImages],
    written: Sequence[Dataset],
    number: int,
) -> None:
    state = next(iter(study.states))
    studies = {str(dataset.StudyInstanceUID) for dataset in found[state].datasets}
    evidence = [dataset for dataset in written if str(dataset.StudyInstanceUID) in studies]
    numbers = np.array([[row.stress_mbf, row.rest_mbf, row.mpr] for row in rows])
    identity = ObjectIdentity(
        "measurements", "QPerfusion measurements (research use only)", number, fingerprint_of(np.nan_to_num(numbers))
    )
    models = {str(key): result.mapped.model for key, result in study.states.items() if result.mapped is not None}
    with _explained("measurements"):
        report = measurement_report(rows, found[state], evidence, identity, models)
    if report is not None:
        report.save_as(folder / "measurements.dcm")


@contextlib.contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turn what highdicom refuses into one sentence that names the object and the version."""
    try:
        yield
    except QPerfusionError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        raise QPerfusionError(
            f"{name}.dcm, which highdicom {version('highdicom')} could not make ({type(error).__name__}: {reason})",
            expected="images that highdicom 0.25 or later accepts as the source of the object",
            action="export without DICOM, which writes the report, tables and maps; and report this message",
        ) from error


def _is_given(result: StateResult) -> bool:
    return result.segmented is not None and result.segmented.source == "given"


def _made_up_notices(found: dict[State, SourceImages]) -> list[Notice]:
    return [
        Notice.of(
            "dicom-without-source",
            f"the {state} images did not come from DICOM: the exported objects belong to no patient",
            "give the DICOM series as input to get objects that an archive can file",
            stage="reporting",
            state=str(state),
        )
        for state, sources in found.items()
        if sources.made_up
    ]


def _geometry_notices(study: StudyResult) -> list[Notice]:
    return [
        Notice.of(
            "dicom-slices-not-parallel",
            f"the {state} slices are not parallel: its maps and segmentation were not written as DICOM",
            "use the maps in study.mrb and maps/",
            stage="reporting",
            state=str(state),
        )
        for state, result in study.states.items()
        if not is_exportable(_geometry(result))
    ]


def _geometry(result: StateResult) -> Geometry:
    return result.acquisition.tissue.geometry
