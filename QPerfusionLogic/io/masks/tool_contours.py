"""Contours of Segment (.mat) and QMass (.con), which name pixels of the series they were drawn on.

Source: Heiberg et al., Design and validation of Segment, BMC Med Imaging 2010, and its manual (fields EndoX, EndoY,
EpiX, EpiY, RVEndoX, RVEndoY of points x frames x slices; X counts rows, Y columns, both from 1); QMass contour files as
sections [XYCONTOUR] of slice, phase and type, the number of points, and one point in each line.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, LabelArray
from QPerfusionLogic.errors import InputError

from .contours import (
    ENDOCARDIUM,
    EPICARDIUM,
    LEAST_POINTS,
    RIGHT_ENDOCARDIUM,
    filled,
    named_by_nesting,
    tissues_of,
)

SEGMENT_FIELDS = ((ENDOCARDIUM, "Endo"), (EPICARDIUM, "Epi"), (RIGHT_ENDOCARDIUM, "RVEndo"))
Images = list[tuple[int, dict[str, BoolArray]]]
"""Slice and filled contours by name, one for each image drawn on."""


def labels_of_tool(path: Path, shape: tuple[int, int, int]) -> LabelArray | None:
    """Return the labels (slices, rows, columns) of a contour file, None for other endings.

    Raises
    ------
    InputError
        When the file cannot be read or was drawn on images of another size.
    """
    ending = path.suffix.lower()
    if ending not in (".mat", ".con"):
        return None
    images = _segment_images(path, shape) if ending == ".mat" else _medis_images(path, shape)
    votes: dict[tuple[int, int], list[BoolArray]] = defaultdict(list)
    for slice_, masks in images:
        for label, mask in tissues_of(masks).items():
            votes[label, slice_].append(mask)
    if not votes:
        raise InputError(
            f"no endocardial and epicardial contours in {path}",
            expected="both, drawn on the series",
            action="export the mask as a label map in .nrrd or .nii.gz",
        )
    labels = np.zeros(shape, dtype=np.uint8)
    for (label, slice_), drawn in sorted(votes.items()):
        labels[slice_][2 * np.sum(drawn, axis=0) >= len(drawn)] = label
    return labels


def _segment_images(path: Path, shape: tuple[int, int, int]) -> Images:
    import scipy.io

    try:
        content = scipy.io.loadmat(str(path), struct_as_record=False, squeeze_me=True)
        struct = content["setstruct"]
    except NotImplementedError as error:
        raise InputError(
            f"a MATLAB 7.3 file {path}", expected="a .mat file of version 7", action="save it in Segment as version 7"
        ) from error
    except Exception as error:  # scipy lets errors of many kinds through from a damaged file
        raise InputError(f"{path}: no file of Segment with contours", expected="a setstruct") from error
    struct = struct[0] if isinstance(struct, np.ndarray) else struct
    size = tuple(int(getattr(struct, name, 0) or 0) for name in ("ZSize", "XSize", "YSize"))
    _check_size(path, size, shape)
    images: Images = []
    for slice_ in range(shape[0]):
        for frame in range(int(getattr(struct, "TSize", 1) or 1)):
            masks = {}
            for name, field in SEGMENT_FIELDS:
                points = _segment_points(struct, field, frame, slice_, size)
                if points is not None:
                    masks[name] = filled(points, shape[1:])
            if masks:
                images.append((slice_, masks))
    return images


def _segment_points(struct: Any, field: str, frame: int, slice_: int, size: tuple[int, ...]) -> Any:
    values = []
    for axis in ("Y", "X"):
        found = np.asarray(getattr(struct, f"{field}{axis}", ()), dtype=float)
        frames = int(getattr(struct, "TSize", 1) or 1)
        if found.size == 0 or found.size % (frames * size[0]):
            return None
        values.append(found.reshape(-1, frames, size[0], order="F")[:, frame, slice_])
    points = np.column_stack(values) - 1.0
    points = points[np.isfinite(points).all(axis=1)]
    return points if len(points) >= LEAST_POINTS else None


def _medis_images(path: Path, shape: tuple[int, int, int]) -> Images:
    try:
        text = path.read_text(encoding="latin-1")
    except OSError as error:
        raise InputError(f"no readable file {path} ({error.strerror or error})") from error
    size = re.search(r"^Image_resolution\s*=\s*(\d+)\s*x\s*(\d+)", text, re.MULTILINE | re.IGNORECASE)
    if size:
        _check_size(path, (shape[0], int(size[2]), int(size[1])), shape)
    drawn: dict[tuple[int, int], list[BoolArray]] = defaultdict(list)
    for section in text.split("[XYCONTOUR]")[1:]:
        slice_, phase, points = _medis_contour(path, section)
        if not 0 <= slice_ < shape[0]:
            raise InputError(f"contours on slice {slice_} in {path}", expected=f"slices 0 to {shape[0] - 1}")
        drawn[slice_, phase].append(filled(points, shape[1:]))
    images = [(slice_, named_by_nesting(masks)) for (slice_, _), masks in drawn.items()]
    return [(slice_, masks) for slice_, masks in images if masks]


def _medis_contour(path: Path, section: str) -> tuple[int, int, Any]:
    try:
        lines = section.strip().splitlines()
        slice_, phase = (int(part) for part in lines[0].split()[:2])
        count = int(lines[1].split()[0])
        points = np.array([[float(part) for part in line.split()[:2]] for line in lines[2 : 2 + count]])
        if points.shape != (count, 2) or count < LEAST_POINTS:
            raise ValueError
    except (ValueError, IndexError) as error:
        raise InputError(
            f"a contour that cannot be read in {path}", expected="slice, phase, type and points"
        ) from error
    return slice_, phase, points


def _check_size(path: Path, found: tuple[int, ...], shape: tuple[int, int, int]) -> None:
    if found != shape:
        sizes = [f"{size[0]} slices of {size[1]} x {size[2]}" for size in (found, shape)]
        raise InputError(
            f"contours drawn on {sizes[0]} in {path}",
            expected=f"{sizes[1]}, the grid of the series",
            action="draw the contours on this series, or export a label map with its position",
        )
