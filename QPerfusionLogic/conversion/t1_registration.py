"""Bring a T1 map onto the grid of the series, slice by slice, by its position in the patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from QPerfusionLogic.study import FloatArray, Geometry, Notice, PerfusionSeries, Segmented, T1Map


@dataclass(frozen=True)
class MappedT1:
    """T1 in s on the grid of the series (slices, rows, columns), NaN where the map does not reach."""

    t1_s: FloatArray
    notices: tuple[Notice, ...] = ()


def t1_on_grid(t1_map: T1Map, series: PerfusionSeries, segmented: Segmented) -> MappedT1:
    """Resample the map: every pixel takes T1 of the nearest map slice, if that slice is close enough."""
    shape = series.image_shape
    values = np.full(shape, np.nan)
    for index in range(shape[0]):
        points = pixel_positions(series.geometry, index, shape[1:])
        values[index] = _sampled(t1_map, points)
    return MappedT1(values)


def pixel_positions(geometry: Geometry, index: int, shape: tuple[int, ...]) -> FloatArray:
    """Return the LPS positions (rows, columns, 3) of the pixel centres of one slice."""
    rows, columns = np.meshgrid(np.arange(shape[0]), np.arange(shape[1]), indexing="ij")
    matrix = geometry.index_to_lps[index]
    positions = columns[..., None] * matrix[:3, 0] + rows[..., None] * matrix[:3, 1] + matrix[:3, 3]
    return np.asarray(positions)


def _sampled(t1_map: T1Map, points: FloatArray) -> FloatArray:
    """T1 at LPS points from the map slice nearest to their centre; NaN beyond one slice thickness plus 5 mm."""
    centre = points.reshape(-1, 3).mean(axis=0)
    offsets = []
    for matrix in t1_map.geometry.index_to_lps:
        normal = matrix[:3, 2] / max(float(np.linalg.norm(matrix[:3, 2])), 1e-9)
        offsets.append(abs(float(normal @ (centre - matrix[:3, 3]))))
    nearest = int(np.argmin(offsets))
    matrix = t1_map.geometry.index_to_lps[nearest]
    if offsets[nearest] > float(np.linalg.norm(matrix[:3, 2])) + 5.0:
        return np.full(points.shape[:2], np.nan)
    index = np.linalg.solve(matrix[:3, :3], (points - matrix[:3, 3]).reshape(-1, 3).T)
    slice_values = np.asarray(t1_map.t1_s[nearest], dtype=float)
    sampled = ndimage.map_coordinates(slice_values, [index[1], index[0]], order=1, mode="constant", cval=np.nan)
    return np.asarray(sampled).reshape(points.shape[:2])
