"""NRRD files in and out: `.seq.nrrd` sequences as Slicer's sequence storage node reads them, maps and label maps."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray, LabelArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.slice_stacks import INDEX_TO_LPS, SLICE_TIMES, in_series_order, times_of_slices
from QPerfusionLogic.data.study import LabelMap
from QPerfusionLogic.errors import InputError

from .axis_order import slices_last
from .output_folder import writing_file

_OLD_SLICE_TIMES = "QPerfusion slice times"
"""Header key of version 0.1 with the time of every slice of every frame, in the order of the slices in the file."""
_TO_LPS = {
    "left-posterior-superior": (1, 1, 1),
    "lps": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1),
    "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
    "las": (1, -1, 1),
}
_STANDARD_FIELDS = {
    *("type", "dimension", "sizes", "spacings", "kinds", "labels", "units", "endian", "encoding", "thicknesses"),
    *("centerings", "space", "space dimension", "space units", "space directions", "space origin", "measurement frame"),
}
SMALLEST_VOLUME_MM3 = 1e-9
_COMPONENT_KINDS = ("vector", "3-vector", "2-vector", "covariant-vector", "point", "RGB-color", "3-color", "complex")
_FRAME_KINDS = ("list", "time")


@dataclass(frozen=True)
class ImageSequence:
    """Images over time as they lie in a file.

    Parameters
    ----------
    values : (frames, slices, rows, columns) or (frames, slices, rows, columns, components) array
    time_s : (frames, slices) array, optional
        None where the file shows no times.
    geometry : Geometry
    metadata : dict
        The file's own key/value pairs.
    """

    values: FloatArray
    time_s: FloatArray | None
    geometry: Geometry
    metadata: dict[str, str] = field(default_factory=dict)
    interval_s: float | None = None
    """Constant step between frames, where the file shows one and no times."""


def write_sequence(
    path: Path,
    values: FloatArray,
    time_s: FloatArray,
    geometry: Geometry,
    metadata: dict[str, str] | None = None,
) -> None:
    """Write images over irregular times as a `.seq.nrrd` that Slicer opens as a sequence.

    Parameters
    ----------
    path : Path
        File to write; it appears only when complete.
    values : (frames, slices, rows, columns) or (frames, slices, rows, columns, components) array
        Scalars, or vectors such as displacements in mm.
    time_s : (frames,) or (frames, slices) array
        Seconds; Slicer shows the earliest slice of each frame.
    geometry : Geometry
        Of the stack; slices that are not parallel and evenly spaced are written with their mean step.
    metadata : dict, optional
        Further key/value pairs for the header.
    """
    times = np.asarray(time_s, dtype=float)
    times = times[:, None] if times.ndim == 1 else times
    vector = values.ndim == 5
    spatial = 3
    header: dict[str, Any] = {
        "space": "left-posterior-superior",
        "space directions": _directions(geometry, before=int(vector), after=1),
        "space origin": geometry.stack_to_lps[:3, 3],
        "kinds": ["vector"] * vector + ["domain"] * spatial + ["list"],
        "labels": [""] * (spatial + vector) + ["time"],
        "units": [""] * (spatial + vector) + ["s"],
        "DataNodeClassName": "vtkMRMLVectorVolumeNode" if vector else "vtkMRMLScalarVolumeNode",
        "axis 3 index type": "numeric",
        "axis 3 index values": " ".join(format_time(value) for value in times.min(axis=1)),
        INDEX_TO_LPS: json.dumps(geometry.index_to_lps.tolist()),
    }
    if times.shape[1] > 1:
        header[SLICE_TIMES] = json.dumps(np.round(times, 6).tolist())
    _write(path, values, {**header, **(metadata or {})})


def read_sequence(path: Path) -> ImageSequence:
    """Read a sequence (`.seq.nrrd`, a 4D NRRD or a legacy Slicer MultiVolume) as LPS images over time.

    Slices come in the order in which they were written, also when Slicer has read the file and saved it in another.

    Raises
    ------
    InputError
        When the file is unreadable, or its times are not one number per frame.
    """
    data, matrix, header = _read(path)
    frames, slices = data.shape[:2]
    geometry, is_reversed = _geometry_of(matrix, slices), False
    if matrix is not None:
        geometry, is_reversed = in_series_order(matrix, slices, _json(header.get(INDEX_TO_LPS)))
    values = data[:, ::-1] if is_reversed else data
    time_s = _times_of(path, header, frames, slices)
    interval_s = None if time_s is not None else _interval_of(header)
    return ImageSequence(values, time_s, geometry, _metadata(header), interval_s)


def write_map(path: Path, values: FloatArray, geometry: Geometry, metadata: dict[str, str] | None = None) -> None:
    """Write a map (slices, rows, columns), or vectors with components last, as a 3D NRRD in LPS."""
    vector = values.ndim == 4
    header: dict[str, Any] = {
        "space": "left-posterior-superior",
        "space directions": _directions(geometry, before=int(vector), after=0),
        "space origin": geometry.stack_to_lps[:3, 3],
        "kinds": ["vector"] * vector + ["domain"] * 3,
    }
    _write(path, values, {**header, **(metadata or {})})


def read_map(path: Path) -> tuple[FloatArray, Geometry]:
    """Read a map (slices, rows, columns) and where it lies.

    Raises
    ------
    InputError
        When the file is unreadable or holds more than one frame.
    """
    data, matrix, _ = _read(path)
    if data.shape[0] != 1:
        raise InputError(f"{data.shape[0]} frames in {path}", expected="a map of one frame")
    return data[0], _geometry_of(matrix, data.shape[1])


def write_labels(path: Path, labels: LabelArray, geometry: Geometry, metadata: dict[str, str] | None = None) -> None:
    """Write a label map (slices, rows, columns) as an 8-bit NRRD in LPS."""
    write_map(path, np.asarray(labels, dtype=np.uint8), geometry, metadata)


def read_labels(path: Path) -> LabelMap:
    """Read a label map written by `write_labels` or by Slicer.

    Raises
    ------
    InputError
        When the file is unreadable or its values are not whole numbers from 0 to 255.
    """
    values, geometry = read_map(path)
    rounded = np.rint(values)
    if not np.array_equal(rounded, values) or rounded.min() < 0 or rounded.max() > 255:
        raise InputError(f"values that are not labels in {path}", expected="whole numbers from 0 to 255")
    return LabelMap(rounded.astype(np.uint8), geometry, source=Path(path).name)


def format_time(value: float) -> str:
    """Return seconds as text without the tail of binary fractions.

    Examples
    --------
    >>> format_time(2.4000000000000004), format_time(0.0)
    ('2.4', '0')
    """
    text = f"{float(value):.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _directions(geometry: Geometry, before: int, after: int) -> FloatArray:
    """Return one row per axis of the file, first axis first; NaN for axes outside space."""
    none = np.full((1, 3), np.nan)
    return np.concatenate([none] * before + [geometry.stack_to_lps[:3, :3].T] + [none] * after)


def _write(path: Path, values: FloatArray, header: dict[str, Any]) -> None:
    import nrrd

    file = io.BytesIO()
    nrrd.write(file, values, {**header, "encoding": "gzip"}, compression_level=1, index_order="C")
    head, separator, body = file.getvalue().partition(b"\n\n")
    with writing_file(Path(path)) as beside:
        # The writer puts the time of day into a comment; the same values are to give the same bytes.
        beside.write_bytes(re.sub(rb"\n# on [^\n]*", b"", head) + separator + body)


def _read(path: Path) -> tuple[FloatArray, FloatArray | None, dict[str, Any]]:
    """Return (frames, slices, rows, columns[, components]), the index to LPS matrix (or None) and the header."""
    import nrrd

    try:
        data, header = nrrd.read(str(path), index_order="C")
        arranged, matrix = _in_standard_axes(path, data, dict(header))
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"no readable file {path} ({error.strerror or error})") from error
    except Exception as error:  # pynrrd lets errors of many kinds through from a damaged file
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: not a whole NRRD file ({reason})", action="write or copy the file again") from error
    if matrix is not None and not abs(np.linalg.det(matrix)) > SMALLEST_VOLUME_MM3:
        raise InputError(f"space directions that span no volume in {path}", action="write the file again")
    return arranged, matrix, dict(header)


def _in_standard_axes(path: Path, data: FloatArray, header: dict[str, Any]) -> tuple[FloatArray, FloatArray | None]:
    """Return (frames, slices, rows, columns[, components]) and the (4, 4) index to LPS matrix, None where unknown."""
    kinds = list(header.get("kinds") or [""] * data.ndim)
    component, frame, space = _axis_roles(kinds, header.get("space directions"))
    if len(space) not in (2, 3) or len(frame) > 1 or len(component) > 1:
        raise InputError(
            f"{data.ndim} axes of kinds {', '.join(kind or '???' for kind in kinds)} in {path}",
            expected="two or three axes in space, at most one of frames and one of components",
        )
    directions = header.get("space directions")
    if len(space) == 3 and directions is not None:
        rows = np.array([np.asarray(directions[axis], dtype=float)[:3] for axis in space])
        space = [space[k] for k in slices_last(rows.T, [data.shape[::-1][axis] for axis in space])]
    arranged = data.transpose().transpose(space + frame + component)
    if len(space) == 2:
        arranged = np.expand_dims(arranged, 2)
    if not frame:
        arranged = np.expand_dims(arranged, 3)
    arranged = arranged.transpose([3, 2, 1, 0, *range(4, arranged.ndim)])
    return np.ascontiguousarray(arranged), _matrix_of(header, space)


def _axis_roles(kinds: list[str], directions: Any) -> tuple[list[int], list[int], list[int]]:
    """Return which axes of the file, first axis first, hold components, frames and space."""
    axes = range(len(kinds))
    placed = directions is not None
    outside = [placed and bool(np.isnan(np.asarray(directions[axis], dtype=float)).any()) for axis in axes]
    component = [axis for axis in axes if kinds[axis] in _COMPONENT_KINDS and outside[axis] == placed]
    frame = [axis for axis in axes if kinds[axis] in _FRAME_KINDS]
    space = [axis for axis in axes if axis not in component and axis not in frame]
    if not frame and len(space) == 4:
        apart = [axis for axis in space if outside[axis] or (placed and _is_step_in_time(directions[axis]))]
        frame = apart[-1:] or space[-1:]
        space = [axis for axis in space if axis not in frame]
    return component, frame, space


def _is_step_in_time(direction: Any) -> bool:
    """Return True for the direction of a fourth axis in a space of four dimensions, as SimpleITK writes it."""
    values = np.asarray(direction, dtype=float)
    return values.size == 4 and bool(values[3] > 0) and not values[:3].any()


def _interval_of(header: dict[str, Any]) -> float | None:
    """Return the step in seconds along the axis of frames, None where the header shows none."""
    count = int(header.get("dimension", 0))
    kinds = list(header.get("kinds") or [""] * count)
    directions, spacings = header.get("space directions"), header.get("spacings")
    frame = _axis_roles(kinds, directions)[1]
    if not frame:
        return None
    step = float("nan") if spacings is None else float(np.asarray(spacings, dtype=float)[frame[0]])
    if directions is not None and _is_step_in_time(directions[frame[0]]):
        step = float(np.asarray(directions[frame[0]], dtype=float)[3])
    unit = str((list(header.get("units") or [""] * count) + [""] * count)[frame[0]]).strip().lower()
    step *= 1e-3 if unit in ("ms", "msec", "millisecond", "milliseconds") else 1.0
    return step if np.isfinite(step) else None


def _matrix_of(header: dict[str, Any], spatial: list[int]) -> FloatArray | None:
    """Return the (4, 4) matrix from (column, row, slice, 1) to LPS mm; None where the file does not show it."""
    directions, origin = header.get("space directions"), header.get("space origin")
    matrix = np.eye(4)
    if directions is None:
        spacings = header.get("spacings")
        if spacings is None:
            return None
        matrix[range(len(spatial)), range(len(spatial))] = np.asarray(spacings, dtype=float)[spatial]
        return matrix
    rows = np.array([np.asarray(directions[axis], dtype=float)[:3] for axis in spatial])
    matrix[: rows.shape[1], : len(spatial)] = rows.T
    if origin is not None:
        matrix[: len(origin[:3]), 3] = origin[:3]
    if len(spatial) == 2:
        normal = np.cross(matrix[:3, 0], matrix[:3, 1])
        matrix[:3, 2] = 10.0 * normal / (np.linalg.norm(normal) or 1.0)
    signs = _TO_LPS.get(str(header.get("space", "")).lower(), (1, 1, 1))
    return np.diag([*signs, 1.0]) @ matrix


def _geometry_of(matrix: FloatArray | None, slices: int) -> Geometry:
    if matrix is None:
        return Geometry.axis_aligned(slices)
    matrices = np.repeat(matrix[None], slices, axis=0)
    matrices[:, :3, 3] += np.arange(slices)[:, None] * matrix[:3, 2]
    return Geometry(matrices)


def _times_of(path: Path, header: dict[str, Any], frames: int, slices: int) -> FloatArray | None:
    """Return (frames, slices) seconds from Slicer's sequence fields or a legacy MultiVolume; None where absent."""
    named = {str(key): str(value) for key, value in header.items() if key not in _STANDARD_FIELDS}
    if _OLD_SLICE_TIMES in named:
        return _numbers(path, named[_OLD_SLICE_TIMES], frames * slices, _OLD_SLICE_TIMES).reshape(frames, slices)
    for key, value in named.items():
        if key.startswith("axis ") and key.endswith(" index values") and value.strip():
            numbers = _numbers(path, value, frames, key)
            if _only_count(header, key, numbers):
                return None
            scale = 1e-3 if "ms" in list(header.get("units") or []) else 1.0
            return times_of_slices(numbers * scale, _json(named.get(SLICE_TIMES)), slices)
    labels = named.get("MultiVolume.FrameLabels", "")
    if labels:
        return _per_slice(_numbers(path, labels.replace(",", " "), frames, "MultiVolume.FrameLabels") * 1e-3, slices)
    return None


