"""Recognition of the label values that other tools give to myocardium and blood pools."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE, BoolArray, FloatArray, LabelArray
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.errors import InputError

NAMES = {"myocardium": MYOCARDIUM, "lv": LEFT_VENTRICLE, "rv": RIGHT_VENTRICLE}
WORDS = {MYOCARDIUM: "myocardium", LEFT_VENTRICLE: "LV blood", RIGHT_VENTRICLE: "RV blood"}
OURS = {MYOCARDIUM: MYOCARDIUM, LEFT_VENTRICLE: LEFT_VENTRICLE, RIGHT_VENTRICLE: RIGHT_VENTRICLE}
ENCLOSED_SHARE = 0.7
"""A label lies inside another when so many of its pixels do; drawn contours of basal slices may be open."""


def with_our_labels(path: Path, values: FloatArray, declared: str) -> tuple[LabelArray, tuple[Notice, ...]]:
    """Return label values (..., rows, columns) as 1 myocardium, 2 LV blood, 3 RV blood.

    The label that closes a ring round another one is the myocardium, the enclosed one LV blood, a third RV blood.

    Parameters
    ----------
    declared : str
        `loading.labels`: what the values 1, 2 and 3 stand for, or "automatic".

    Raises
    ------
    InputError
        When the values are neither ours nor recognised.
    """
    found = [int(value) for value in np.unique(values) if value > 0 and value == int(value)]
    if len(found) < np.count_nonzero(np.unique(values)):
        raise _unknown(path, values)
    if declared != "automatic":
        meaning = {number: NAMES[name] for number, name in enumerate(declared.split(","), 1)}
        if not set(found) <= set(meaning):
            raise _unknown(path, values)
        return _mapped(values, meaning), ()
    recognised = _recognised(values, found)
    if recognised is None:
        if not set(found) <= set(OURS):
            raise _unknown(path, values)
        return _mapped(values, OURS), ()
    ours = all(OURS.get(value) == label for value, label in recognised.items())
    return _mapped(values, recognised), () if ours else (_notice(recognised),)


def _recognised(values: FloatArray, found: list[int]) -> dict[int, int] | None:
    """Return value -> label where exactly one label encloses another one and at most one more is left."""
    planes = values.reshape(-1, *values.shape[-2:])
    inside = {value: _filled(planes == value) for value in found}
    pairs = [
        (wall, cavity)
        for wall, cavity in itertools.permutations(found, 2)
        if _share(planes == cavity, inside[wall]) >= ENCLOSED_SHARE
    ]
    if len(pairs) != 1 or len(found) > 3:
        return None
    wall, cavity = pairs[0]
    meaning = {wall: MYOCARDIUM, cavity: LEFT_VENTRICLE}
    return meaning | {value: RIGHT_VENTRICLE for value in found if value not in meaning}


def _filled(ring: BoolArray) -> BoolArray:
    return np.stack([ndimage.binary_fill_holes(plane) & ~plane for plane in ring])


def _share(part: BoolArray, whole: BoolArray) -> float:
    return int(np.count_nonzero(part & whole)) / max(int(np.count_nonzero(part)), 1)


def _mapped(values: FloatArray, meaning: dict[int, int]) -> LabelArray:
    labels = np.zeros(values.shape, dtype=np.uint8)
    for value, label in meaning.items():
        labels[values == value] = label
    return labels


def _notice(meaning: dict[int, int]) -> Notice:
    text = ", ".join(f"{value} {WORDS[label]}" for value, label in sorted(meaning.items()))
    wall, cavity = (next(value for value, label in meaning.items() if label == wanted) for wanted in (1, 2))
    message = f"label {wall} of the mask encloses label {cavity}: the mask was taken as {text}"
    return Notice.of(
        "mask-numbering",
        message,
        "if that is wrong, set what the labels are",
        option="--set loading.labels=myocardium,lv,rv",
    )


def _unknown(path: Path, values: FloatArray) -> InputError:
    found = np.unique(values)
    shown = ", ".join(f"{value:g}" for value in found[:6]) + (", ..." if found.size > 6 else "")
    return InputError(
        f"values {shown} in the mask {path}",
        expected="0, 1 myocardium, 2 LV blood, 3 RV blood",
        action="set what 1, 2 and 3 are, or renumber the mask",
        option="--set loading.labels=lv,myocardium,rv or rv,myocardium,lv",
    )
