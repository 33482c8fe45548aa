"""Slicer segmentations as label maps: Slicer numbers segments in the order of its list, so only their names count."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE, FloatArray, LabelArray
from QPerfusionLogic.errors import InputError

RIGHT_WORDS = r"(?<![a-z])rv|right"
DEFAULT_NAME = r"segment[ _]?\d*"
NAMES = (
    (MYOCARDIUM, r"myoc"),
    (RIGHT_VENTRICLE, RIGHT_WORDS),
    (LEFT_VENTRICLE, r"(?<![a-z])lv|left|blood"),
)


def is_segmentation(metadata: dict[str, str]) -> bool:
    """Return True for the header of a Slicer segmentation."""
    return "Segment0_LabelValue" in metadata


def labels_of_segments(path: Path, values: FloatArray, metadata: dict[str, str]) -> LabelArray:
    """Return the labels (slices, rows, columns) of segments in layers (layers, slices, rows, columns).

    Where segments overlap, the blood pools win over the myocardium.

    Raises
    ------
    InputError
        When a segment's name shows neither myocardium nor a blood pool.
    """
    labels = np.zeros(values.shape[1:], dtype=np.uint8)
    for label, layer, value in sorted(_segment(path, metadata, number) for number in range(_count(metadata))):
        labels[values[layer] == value] = label
    return labels


def has_names(metadata: dict[str, str]) -> bool:
    """Return False for a segmentation none of whose segments was renamed from "Segment_1" and so on."""
    return not all(
        re.fullmatch(DEFAULT_NAME, metadata.get(f"Segment{number}_Name", "").strip().lower())
        for number in range(_count(metadata))
    )


def numbered_segments(values: FloatArray, metadata: dict[str, str]) -> LabelArray:
    """Return segments in layers (layers, slices, rows, columns) as their numbers from 1 (slices, rows, columns)."""
    labels = np.zeros(values.shape[1:], dtype=np.uint8)
    for number in range(_count(metadata)):
        layer, value = (int(metadata.get(f"Segment{number}_{key}", "0")) for key in ("Layer", "LabelValue"))
        labels[values[layer] == value] = number + 1
    return labels


def label_of_name(name: str) -> int | None:
    """Return our label for the name of a segment; None where it names none, as for myocardium of the RV.

    Examples
    --------
    >>> label_of_name("LV myocardium"), label_of_name("Right ventricle"), label_of_name("RV myocardium")
    (1, 3, None)
    """
    words = name.lower()
    found = next((label for label, pattern in NAMES if re.search(pattern, words)), None)
    return None if found == MYOCARDIUM and re.search(RIGHT_WORDS, words) else found


def _count(metadata: dict[str, str]) -> int:
    return sum(bool(re.fullmatch(r"Segment\d+_LabelValue", key)) for key in metadata)


def _segment(path: Path, metadata: dict[str, str], number: int) -> tuple[int, int, int]:
    """Return our label, the layer and Slicer's label value of one segment."""
    name = metadata.get(f"Segment{number}_Name", "")
    label = label_of_name(name)
    if label is None:
        raise InputError(
            f"segment {name!r} in {path}",
            expected="names with myocardium, LV or RV",
            action="rename or remove the segment",
        )
    return label, int(metadata.get(f"Segment{number}_Layer", "0")), int(metadata[f"Segment{number}_LabelValue"])
