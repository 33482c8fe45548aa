"""Labels of all slices with their confidence: from a given mask, from the network, or classical."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from QPerfusionLogic.data.arrays import (
    LEFT_VENTRICLE,
    MYOCARDIUM,
    RIGHT_VENTRICLE,
    BoolArray,
    FloatArray,
    LabelArray,
    dice,
)
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.study import LabelMap
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.segmentation.first_pass.blood_pools import BloodPools
from QPerfusionLogic.segmentation.first_pass.enhancement import Enhancement
from QPerfusionLogic.segmentation.regions.insertion_points import right_pool
from QPerfusionLogic.segmentation.regions.layers import filled_cavity
from QPerfusionLogic.settings.schema import SegmentationSettings

from .classical_rings import Ring, find_ring
from .drawing_plan import STANDARD, DrawingPlan
from .network_contours import Drawing, network_for

STRONG = 0.2
"""Strength of the bolus detector from which on it no longer lowers the confidence."""
COARSEST_MM = 3.5
"""Largest pixel that the network's training slices cover; coarser images (AIF series) are drawn classically."""
TOO_COARSE_MM = 7.0
"""Pixels from which on the wall is hardly one pixel wide: whatever is drawn is uncertain."""
MOST_TOTAL_VARIATION = 5.0
"""Path of the LV curve over its range; a first pass has about 2, frames in the wrong order 7 and more."""
UNSURE = 0.3
"""Most confidence of a slice whose drawing by the network was thrown away, or of a series that has to be wrong."""


@dataclass(frozen=True)
class Contours:
    """What was drawn.

    Parameters
    ----------
    labels : (slices, rows, columns) uint8 array
    confidence : (slices,) array
        0 to 1.
    source : str
        "given", "classical" or the name of the network.
    heat : (slices, rows, columns) array, optional
        The network's probability of an RV insertion point.
    notices : tuple of Notice
        That the classical method replaces a network that cannot be used.
    """

    labels: LabelArray
    confidence: FloatArray
    source: str
    heat: FloatArray | None = None
    notices: tuple[Notice, ...] = ()


LARGEST_BLOOD_SHARE = 0.6
"""Share of a given wall, or of its cavity, in a blood pool that the bolus detector found, above which it is refused."""


def given_contours(mask: LabelMap, enhancement: Enhancement, pools: BloodPools | None) -> Contours:
    """Return a user's mask, its cavity filled and the RV found from the images where the mask has none.

    Raises
    ------
    InputError
        When the mask has another size than the series, or no myocardium.
    """
    shape = enhancement.baseline.shape
    labels = np.asarray(mask.labels, dtype=np.uint8)
    where = f"mask {mask.source}".strip()
    if labels.shape != shape:
        raise InputError(
            f"{where} of {_size(labels.shape)}",
            expected=f"{_size(shape)} (slices x rows x columns), as the series",
            action="draw or resample the mask on the perfusion series",
        )
    if not (labels == MYOCARDIUM).any():
        raise InputError(
            f"{where} without any pixel of 1 (myocardium)", expected="1 myocardium, 2 LV blood, 3 RV blood"
        )
    if pools is not None:
        refuse_blood(labels, pools, where)
    labels = filled_cavity(labels)
    if pools is not None and not (labels == RIGHT_VENTRICLE).any():
        labels = np.stack([_with_right(plane, pools.right[index], enhancement) for index, plane in enumerate(labels)])
    return Contours(labels, np.ones(shape[0]), "given")


def refuse_blood(labels: LabelArray, pools: BloodPools, where: str) -> None:
    """Raise `InputError` when what a mask calls myocardium is blood, or lies round the right ventricle."""
    wall = labels == MYOCARDIUM
    inside = filled_cavity(labels) == LEFT_VENTRICLE
    action, option = "set what the labels 1, 2 and 3 of the mask are", "--set loading.labels=lv,myocardium,rv"
    blood = np.count_nonzero(wall & (pools.left | pools.right)) / np.count_nonzero(wall)
    if blood > LARGEST_BLOOD_SHARE:
        raise InputError(
            f"{where} whose label 1 enhances like blood in {100 * blood:.0f} % of its pixels",
            expected="1 myocardium, 2 LV blood, 3 RV blood",
            action=action,
            option=option,
        )
    right = np.count_nonzero(inside & pools.right)
    if right > LARGEST_BLOOD_SHARE * np.count_nonzero(inside) and not (inside & pools.left).any():
        raise InputError(
            f"{where} whose myocardium lies round the blood that comes first, that of the right ventricle",
            expected="the wall of the left ventricle",
            action="draw the left ventricle, or leave the mask out",
        )


