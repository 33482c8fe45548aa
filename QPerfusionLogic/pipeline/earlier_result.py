"""Read an earlier output folder back, with what the user edited in it, so that the pipeline can go on from there."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray, LabelArray
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import (
    OUTPUT_OF_STAGE,
    ArterialInput,
    Concentration,
    Registered,
    Segmented,
    StateResult,
    StudyResult,
)
from QPerfusionLogic.data.series import PerfusionSeries, State
from QPerfusionLogic.data.slice_stacks import in_order_of, on_grid
from QPerfusionLogic.data.study import Acquisition, LabelMap, PerfusionStudy
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.nrrd_files import read_labels, read_map, read_sequence
from QPerfusionLogic.io.files.plain_json import one_line, read_plain
from QPerfusionLogic.io.results.checksums import change_notices, changes_since
from QPerfusionLogic.io.results.mapped_files import read_mapped
from QPerfusionLogic.io.results.stage_records import (
    arterial_input_fields,
    conversion_fields,
    notices_of,
    registration_fields,
    segmentation_fields,
)
from QPerfusionLogic.io.results.superresolved_files import with_superresolved
from QPerfusionLogic.io.results.writer import labels_hash
from QPerfusionLogic.settings.schema import SegmentationSettings, Settings


def read_earlier_result(folder: Path, study: PerfusionStudy, settings: SegmentationSettings) -> StudyResult:
    """Return what an earlier run left in `folder` for the states of `study`.

    Parameters
    ----------
    folder : Path
        Output folder of an earlier run; labels.nrrd and landmarks.json may have been edited since.
    study : PerfusionStudy
        The same input, loaded again.
    settings : SegmentationSettings
        Used to derive segments again when the labels or insertion points were edited.

    Raises
    ------
    InputError
        When the folder is not an output, or a file in it does not belong to this input.
    """
    if not (folder / "provenance.json").exists():
        raise InputError(f"no earlier output in {folder}", expected="a folder with provenance.json")
    provenance = read_plain(folder / "provenance.json")
    changes = changes_since(folder)
    notices = tuple(dict.fromkeys((*_read_notices(folder / "warnings.json"), *change_notices(changes))))
    states = {}
    for state in study.states:
        place = folder / str(state)
        with one_line(place):
            fresh = with_superresolved(StateResult(state, study.acquisition(state)), place, notices)
        read = read_state(place, state, fresh.acquisition, settings)
        found = dataclasses.replace(read, superresolved=fresh.superresolved)
        states[state] = _with_notices(found, notices)
    with one_line(folder / "provenance.json"):
        edited = sorted({*provenance.get("edited", []), *(change.path for change in changes)})
        provenance = {**provenance, "edited": edited}
    return StudyResult(states=states, provenance=provenance, notices=notices)


def _with_notices(result: StateResult, notices: tuple[Notice, ...]) -> StateResult:
    """Return the result with the notices its stages gave when they ran."""
    for stage, name in OUTPUT_OF_STAGE.items():
        output = getattr(result, name)
        if output is not None:
            own = tuple(item for item in notices if item.stage == stage and item.state == str(result.state))
            marked = dataclasses.replace(output, notices=tuple(dict.fromkeys((*own, *output.notices))))
            result = dataclasses.replace(result, **{name: marked})
    return result


def _read_notices(path: Path) -> tuple[Notice, ...]:
    with one_line(path):
        return notices_of(read_plain(path))


def read_result(folder: Path | str) -> StudyResult:
    """Read an output folder: what every stage found, with maps, curves and segments, from the folder alone.

    Parameters
    ----------
    folder : Path or str
        Output folder of `quantify`; labels.nrrd, landmarks.json and frames.csv may have been edited since.

    Returns
    -------
    StudyResult
        The acquisitions hold the registered series, since the images as they were acquired are not in the folder.

    Raises
    ------
    InputError
        When the folder is not an output, was written before registration, or a file in it is damaged.

    Examples
    --------
    >>> read_result("nowhere")
    Traceback (most recent call last):
    ...
    QPerfusionLogic.errors.InputError: found no earlier output in nowhere; expected a folder with provenance.json
    """
    folder = Path(folder)
    stress, rest = (_registered_acquisition(folder, state) for state in (State.STRESS, State.REST))
    settings = _settings_of(folder)
    result = read_earlier_result(folder, PerfusionStudy(stress, rest), settings.segmentation)
    states, notices = {}, list(result.notices)
    for state, found in result.states.items():
        tissue = found.acquisition.tissue
        with one_line(folder / str(state)):
            mapped = read_mapped(folder / str(state), tissue.geometry, tissue.image_shape)
        states[state] = _with_notices(dataclasses.replace(found, mapped=mapped), result.notices)
        if mapped is not None and _is_edited(folder / str(state)):
            notices.append(_edited_since(state))
    reserve = folder / "mpr.nrrd"
    return dataclasses.replace(
        result,
        states=states,
        notices=tuple(notices),
        mpr_map=read_map(reserve)[0] if reserve.exists() else None,
    )


def _settings_of(folder: Path) -> Settings:
    path = folder / "provenance.json"
    return Settings.from_file(path) if path.exists() else Settings()


def _registered_acquisition(folder: Path, state: State) -> Acquisition | None:
    """Return an acquisition with the registered series of a state; None where the folder has none."""
    path = folder / str(state) / "registered.seq.nrrd"
    if not path.exists():
        return None
    found = read_sequence(path)
    if found.time_s is None:
        raise InputError(f"no frame times in {path}", expected="the file of the earlier run")
    return Acquisition(PerfusionSeries(found.values, found.time_s, found.geometry, state=state))


def _edited_since(state: State) -> Notice:
    return Notice.of(
        "edited-since-quantified",
        f"The contours or insertion points of {state} were edited after its flow was computed.",
        "Quantify the study again, resuming from the arterial input, before reading maps and segments together.",
        stage="segmentation",
        state=str(state),
        option="--resume-from aif",
    )


def _is_edited(place: Path) -> bool:
    """Return whether labels or insertion points of a state were edited after they were written."""
    about = read_plain(place / "landmarks.json")
    labels = read_labels(place / "labels.nrrd").labels
    return bool(labels_hash(labels) != about["labels_sha256"] or about.get("edited"))


def read_state(place: Path, state: State, acquisition: Acquisition, settings: SegmentationSettings) -> StateResult:
    """Return the stage outputs of one state; None for stages whose files are not there."""
    with one_line(place):
        return _read_state(place, state, acquisition, settings)


def _read_state(place: Path, state: State, acquisition: Acquisition, settings: SegmentationSettings) -> StateResult:
    registered = _read_registered(place, acquisition) if (place / "registered.seq.nrrd").exists() else None
    segmented = None
    if registered is not None and (place / "labels.nrrd").exists():
        segmented = _read_segmented(place, registered, settings)
    tissue = acquisition.tissue
    return StateResult(
        state=state,
        acquisition=acquisition,
        registered=registered,
        segmented=segmented,
        arterial_input=_read_arterial_input(place) if (place / "aif.csv").exists() else None,
        concentration=_read_concentration(place, acquisition) if (place / "gd.seq.nrrd").exists() else None,
        mapped=read_mapped(place, tissue.geometry, tissue.image_shape) if _has_flow(place) else None,
    )


def _has_flow(place: Path) -> bool:
    """Return whether a folder holds the flow of its labels; folders of version 0.1 do not hold that of segments."""
    return (place / "kinetics.json").exists() and not _is_edited(place)


def _read_registered(place: Path, acquisition: Acquisition) -> Registered:
    tissue = acquisition.tissue
    signal = _images(place / "registered.seq.nrrd", tissue)
    _require_shape(place / "registered.seq.nrrd", signal.shape, tissue.signal.shape)
    proton_density = tissue.proton_density
    if (place / "proton_density.seq.nrrd").exists():
        proton_density = _images(place / "proton_density.seq.nrrd", tissue)
    motion = _images(place / "motion.seq.nrrd", tissue)
    kept, reason = _read_frames(place / "frames.csv", tissue.time_s.shape)
    return Registered(
        series=dataclasses.replace(tissue, signal=signal, proton_density=proton_density),
        displacement_mm=np.einsum("fsrci,ski->fsrck", motion, tissue.geometry.in_plane_axes),
        kept=kept,
        reason=reason,
        **registration_fields(read_plain(place / "registration.json")),
    )


def _images(path: Path, tissue: PerfusionSeries) -> FloatArray:
    """Return the images of a sequence, slices in the order of the input series also when Slicer has saved the file."""
    found = read_sequence(path)
    return in_order_of(found.values, found.geometry, tissue.geometry, axis=1)


def _labels(path: Path, tissue: PerfusionSeries) -> LabelArray:
    """Return labels on the grid of the input series, by their place in the patient."""
    found = read_labels(path)
    labels = on_grid(found.labels, found.geometry or tissue.geometry, tissue.geometry, tissue.image_shape)
    if found.labels.any() and not labels.any():
        raise InputError(f"no label on the input series in {path}", expected="labels drawn on the registered series")
    return labels


def _read_frames(path: Path, shape: tuple[int, ...]) -> tuple[BoolArray, tuple[tuple[str, ...], ...]]:
    """Return which frames were kept (frames, slices) and why not, from a table that a user may have edited."""
    kept = np.ones(shape, dtype=bool)
    reason = [["" for _ in range(shape[1])] for _ in range(shape[0])]
    for row in _read_csv(path):
        try:
            frame, item = int(row["frame"]), int(row["slice"])
            kept[frame, item] = row["kept"] in ("1", "true", "True")
            reason[frame][item] = row["reason"]
        except (KeyError, ValueError, IndexError) as error:
            raise InputError(f"{path}: row {row}", expected="frame,slice,time_s,kept,reason of this series") from error
    return kept, tuple(tuple(row) for row in reason)


def _read_segmented(place: Path, registered: Registered, settings: SegmentationSettings) -> Segmented:
    from QPerfusionLogic.segmentation.logic import SegmentationLogic

    series = registered.series
    labels = _labels(place / "labels.nrrd", series)
    about = read_plain(place / "landmarks.json")
    points = _insertion_points(about, series.slices)
    if labels_hash(labels) != about["labels_sha256"] or about.get("edited"):
        return SegmentationLogic(settings).run(
            registered, LabelMap(labels, series.geometry, "edited"), insertion_points=points
        )
    return Segmented(
        labels=labels,
        segments=_labels(place / "segments.nrrd", series),
        layers=_labels(place / "layers.nrrd", series),
        aif_region=_labels(place / "aif_region.nrrd", series).astype(bool),
        insertion_points=points,
        **segmentation_fields(about),
    )


def _insertion_points(about: dict[str, Any], slices: int) -> FloatArray:
    points = np.full((slices, 2, 2), np.nan)
    for entry in about["rv_insertion_points"]:
        for index, name in enumerate(("anterior", "inferior")):
            if entry.get(name):
                points[entry["slice"], index] = entry[name]["pixel"]
    return points


def _read_arterial_input(place: Path) -> ArterialInput:
    rows = _read_csv(place / "aif.csv")
    columns = {name: _numbers([row[name] or None for row in rows]) for name in rows[0]} if rows else {}
    missing = {"time_s", "measured", "corrected", "gd_mmol_l"} - set(columns)
    if missing:
        raise InputError(f"{place / 'aif.csv'} without {', '.join(sorted(missing))}", expected="its columns unchanged")
    return ArterialInput(
        time_s=columns["time_s"],
        measured=columns["measured"],
        corrected=columns["corrected"],
        gd_mmol_l=columns["gd_mmol_l"],
        lower_mmol_l=columns.get("lower_mmol_l"),
        upper_mmol_l=columns.get("upper_mmol_l"),
        **arterial_input_fields(read_plain(place / "aif.json")),
    )


def _read_concentration(place: Path, acquisition: Acquisition) -> Concentration:
    gadolinium = _images(place / "gd.seq.nrrd", acquisition.tissue)
    _require_shape(place / "gd.seq.nrrd", gadolinium.shape, acquisition.tissue.signal.shape)
    return Concentration(
        gd_mmol_l=gadolinium,
        time_s=acquisition.tissue.time_s,
        saturated=_labels(place / "saturated.nrrd", acquisition.tissue).astype(bool),
        **conversion_fields(read_plain(place / "conversion.json")),
    )


def _require_shape(path: Path, found: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if tuple(found) != tuple(expected):
        raise InputError(f"{path} of shape {tuple(found)}", expected=f"{tuple(expected)} as in the input series")


def _read_csv(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} unreadable ({error})", expected="the file of the earlier run") from error


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _numbers(values: Any) -> FloatArray:
    try:
        return np.array(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"text among numbers: {values}", expected="numbers") from error
