"""Which way the heart lies: base to apex, septum and anterior wall, from the patient geometry and the RV."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.geometry import Geometry

APEX_DIRECTION_LPS = np.array([0.61, -0.61, -0.51])
"""Usual direction from base to apex in the chest: left, anterior, inferior; only signs are taken from it."""


def apex_normal(geometry: Geometry, index: int) -> FloatArray:
    """Return the unit normal of a slice that points from base to apex."""
    rows, columns = geometry.in_plane_axes[index]
    normal = np.cross(columns, rows)
    normal /= np.linalg.norm(normal)
    return np.asarray(normal if normal @ APEX_DIRECTION_LPS >= 0.0 else -normal)


def anterior_direction(geometry: Geometry, index: int, towards_right_ventricle: FloatArray) -> FloatArray:
    """Return the in-plane unit vector (row, column, in mm) from the LV centre to its anterior wall.

    The RV, the apex and the anterior wall form a right-handed triple in every patient, so the two that are known give
    the third for any rotation or mirroring of the image.

    Examples
    --------
    >>> anterior_direction(Geometry.axis_aligned(1), 0, np.array([0.0, -1.0])).round(6).tolist()
    [-1.0, 0.0]
    """
    axes = geometry.in_plane_axes[index]
    septum = np.asarray(towards_right_ventricle, dtype=float) @ axes
    anterior = axes @ np.cross(septum, apex_normal(geometry, index))
    return np.asarray(anterior / np.linalg.norm(anterior))


def base_to_apex(geometry: Geometry, area: FloatArray) -> list[int]:
    """Return the slice indices ordered from base to apex.

    Parameters
    ----------
    area : (slices,) array
        Area of the LV (cavity and wall), which shrinks towards the apex; decides when the slices' positions do not.
    """
    order = list(range(geometry.slices))
    if len(order) < 2:
        return order
    step = geometry.index_to_lps[-1, :3, 3] - geometry.index_to_lps[0, :3, 3]
    length = float(np.linalg.norm(step))
    along = float(step @ APEX_DIRECTION_LPS) / length if length > 0.0 else 0.0
    shown = np.flatnonzero(np.asarray(area) > 0)
    if abs(along) < 0.6 and len(shown) > 1:
        along = -float(np.polyfit(shown, np.asarray(area)[shown], 1)[0])
    return order if along >= 0.0 else order[::-1]