def automatic_contours(
    enhancement: Enhancement,
    pools: BloodPools | None,
    settings: SegmentationSettings,
    progress: Progress,
    plan: DrawingPlan = STANDARD,
) -> Contours:
    """Return the contours of every slice in which a pool was found.

    The network draws where it may and its drawing stands up to the bolus detector; the classical contour stands in for
    it slice by slice.

    Raises
    ------
    QPerfusionError
        When the network was asked for by name and cannot be loaded.
    """
    shape = enhancement.baseline.shape
    fine = max(enhancement.spacing_mm) <= COARSEST_MM or settings.mode == "network"
    network, notices = network_for(settings) if fine else (None, ())
    contours = Contours(
        np.zeros(shape, dtype=np.uint8),
        np.zeros(shape[0]),
        "classical" if network is None else network.name,
        None if network is None else np.zeros(shape, dtype=np.float32),
        notices,
    )
    if pools is None:
        return replace(contours, source="classical")
    for index in range(shape[0]):
        progress.update(index / shape[0], "drawing contours")
        ring = find_ring(enhancement, pools, index)
        drawing = None if network is None or ring is None else network.draw(enhancement, pools, index, plan)
        if ring is not None:
            _draw_slice(contours, index, ring, drawing, pools, enhancement)
    return contours


def _draw_slice(
    contours: Contours,
    index: int,
    ring: Ring,
    drawing: Drawing | None,
    pools: BloodPools,
    enhancement: Enhancement,
) -> None:
    plane, shape = contours.labels[index], contours.labels.shape[1:]
    wall, cavity = ring.masks((int(shape[0]), int(shape[1])))
    confidence, right = ring.confidence, pools.right[index]
    if drawing is not None:
        agreement = dice(wall | cavity, drawing.wall | drawing.cavity)
        if drawing.plausible(pools.left[index]):
            wall, cavity, right = drawing.wall, drawing.cavity, drawing.right
            strength = float(np.clip(pools.strength[index] / STRONG, 0.0, 1.0))
            confidence = strength * min(drawing.confidence, _rescaled(agreement, 0.7, 0.95))
            if contours.heat is not None:
                contours.heat[index] = drawing.heat
        else:
            confidence = min(confidence, UNSURE)
    plane[wall] = MYOCARDIUM
    plane[cavity] = LEFT_VENTRICLE
    plane[:] = _with_right(plane, right, enhancement)
    wrong = (
        max(enhancement.spacing_mm) >= TOO_COARSE_MM
        or _total_variation(enhancement, pools, index) > MOST_TOTAL_VARIATION
    )
    contours.confidence[index] = min(confidence, UNSURE) if wrong else confidence


def _total_variation(enhancement: Enhancement, pools: BloodPools, index: int) -> float:
    """Return the length of the way that the mean curve of the LV pool goes up and down, over its range."""
    curve = enhancement.value[:, index][:, pools.left[index]].mean(axis=1)
    return float(np.abs(np.diff(curve)).sum() / max(float(np.ptp(curve)), 1e-9))


def _with_right(plane: LabelArray, right: BoolArray, enhancement: Enhancement) -> LabelArray:
    ventricle = np.isin(plane, (MYOCARDIUM, LEFT_VENTRICLE))
    result = plane.copy()
    if ventricle.any():
        result[right_pool(right, ventricle, enhancement.spacing_mm)] = RIGHT_VENTRICLE
    return result


def _rescaled(value: float, low: float, high: float) -> float:
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(str(length) for length in shape)
