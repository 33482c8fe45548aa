"""Where the pixels of a series lie in the patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import FloatArray


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
        """Return a plain axial geometry with (row, column) spacing, for files that tell nothing about position."""
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
