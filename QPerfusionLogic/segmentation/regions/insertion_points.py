"""The RV pool beside the septum and the two points where its wall meets the LV."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.data.geometry import Geometry

from .orientation import anterior_direction

HEAT_BAND_MM = 6.0
"""An insertion point is looked for this far on both sides of the epicardium."""
CONTACT_MM = 9.0
"""RV blood this close to the LV epicardium lies at the septum (wall of the RV and partial volume included)."""


def right_pool(seed: BoolArray, ventricle: BoolArray, spacing_mm: tuple[float, float]) -> BoolArray:
    """Return the connected part of the RV-like pixels that lies along the LV; empty when none comes near.

    Parameters
    ----------
    seed : (rows, columns) bool array
        Pixels with the time course of the RV.
    ventricle : (rows, columns) bool array
        LV cavity and wall.
    """
    outside = seed & ~ventricle
    distance = ndimage.distance_transform_edt(~ventricle, sampling=spacing_mm)
    labels, count = ndimage.label(outside)
    kept = np.zeros_like(outside)
    for label in range(1, count + 1):
        region = labels == label
        if (distance[region] < CONTACT_MM).sum() >= 3:
            kept |= region
    return kept


def insertion_points(
    right: BoolArray,
    ventricle: BoolArray,
    geometry: Geometry,
    index: int,
    heat: FloatArray | None = None,
    angles: int = 180,
) -> FloatArray:
    """Return (2, 2): the anterior and the inferior RV insertion point as (row, column); NaN where not found.

    They are the ends of the arc of the epicardium that RV blood touches; an arc below 35 or above 200 degrees is not
    trusted. Where a network's `heat` (rows, columns) is given, each end moves to the nearby peak of it.
    """
    nothing = np.full((2, 2), np.nan)
    if not right.any() or not ventricle.any():
        return nothing
    spacing = geometry.pixel_spacing_mm
    centre = np.asarray(ndimage.center_of_mass(ventricle))
    direction = np.arange(angles) * (2.0 * np.pi / angles)
    unit = np.stack([np.sin(direction), np.cos(direction)], axis=1)
    edge = _edge_radius(ventricle, centre, unit, spacing)
    touched = _touched(right, centre, unit, edge, spacing)
    arc = _longest_arc(touched, bridge=angles // 12)
    if arc is None:
        return nothing
    start, length = arc
    if not 35.0 <= length * 360.0 / angles <= 200.0:
        return nothing
    ends = [start % angles, (start + length) % angles]
    middle = unit[(start + length // 2) % angles]
    anterior = anterior_direction(geometry, index, middle)
    if heat is not None:
        profile = _along(heat, centre, unit, edge[:, None] + np.arange(-HEAT_BAND_MM, HEAT_BAND_MM + 0.1), spacing)
        ends = [_hottest(profile.max(axis=1), end) for end in ends]
    ends.sort(key=lambda end: -float(unit[end] @ anterior))
    return np.stack([centre + unit[end] * edge[end] / spacing for end in ends])


def _hottest(profile: FloatArray, end: int, reach_deg: float = 35.0, least: float = 0.1) -> int:
    """Return the ray near `end` at the middle of the hottest stretch of a circular profile; `end` where all is cold."""
    count = len(profile)
    reach = round(reach_deg * count / 360.0)
    steps = np.arange(-reach, reach + 1)
    near = profile[(end + steps) % count]
    if near.max() < least:
        return end
    weight = np.where(near > 0.5 * near.max(), near, 0.0)
    return int((end + round(float((weight * steps).sum() / weight.sum()))) % count)


def _edge_radius(
    ventricle: BoolArray, centre: FloatArray, unit: FloatArray, spacing_mm: tuple[float, float]
) -> FloatArray:
    """Return the distance in mm from the centre to the outer edge along every ray."""
    radius = np.arange(0.0, 90.0, 0.5)
    values = _along(ventricle.astype(np.float32), centre, unit, radius[None, :], spacing_mm)
    inside = values > 0.5
    return np.asarray([radius[np.flatnonzero(ray)[-1]] if ray.any() else 0.0 for ray in inside])


def _touched(
    right: BoolArray, centre: FloatArray, unit: FloatArray, edge: FloatArray, spacing_mm: tuple[float, float]
) -> BoolArray:
    beyond = edge[:, None] + np.arange(0.0, CONTACT_MM + 0.1, 0.5)[None, :]
    return np.asarray((_along(right.astype(np.float32), centre, unit, beyond, spacing_mm) > 0.5).any(axis=1))


def _along(
    image: FloatArray, centre: FloatArray, unit: FloatArray, radius: FloatArray, spacing_mm: tuple[float, float]
) -> FloatArray:
    rows = centre[0] + radius * unit[:, :1] / spacing_mm[0]
    columns = centre[1] + radius * unit[:, 1:] / spacing_mm[1]
    return np.asarray(ndimage.map_coordinates(image, [rows, columns], order=1, mode="constant"))


def _longest_arc(touched: BoolArray, bridge: int) -> tuple[int, int] | None:
    """Return (start, length) of the longest run of a circular flag, gaps up to `bridge` closed."""
    count = len(touched)
    if not touched.any() or touched.all():
        return None
    turns = ndimage.binary_closing(np.tile(touched, 3), np.ones(bridge + 1, dtype=bool))
    labels, number = ndimage.label(turns)
    runs = [np.flatnonzero(labels == label) for label in range(1, number + 1)]
    runs = [run for run in runs if 0 < run[0] < 2 * count and len(run) < count]
    if not runs:
        return None
    longest = max(runs, key=len)
    return int(longest[0]) % count, len(longest)
