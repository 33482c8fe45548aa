"""Slicer segmentations as label maps: Slicer numbers segments in the order of its list, so only their names count."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE, FloatArray, LabelArray
from QPerfusionLogic.errors import InputError

NAMES = (
    (MYOCARDIUM, r"myoc"),
    (RIGHT_VENTRICLE, r"(?<![a-z])rv|right"),
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
        When a segment's name tells neither myocardium nor a blood pool.
    """
    labels = np.zeros(values.shape[1:], dtype=np.uint8)
    for label, layer, value in sorted(_segment(path, metadata, number) for number in range(_count(metadata))):
        labels[values[layer] == value] = label
    return labels


def _count(metadata: dict[str, str]) -> int:
    return sum(bool(re.fullmatch(r"Segment\d+_LabelValue", key)) for key in metadata)


def _segment(path: Path, metadata: dict[str, str], number: int) -> tuple[int, int, int]:
    """Return our label, the layer and Slicer's label value of one segment."""
    name = metadata.get(f"Segment{number}_Name", "")
    label = next((label for label, pattern in NAMES if re.search(pattern, name.lower())), None)
    if label is None:
        raise InputError(
            f"segment {name!r} in {path}",
            expected="names with myocardium, LV or RV",
            action="rename or remove the segment",
        )
    return label, int(metadata.get(f"Segment{number}_Layer", "0")), int(metadata[f"Segment{number}_LabelValue"])
