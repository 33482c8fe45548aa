"""Where the pixels of a series lie in the patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arrays import BoolArray, FloatArray


@dataclass(frozen=True)
class Geometry:
    """Where the pixels of a stack of slices lie in the patient.

    Parameters
    ----------
    index_to_lps : (slices, 4, 4) array
        For each slice, maps the homogeneous pixel index (column, row, 0, 1) to LPS millimetres; its third column is the
        unit slice normal times the slice thickness.
    """

    index_to_lps: FloatArray

    @staticmethod
    def axis_aligned(
        slices: int, pixel_spacing_mm: tuple[float, float] = (2.0, 2.0), slice_spacing_mm: float = 10.0
    ) -> Geometry:
        """Return a plain axial geometry with (row, column) spacing, for files that show nothing about position."""
        matrices = np.zeros((slices, 4, 4))
        matrices[:, 0, 0] = pixel_spacing_mm[1]
        matrices[:, 1, 1] = pixel_spacing_mm[0]
        matrices[:, 2, 2] = slice_spacing_mm
        matrices[:, 3, 3] = 1.0
        matrices[:, 2, 3] = np.arange(slices) * slice_spacing_mm
        return Geometry(matrices)

    @property
    def slices(self) -> int:
        """Number of slices."""
        return int(self.index_to_lps.shape[0])

    @property
    def pixel_spacing_mm(self) -> tuple[float, float]:
        """Distance in mm between rows and between columns (DICOM's order) of the first slice."""
        matrix = self.index_to_lps[0]
        return float(np.linalg.norm(matrix[:3, 1])), float(np.linalg.norm(matrix[:3, 0]))

    @property
    def stack_to_lps(self) -> FloatArray:
        """(4, 4) matrix from (column, row, slice, 1) to LPS mm, with the mean step between slices as third column."""
        matrix = np.array(self.index_to_lps[0], dtype=float)
        if self.slices > 1:
            matrix[:3, 2] = (self.index_to_lps[-1, :3, 3] - self.index_to_lps[0, :3, 3]) / (self.slices - 1)
        return matrix

    @property
    def has_position(self) -> bool:
        """False for axes along the patient's with origin 0, which files without a place have."""
        matrix = np.abs(self.stack_to_lps[:3])
        return not (np.allclose(matrix[:, 3], 0) and np.allclose(matrix[:, :3], np.diag(np.diag(matrix[:, :3]))))

    @property
    def in_plane_axes(self) -> FloatArray:
        """(slices, 2, 3) unit LPS vectors of increasing row and of increasing column."""
        axes = np.swapaxes(self.index_to_lps[:, :3, 1::-1], 1, 2)
        return np.asarray(axes / np.linalg.norm(axes, axis=-1, keepdims=True))

    def lps_of(self, index: int, row: ArrayLike, column: ArrayLike) -> FloatArray:
        """Return the LPS points (..., 3) in mm of rows and columns (...) of a slice.

        Examples
        --------
        >>> Geometry.axis_aligned(2).lps_of(1, 3.0, 4.0).tolist()
        [8.0, 6.0, 10.0]
        """
        matrix = self.index_to_lps[index]
        rows, columns = np.asarray(row, dtype=float)[..., None], np.asarray(column, dtype=float)[..., None]
        return np.asarray(columns * matrix[:3, 0] + rows * matrix[:3, 1] + matrix[:3, 3])

    def in_slice(self, index: int, lps: FloatArray) -> FloatArray:
        """Return points (..., 3) in LPS mm as (row, column, distance in slice thicknesses) (..., 3) of a slice.

        Examples
        --------
        >>> Geometry.axis_aligned(2).in_slice(0, np.array([8.0, 6.0, 10.0])).tolist()
        [3.0, 4.0, 1.0]
        """
        matrix = self.index_to_lps[index]
        points = np.asarray(lps, dtype=float)
        found = np.linalg.solve(matrix[:3, :3], (points - matrix[:3, 3]).reshape(-1, 3).T)
        return np.asarray(found[[1, 0, 2]].T.reshape(points.shape))

    def positions(self, index: int, shape: tuple[int, ...], finer: int = 1) -> FloatArray:
        """Return the LPS points (rows * finer, columns * finer, 3) of a slice, `finer` of them a pixel and axis."""
        along = [(np.arange(size * finer) + 0.5) / finer - 0.5 for size in shape]
        return self.lps_of(index, *np.meshgrid(*along, indexing="ij"))

    def nearest_slice(self, lps: FloatArray, among: BoolArray | None = None) -> tuple[int, float]:
        """Return the slice whose plane is nearest to the middle of points (..., 3), and how far that is in mm.

        Parameters
        ----------
        among : (slices,) bool array, optional
            Slices that count; all by default. Without any the distance is infinite.
        """
        centre = np.asarray(lps, dtype=float).reshape(-1, 3).mean(axis=0)
        normals = self.index_to_lps[:, :3, 2]
        lengths = np.maximum(np.linalg.norm(normals, axis=1), 1e-9)
        distance = np.abs(np.einsum("si,si->s", normals, centre - self.index_to_lps[:, :3, 3])) / lengths
        distance = distance if among is None else np.where(among, distance, np.inf)
        index = int(np.argmin(distance))
        return index, float(distance[index])

    def sample(
        self,
        values: NDArray[Any],
        lps: FloatArray,
        farthest_mm: float,
        among: BoolArray | None = None,
        outside: float = np.nan,
    ) -> FloatArray:
        """Return values (slices, rows, columns) on this grid at LPS points (n, m, 3), linear within the nearest slice.

        Parameters
        ----------
        farthest_mm : float
            A slice that is farther from the middle of the points is not looked up.
        among : (slices,) bool array, optional
            Slices that count; all by default.
        outside : float
            Where the grid does not reach.
        """
        from scipy.ndimage import map_coordinates

        index, distance = self.nearest_slice(lps, among)
        if distance > farthest_mm:
            return np.full(lps.shape[:2], outside)
        # Rounding must not put the first pixel off the grid.
        places = np.moveaxis(self.in_slice(index, lps)[..., :2], -1, 0).round(9)
        return np.asarray(map_coordinates(np.asarray(values[index], dtype=float), places, order=1, cval=outside))
