"""The wall of a label map: endocardial and epicardial half, and its edges trimmed against partial volume."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, BoolArray, FloatArray, LabelArray

THIN_WALL_MM = 8.0
"""A thinner wall is not trimmed from the outside: too little of it would be left."""


def layers_of(labels: LabelArray, spacing_mm: tuple[float, float]) -> LabelArray:
    """Return 1 in the endocardial and 2 in the epicardial half of the wall: nearer to the cavity or to the outside."""
    layers = np.zeros(labels.shape, dtype=np.uint8)
    for index, plane in enumerate(labels):
        wall = plane == MYOCARDIUM
        if not wall.any():
            continue
        inner, outer = wall_distances(plane, spacing_mm)
        layers[index][wall] = np.where(inner <= outer, 1, 2)[wall]
    return layers


def trimmed(labels: LabelArray, spacing_mm: tuple[float, float], trim_endo_mm: float, trim_epi_mm: float) -> BoolArray:
    """Return the myocardial pixels whose edges keep these distances from the edges of the wall.

    Where the wall is thinner than `THIN_WALL_MM`, its outer edge stays.
    """
    kept = np.zeros(labels.shape, dtype=bool)
    for index, plane in enumerate(labels):
        wall = plane == MYOCARDIUM
        if wall.any():
            inner, outer = edge_distances(plane, spacing_mm)
            trim_outside = np.where(inner + outer >= THIN_WALL_MM, trim_epi_mm, 0.0)
            kept[index] = wall & (inner >= trim_endo_mm) & (outer >= trim_outside)
    return kept


def edge_distances(plane: LabelArray, spacing_mm: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
    """Return distances in mm to the inner and the outer edge of the wall, which run between pixels.

    Their sum is the thickness of the wall.
    """
    half = 0.5 * float(np.mean(spacing_mm))
    inner, outer = wall_distances(plane, spacing_mm)
    return inner - half, outer - half


def wall_distances(plane: LabelArray, spacing_mm: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
    """Return the distance in mm of every pixel (rows, columns) to the nearest cavity and outside pixel."""
    ventricle = ndimage.binary_fill_holes(np.isin(plane, (MYOCARDIUM, LEFT_VENTRICLE)))
    cavity = ventricle & (plane != MYOCARDIUM)
    inner = ndimage.distance_transform_edt(~cavity, sampling=spacing_mm) if cavity.any() else np.full(plane.shape, 1e6)
    outer = ndimage.distance_transform_edt(np.pad(ventricle, 1), sampling=spacing_mm)[1:-1, 1:-1]
    return np.asarray(inner), np.asarray(outer)


def filled_cavity(labels: LabelArray) -> LabelArray:
    """Return the labels with the hole of a closed ring called LV blood where a slice has no LV label."""
    result = labels.copy()
    for index, plane in enumerate(labels):
        wall = plane == MYOCARDIUM
        if wall.any() and not (plane == LEFT_VENTRICLE).any():
            result[index][ndimage.binary_fill_holes(wall) & (plane == 0)] = LEFT_VENTRICLE
    return result