def _only_count(header: dict[str, Any], key: str, numbers: FloatArray) -> bool:
    """Return True for index values 0, 1, 2, ... or 1, 2, 3, ... of an axis without unit that is not called time."""
    axis = int(key.split()[1]) if key.split()[1].isdigit() else -1
    about = [str(list(header.get(name) or [])[axis : axis + 1]).lower() for name in ("units", "labels")]
    if any(character.isalpha() for character in about[0]) or "time" in about[1]:
        return False
    return len(numbers) > 1 and numbers[0] in (0.0, 1.0) and bool(np.all(np.diff(numbers) == 1.0))


def _per_slice(time_s: FloatArray, slices: int) -> FloatArray:
    return np.repeat(time_s[:, None], slices, axis=1)


def _numbers(path: Path, text: str, count: int, key: str) -> FloatArray:
    try:
        values = np.array([float(part) for part in text.split()])
    except ValueError as error:
        raise InputError(f"{path}: {key} is not numbers", expected=f"{count} times") from error
    if values.size != count:
        raise InputError(f"{path}: {values.size} values in {key}", expected=f"{count}, one per frame")
    return values


def _json(text: Any) -> Any:
    """Return the JSON value of a header field, None when there is none or it cannot be read."""
    try:
        return json.loads(text) if text else None
    except (TypeError, ValueError, RecursionError):
        return None


def _metadata(header: dict[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in header.items() if key not in _STANDARD_FIELDS}
