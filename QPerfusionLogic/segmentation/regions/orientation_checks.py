"""Checks of the geometry of the files against the anatomy in the images: side of the RV, order of the slices."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, RIGHT_VENTRICLE, FloatArray, LabelArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.notices import Notice

from .aha_segments import ventricle_centre
from .orientation import base_to_apex

RIGHT_VENTRICLE_LPS = np.array([-0.8, -0.6, 0.0])
"""Usual direction from the LV to the RV in the chest: right and anterior."""
LARGEST_DEVIATION_DEG = 60.0
"""Deviation of the RV from its usual direction, in the plane of the slice, from which on the axes are questioned.

Swapped row and column axes turn it by about 90 degrees, a mirrored axis by up to 180; the real GE series deviates by
16."""
DISPLAYED_RIGHT_VENTRICLE = np.array([-0.94, -0.34, 0.0])
"""The same in the usual display of a short axis, left and a little up, for images without a position."""
LARGEST_DISPLAYED_DEVIATION_DEG = 45.0
"""Limit of the same; the nine real series without position in the test data, which show the RV on top or below, deviate
by 59 degrees and more."""
FEWEST_RIGHT_PIXELS = 20
LARGER_APEX = 1.1
"""Area of the last slice over that of the first from which on the order of the slices is questioned."""
_PLACE = (
    "check the contours, place the anterior insertion point in every slice, or correct the orientation in the files"
)


def orientation_notices(labels: LabelArray, geometry: Geometry, placed: FloatArray | None = None) -> tuple[Notice, ...]:
    """Return what speaks against the orientation that the files give.

    Mirrored or transposed images exchange the territories of LAD and RCA: the anterior wall follows from RV, apex and
    the handedness of the geometry.

    Parameters
    ----------
    labels : (slices, rows, columns) uint8 array
        1 myocardium, 2 LV blood, 3 RV blood.
    geometry : Geometry
        Of the images.
    placed : (slices, 2, 2) array, optional
        Insertion points that the user placed: where they are known the side of the RV decides nothing.
    """
    if not (labels == MYOCARDIUM).any():
        return ()
    found: list[Notice] = []
    by_hand = placed is not None and bool(np.isfinite(placed[:, 0]).all(axis=1).any())
    deviation = right_ventricle_deviation_deg(labels, geometry)
    limit = LARGEST_DEVIATION_DEG if geometry.has_position else LARGEST_DISPLAYED_DEVIATION_DEG
    if deviation > limit and not by_hand:
        whose = "the files" if geometry.has_position else "the usual display of images whose files hold no position"
        message = (
            f"the right ventricle lies {deviation:.0f} degrees away from where it is expected by the orientation of "
            f"{whose}: rows and columns may be swapped or mirrored, or the ventricles confused, and the territories of "
            "LAD and RCA with them"
        )
        found.append(Notice.of("orientation-contradicted", message, _PLACE, stage="segmentation"))
    elif not geometry.has_position and not by_hand:
        message = (
            "the files hold no position of the slices. The anterior wall was taken to be on top of the image; in a "
            "mirrored or transposed image the territories of LAD and RCA would be exchanged"
        )
        found.append(Notice.of("orientation-unknown", message, _PLACE, stage="segmentation"))
    return (*found, *_order_notice(labels, geometry))


def right_ventricle_deviation_deg(labels: LabelArray, geometry: Geometry) -> float:
    """Return the median angle in degrees between the RV of the slices and its usual direction; NaN without RV."""
    angles = []
    usual = RIGHT_VENTRICLE_LPS if geometry.has_position else DISPLAYED_RIGHT_VENTRICLE
    for index, plane in enumerate(labels):
        right = np.argwhere(plane == RIGHT_VENTRICLE)
        if len(right) < FEWEST_RIGHT_PIXELS or not (plane == MYOCARDIUM).any():
            continue
        axes = geometry.in_plane_axes[index]
        towards = (right.mean(axis=0) - ventricle_centre(plane)) * geometry.pixel_spacing_mm
        expected = axes @ usual
        cosine = float(towards @ expected) / float(np.linalg.norm(towards) * np.linalg.norm(expected))
        angles.append(float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))))
    return float(np.median(angles)) if angles else float("nan")


def _order_notice(labels: LabelArray, geometry: Geometry) -> tuple[Notice, ...]:
    """Return a notice where the heart grows along a stack that runs from base to apex by its positions."""
    area = np.array([np.isin(plane, (MYOCARDIUM, LEFT_VENTRICLE)).sum() for plane in labels], dtype=float)
    order = [index for index in base_to_apex(geometry, area) if area[index] > 0]
    if len(order) < 3 or area[order[-1]] <= LARGER_APEX * area[order[0]]:
        return ()
    message = (
        f"the left ventricle is {area[order[-1]] / area[order[0]] - 1.0:.0%} larger in the slice that is apical by "
        "its position than in the basal one: the slices may be in the opposite order"
    )
    action = "give the level of each slice, or correct the positions of the files"
    option = "--set segmentation.levels=apical,mid,basal"
    return (Notice.of("slice-order-contradicted", message, action, stage="segmentation", option=option),)
