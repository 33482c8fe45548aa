"""Where the pixels of one series lie in another: masks of the tissue series looked up at points in the patient."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .arrays import BoolArray, FloatArray
from .geometry import Geometry

FARTHEST_SLICE_MM = 40.0
"""An AIF slice may lie this far from the nearest tissue slice and still show the same ventricle."""


def is_placed(geometry: Geometry) -> bool:
    """Whether the geometry comes from a scanner: a plain axial stack at the origin is what unknown positions get."""
    plain = Geometry.axis_aligned(geometry.slices, geometry.pixel_spacing_mm)
    return not np.allclose(geometry.index_to_lps[0, :3, 3], 0.0) or not np.allclose(
        geometry.index_to_lps[0, :3, :2], plain.index_to_lps[0, :3, :2]
    )


def positions(geometry: Geometry, index: int, shape: tuple[int, ...], finer: int = 1) -> FloatArray:
    """Return the LPS points (rows * finer, columns * finer, 3) of a slice, `finer` of them a pixel and axis."""
    along = [(np.arange(size * finer) + 0.5) / finer - 0.5 for size in shape]
    rows, columns = np.meshgrid(*along, indexing="ij")
    matrix = geometry.index_to_lps[index]
    return np.asarray(columns[..., None] * matrix[:3, 0] + rows[..., None] * matrix[:3, 1] + matrix[:3, 3])


def looked_up(mask: BoolArray, geometry: Geometry, points: FloatArray) -> BoolArray:
    """Return values of a mask (slices, rows, columns) at LPS points (n, m, 3), in the nearest slice that has any."""
    centre = points.reshape(-1, 3).mean(axis=0)
    best, distance = None, FARTHEST_SLICE_MM
    for index, matrix in enumerate(geometry.index_to_lps):
        normal = matrix[:3, 2] / max(float(np.linalg.norm(matrix[:3, 2])), 1e-9)
        offset = abs(float(normal @ (centre - matrix[:3, 3])))
        if mask[index].any() and offset <= distance:
            best, distance = index, offset
    if best is None:
        return np.zeros(points.shape[:2], dtype=bool)
    matrix = geometry.index_to_lps[best]
    where = np.linalg.solve(matrix[:3, :3], (points - matrix[:3, 3]).reshape(-1, 3).T)
    sampled = ndimage.map_coordinates(mask[best].astype(float), [where[1], where[0]], order=1, mode="constant")
    return np.asarray(sampled > 0.5).reshape(points.shape[:2])
