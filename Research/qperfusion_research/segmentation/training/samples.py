"""One training pair of the segmentation network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray, LabelArray

from .synthetic_anatomy import FIELD

HEAT_SIGMA_PIXELS = 2.0


@dataclass(frozen=True)
class Sample:
    """One training pair: images (CHANNELS, SIZE, SIZE), labels (SIZE, SIZE) 0 to 3, insertion heat (SIZE, SIZE)."""

    images: FloatArray
    labels: LabelArray
    heat: FloatArray


def heat_of(
    points: FloatArray, shape: tuple[int, ...] = (FIELD, FIELD), sigma_pixels: float = HEAT_SIGMA_PIXELS
) -> FloatArray:
    """Return a picture (rows, columns) with a spot of height 1 at each (row, column) of (n, 2) points."""
    if not np.isfinite(points).all():
        return np.zeros(shape, dtype=np.float32)
    rows, columns = np.arange(shape[0])[:, None], np.arange(shape[1])[None, :]
    blobs = [np.exp(-0.5 * ((rows - row) ** 2 + (columns - column) ** 2) / sigma_pixels**2) for row, column in points]
    return np.asarray(np.maximum(*blobs), dtype=np.float32)
