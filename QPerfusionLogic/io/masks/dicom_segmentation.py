"""DICOM segmentation objects (SEG, binary, fractional or label maps) as masks.

Source: DICOM PS3.3 A.51 and C.8.20.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.dicom.dicom_scan import is_dicom
from QPerfusionLogic.io.dicom.header.slice_places import DEFAULT_THICKNESS_MM
from QPerfusionLogic.io.dicom.header.tags import Tags, flattened

from .planes import MaskPlane
from .slicer_segments import DEFAULT_NAME, label_of_name

SEGMENTATION, LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"


def is_dicom_mask(path: Path) -> bool:
    """Return True for a DICOM file, or a folder with one DICOM file in it."""
    found = _file_of(path)
    return found is not None and is_dicom(found)


def planes_of_segmentation(path: Path) -> tuple[tuple[MaskPlane, ...], bool]:
    """Return the segments of a DICOM segmentation that are myocardium or blood pools, frame by frame.

    The second value is False where no segment has a name, so that the labels are the numbers of the segments.

    Raises
    ------
    InputError
        When the file is no segmentation, or no segment is called myocardium, LV or RV.
    """
    import pydicom

    file = _file_of(path)
    try:
        dataset = pydicom.dcmread(file) if file else None
        pixels = None if dataset is None or "PixelData" not in dataset else dataset.pixel_array
    except Exception as error:  # pydicom lets errors of many kinds through from a damaged file
        raise InputError(f"{path}: unreadable DICOM ({error})", action="export it again") from error
    if dataset is None or pixels is None or dataset.get("SOPClassUID") not in (SEGMENTATION, LABEL_MAP):
        raise InputError(f"no DICOM segmentation in {path}", expected="a SEG object", action="export the mask as one")
    labels, named = _labels_of(path, dataset)
    frames = pixels if pixels.ndim == 3 else pixels[None]
    shared = flattened(dataset.get("SharedFunctionalGroupsSequence") or [])
    planes: list[MaskPlane] = []
    for frame, groups in zip(frames, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        tags = Tags(flattened([groups]), shared)
        matrix = _matrix_of(path, tags)
        planes.extend(
            MaskPlane(labels[number], mask, matrix)
            for number, mask in _masks_of(dataset, tags, frame)
            if number in labels and mask.any()
        )
    return tuple(planes), named


def _file_of(path: Path) -> Path | None:
    if path.is_file():
        return path
    files = [item for item in sorted(path.iterdir()) if item.is_file()] if path.is_dir() else []
    return files[0] if len(files) == 1 else None


def _labels_of(path: Path, dataset: Any) -> tuple[dict[int, int], bool]:
    """Return segment number -> our label of the segments whose words name one; the numbers where none has a name."""
    found, names = {}, []
    numbers: list[int] = []
    for segment in dataset.get("SegmentSequence") or []:
        tags = Tags(segment)
        codes = segment.get("SegmentedPropertyTypeCodeSequence") or []
        words = [tags.text("SegmentLabel"), *(Tags(code).text("CodeMeaning") for code in codes)]
        label = next((known for word in words if (known := label_of_name(word)) is not None), None)
        names.append(tags.text("SegmentLabel"))
        numbers.append(int(tags.integer("SegmentNumber") or 0))
        if label is not None:
            found[numbers[-1]] = label
    if not found and numbers and all(re.fullmatch(DEFAULT_NAME, name.lower()) for name in names):
        return {number: number for number in numbers}, False
    if not found:
        raise InputError(
            f"segments {', '.join(names) or 'without names'} in {path}",
            expected="segments called myocardium, LV and RV",
            action="name the segments and export again",
        )
    return found, True


def _masks_of(dataset: Any, tags: Tags, frame: Any) -> list[tuple[int, BoolArray]]:
    if dataset.SOPClassUID == LABEL_MAP or str(dataset.get("SegmentationType", "")) == "LABELMAP":
        return [(int(value), frame == value) for value in np.unique(frame) if value > 0]
    highest = int(dataset.get("MaximumFractionalValue", 1) or 1)
    number = tags.integer("ReferencedSegmentNumber") or 0
    return [(number, 2 * np.asarray(frame, dtype=np.int64) >= max(highest, 1))]


def _matrix_of(path: Path, tags: Tags) -> FloatArray:
    position, orientation = tags.numbers("ImagePositionPatient"), tags.numbers("ImageOrientationPatient")
    spacing = tags.numbers("PixelSpacing")
    if (len(position), len(orientation), len(spacing)) != (3, 6, 2):
        raise InputError(f"frames without a place in {path}", expected="position, orientation and pixel spacing")
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1] = np.array(orientation[:3]) * spacing[1], np.array(orientation[3:]) * spacing[0]
    normal = np.cross(orientation[:3], orientation[3:])
    matrix[:3, 2] = normal * (tags.number("SpacingBetweenSlices", "SliceThickness") or DEFAULT_THICKNESS_MM)
    matrix[:3, 3] = position
    return matrix
