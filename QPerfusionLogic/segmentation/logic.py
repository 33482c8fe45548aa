"""Entry point of the segmentation stage: a registered series in; labels, insertion points and AHA segments out."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE, BoolArray, FloatArray, LabelArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import Registered, Segmented
from QPerfusionLogic.data.study import LabelMap
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.segmentation.contours.drawing_plan import STANDARD, DrawingPlan
from QPerfusionLogic.segmentation.contours.slice_labels import Contours, automatic_contours, given_contours
from QPerfusionLogic.segmentation.first_pass.blood_pools import BloodPools, find_blood_pools
from QPerfusionLogic.segmentation.first_pass.enhancement import Enhancement, enhancement_of
from QPerfusionLogic.segmentation.regions.aha_segments import aha_segments, given_levels
from QPerfusionLogic.segmentation.regions.aif_region import aif_region
from QPerfusionLogic.segmentation.regions.insertion_points import insertion_points
from QPerfusionLogic.segmentation.regions.layers import layers_of, trimmed
from QPerfusionLogic.segmentation.regions.orientation import base_to_apex
from QPerfusionLogic.segmentation.regions.orientation_checks import orientation_notices
from QPerfusionLogic.segmentation.regions.right_ventricular_blood import holds_right_blood
from QPerfusionLogic.settings.schema import SegmentationSettings

SURE = 0.5
"""Confidence below which a slice is reported as uncertain."""


class SegmentationLogic:
    """Find the heart in a registered first-pass series, or take a mask and find what it leaves open.

    Examples
    --------
    >>> SegmentationLogic(SegmentationSettings(aif_percentile=80.0)).settings.aif_percentile
    80.0
    """

    def __init__(self, settings: SegmentationSettings, plan: DrawingPlan = STANDARD) -> None:
        """Take the settings; `plan` is for trials that leave out a part of the drawing."""
        self.settings = settings
        self.plan = plan

    def run(
        self,
        registered: Registered,
        mask: LabelMap | None = None,
        progress: Progress | None = None,
        insertion_points: FloatArray | None = None,
    ) -> Segmented:
        """Segment a series.

        Parameters
        ----------
        registered : Registered
            The series with motion taken out.
        mask : LabelMap, optional
            Labels on the grid of the series (1 myocardium, 2 LV, 3 RV) that are used as they are.
        insertion_points : (slices, 2, 2) array, optional
            (anterior, inferior) points as (row, column) placed by the user; NaN where they are to be found.

        Raises
        ------
        InputError
            When the mask has another size than the series, or no myocardium.
        """
        progress = progress or Progress()
        progress.update(0.0, "finding the bolus")
        enhancement = enhancement_of(registered)
        pools = find_blood_pools(enhancement)
        progress.update(0.4, "drawing contours")
        if mask is None:
            contours = automatic_contours(enhancement, pools, self.settings, progress.part(0.4, 0.9), self.plan)
        else:
            contours = given_contours(mask, enhancement, pools)
        progress.update(0.9, "placing segments")
        return _completed(contours, enhancement, pools, self.settings, insertion_points)


def _completed(
    contours: Contours,
    enhancement: Enhancement,
    pools: BloodPools | None,
    settings: SegmentationSettings,
    placed: FloatArray | None,
) -> Segmented:
    labels, geometry, spacing = contours.labels, enhancement.geometry, enhancement.spacing_mm
    points = np.stack([_points_of_slice(contours, geometry, index) for index in range(len(labels))])
    if placed is not None:
        points = np.where(np.isfinite(placed), placed, points)
    kept = trimmed(labels, spacing, settings.trim_endo_mm, settings.trim_epi_mm)
    peaks = peak_frames(labels, enhancement, pools)
    kept &= ~holds_right_blood(labels, enhancement, peaks["left_ventricle"], settings.right_blood_share)
    area = np.array([np.isin(plane, (MYOCARDIUM, LEFT_VENTRICLE)).sum() for plane in labels])
    order = tuple(index for index in base_to_apex(geometry, area) if area[index] > 0)
    levels = given_levels(settings.levels, len(labels))
    passage = enhancement.mean_around(peaks["left_ventricle"])
    return Segmented(
        labels=labels,
        segments=np.where(kept, aha_segments(labels, points, geometry, levels), 0).astype(np.uint8),
        layers=np.where(kept, layers_of(labels, spacing), 0).astype(np.uint8),
        aif_region=aif_region(labels, passage, spacing, order, settings.aif_percentile),
        insertion_points=points,
        peak_frames=peaks,
        heart_box=heart_box(labels),
        confidence=contours.confidence,
        source=contours.source,
        notices=(
            *contours.notices,
            *_notices(contours, points),
            *orientation_notices(labels, geometry, placed),
            *_level_notice(labels, levels),
        ),
    )


def _points_of_slice(contours: Contours, geometry: Geometry, index: int) -> FloatArray:
    plane = contours.labels[index]
    heat = None if contours.heat is None else contours.heat[index]
    ventricle = np.isin(plane, (MYOCARDIUM, LEFT_VENTRICLE))
    return insertion_points(plane == RIGHT_VENTRICLE, ventricle, geometry, index, heat)


def peak_frames(labels: LabelArray, enhancement: Enhancement, pools: BloodPools | None) -> dict[str, int]:
    """Return the frame at which the mean curve of each label is highest in the first pass.

    Blood that comes round again can be brighter than the first pass where that is saturated, so each peak is looked for
    in its own stretch of frames: RV up to the LV's peak, LV to one transit after it, myocardium to three.
    """
    last = len(enhancement.value) - 1
    right, left = (pools.right_frame, pools.left_frame) if pools else (0, last)
    step = left - right
    stretches = {
        "right_ventricle": (RIGHT_VENTRICLE, 0, left),
        "left_ventricle": (LEFT_VENTRICLE, right, left + step),
        "myocardium": (MYOCARDIUM, left if pools else 0, left + 3 * step),
    }
    fallback = {"right_ventricle": right, "left_ventricle": left, "myocardium": min(left + step, last)}
    found = fallback if pools else dict.fromkeys(fallback, 0)
    for name, (value, start, stop) in stretches.items():
        where = labels == value
        if where.any():
            found[name] = start + int(np.argmax(enhancement.value[start : stop + 1, where].mean(axis=1)))
    return found


def heart_box(labels: LabelArray) -> tuple[int, int, int, int]:
    """Return (first row, first column, last row + 1, last column + 1) of the LV with its wall; else the image."""
    inside = (labels == MYOCARDIUM).any(axis=0) | (labels == LEFT_VENTRICLE).any(axis=0)
    if not inside.any():
        return 0, 0, int(labels.shape[1]), int(labels.shape[2])
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def _notices(contours: Contours, points: FloatArray) -> tuple[Notice, ...]:
    present = _slices_with(contours.labels == MYOCARDIUM)
    if not present:
        return (
            Notice.of(
                "heart-not-found",
                "No bolus passing a right and then a left ventricle was found in the images.",
                "Check that the series is a first pass of contrast, or give a mask.",
                stage="segmentation",
            ),
        )
    notices = []
    unsure = [index for index in range(len(contours.labels)) if contours.confidence[index] < SURE]
    if unsure:
        notices.append(
            Notice.of(
                "segmentation-uncertain",
                f"The automatic contours are uncertain in slice {_listed(unsure)}.",
                "Look at the contours and correct them before reading flow from them.",
                stage="segmentation",
            )
        )
    without = [index for index in present if not np.isfinite(points[index, 0]).all()]
    if without:
        notices.append(
            Notice.of(
                "insertion-point-not-found",
                f"The anterior RV insertion point was not found in slice {_listed(without)}.",
                "Place it by hand; segments there are turned as in the nearest slice that has one.",
                stage="segmentation",
            )
        )
    return tuple(notices)


def _level_notice(labels: LabelArray, levels: tuple[int, ...] | None) -> tuple[Notice, ...]:
    if levels is not None or len(_slices_with(labels == MYOCARDIUM)) != 1:
        return ()
    return (
        Notice.of(
            "level-assumed",
            "the only slice was taken as mid-ventricular",
            "give its level (basal, mid or apical) if it is another one",
            stage="segmentation",
            option="--set segmentation.levels=LEVEL",
        ),
    )


def _slices_with(where: BoolArray) -> list[int]:
    return [int(index) for index in np.flatnonzero(where.any(axis=(1, 2)))]


def _listed(slices: list[int]) -> str:
    return ", ".join(str(index + 1) for index in slices)
