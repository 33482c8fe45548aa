"""What the images are compared by: normalised edges around the heart, which contrast agent hardly changes."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import FloatArray

WORKING_SPACING_MM = 2.2
"""Pixel size at which the sizes below, in working pixels, were chosen."""
CROP = 88
"""Side of the square crop around the heart in working pixels."""
DISC_RADIUS = 26.0
"""Radius at which the soft disc has half weight, in working pixels."""
DISC_EDGE = 6.0
"""Half width of the soft edge of the disc."""
EDGE_SIGMA = 1.0
SATURATION = 0.7
"""Gradient, as a share of its 80th percentile, at which the feature reaches one half."""


def edge_feature(frames: FloatArray, percentile_window: tuple[slice, slice] | None = None) -> FloatArray:
    """Return g / (g + 0.7 p80) of the gradient magnitude g of every frame.

    Parameters
    ----------
    frames : (frames, rows, columns) array
        Finite images on the working grid.
    percentile_window : tuple of slice, optional
        Part of the image from which p80, the 80th percentile of g, is read; the whole image by default.
    """
    gradient = np.empty(frames.shape, dtype=np.float32)
    for frame, image in enumerate(frames):
        gradient[frame] = ndimage.gaussian_gradient_magnitude(np.asarray(image, np.float32), EDGE_SIGMA, mode="nearest")
    window = gradient if percentile_window is None else gradient[:, percentile_window[0], percentile_window[1]]
    level = SATURATION * np.percentile(window.reshape(len(frames), -1), 80.0, axis=1)[:, None, None]
    return np.asarray(gradient / (gradient + np.maximum(level, np.finfo(np.float32).tiny)), dtype=np.float32)


def soft_disc(size: int = CROP, radius: float = DISC_RADIUS, edge: float = DISC_EDGE) -> FloatArray:
    """Return (size, size) weights: 1 inside, 0 outside, a raised cosine across the edge."""
    axis = np.arange(size) - (size - 1) / 2.0
    distance = np.hypot(axis[:, None], axis[None, :])
    ramp = np.clip((radius + edge - distance) / (2.0 * edge), 0.0, 1.0)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * ramp), dtype=np.float32)


def crop_at(images: FloatArray, corner: np.ndarray, size: int = CROP) -> tuple[FloatArray, FloatArray]:
    """Return square crops and where they lie inside the image.

    Parameters
    ----------
    images : (frames, rows, columns) array
    corner : (frames, 2) int array
        First row and column of each crop; may lie outside the image.

    Returns
    -------
    crops, inside : (frames, size, size) arrays
        The crops, 0 outside the image, and 1 inside, 0 outside.
    """
    count, rows, columns = images.shape
    crops = np.zeros((count, size, size), dtype=np.float32)
    inside = np.zeros((count, size, size), dtype=np.float32)
    for frame, (top, left) in enumerate(corner):
        row, column = max(0, top), max(0, left)
        bottom, right = min(rows, top + size), min(columns, left + size)
        if bottom <= row or right <= column:
            continue
        target = (slice(row - top, bottom - top), slice(column - left, right - left))
        crops[frame][target] = images[frame, row:bottom, column:right]
        inside[frame][target] = 1.0
    return crops, inside
