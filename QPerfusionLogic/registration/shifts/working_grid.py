"""The grid the registration works on: pixels of about 2.2 mm, whatever the pixels of the images are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.geometry import Geometry

from .edge_features import WORKING_SPACING_MM

PLAUSIBLE_FIELD_MM = (120.0, 700.0)
"""Fields of view of a cardiac image; a spacing that gives another one is not trusted."""
PLAUSIBLE_ANISOTROPY = 2.0
KEPT_AS_IS = (0.75, 1.35)
"""Ratio of pixel size to working pixel size inside which no resampling is done."""


@dataclass(frozen=True)
class WorkingGrid:
    """How image pixels and working pixels relate, per axis (row, column).

    Parameters
    ----------
    spacing_mm : tuple of float
        Assumed distance between image rows and columns.
    step : tuple of float
        Image pixels per working pixel.
    """

    spacing_mm: tuple[float, float]
    step: tuple[float, float]

    def to_working(self, frames: FloatArray) -> FloatArray:
        """Return the (frames, rows, columns) images on the working grid, free of values that are not finite."""
        finite = np.nan_to_num(np.asarray(frames, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
        if self.step == (1.0, 1.0):
            return finite
        shape = tuple(max(1, round(size / step)) for size, step in zip(frames.shape[1:], self.step, strict=True))
        sigma = tuple(0.5 * np.sqrt(max(step**2 - 1.0, 0.0)) for step in self.step)
        result = np.empty((len(frames), *shape), dtype=np.float32)
        for frame, image in enumerate(finite):
            ndimage.affine_transform(
                ndimage.gaussian_filter(image, sigma, mode="nearest"),
                np.array(self.step),
                output=result[frame],
                output_shape=shape,
                order=1,
                mode="nearest",
            )
        return result


def working_grid(geometry: Geometry, image_shape: tuple[int, ...]) -> WorkingGrid:
    """Return the working grid of images of shape (..., rows, columns); an implausible spacing is taken as 2.2 mm."""
    spacing = geometry.pixel_spacing_mm
    field_mm = max(size * pitch for size, pitch in zip(image_shape[-2:], spacing, strict=True))
    believable = (
        min(spacing) > 0.0
        and PLAUSIBLE_FIELD_MM[0] <= field_mm <= PLAUSIBLE_FIELD_MM[1]
        and max(spacing) / min(spacing) <= PLAUSIBLE_ANISOTROPY
    )
    if not believable:
        return WorkingGrid((WORKING_SPACING_MM, WORKING_SPACING_MM), (1.0, 1.0))
    ratios = [pitch / WORKING_SPACING_MM for pitch in spacing]
    if all(KEPT_AS_IS[0] <= ratio <= KEPT_AS_IS[1] for ratio in ratios):
        return WorkingGrid(spacing, (1.0, 1.0))
    return WorkingGrid(spacing, (1.0 / ratios[0], 1.0 / ratios[1]))
