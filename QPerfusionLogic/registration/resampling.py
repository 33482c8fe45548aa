"""Moving the original frames, once, by cubic interpolation."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import FloatArray

STILL_PX = 1e-3
"""Displacements below this leave a frame untouched, bit for bit."""


def translate(frames: FloatArray, displacement_px: FloatArray) -> FloatArray:
    """Return frame(x + d) for (frames, rows, columns) images and displacements d (frames, 2) in pixels.

    Values that are not finite stay so: a pixel whose sources include one is NaN. Beyond the border the last pixel is
    repeated.
    """
    moved = np.array(frames, dtype=np.float32, copy=True)
    for frame, shift in enumerate(np.asarray(displacement_px, dtype=float)):
        if np.abs(shift).max() < STILL_PX:
            continue
        moved[frame] = _translate_one(moved[frame], shift)
    return moved


def _translate_one(image: FloatArray, shift: FloatArray) -> FloatArray:
    unknown = ~np.isfinite(image)
    if not unknown.any():
        return np.asarray(ndimage.shift(image, -shift, order=3, mode="nearest"))
    moved = ndimage.shift(np.where(unknown, 0.0, image), -shift, order=3, mode="nearest")
    touched = ndimage.shift(unknown.astype(np.float32), -shift, order=1, mode="nearest") > 1e-3
    return np.asarray(np.where(ndimage.binary_dilation(touched), np.nan, moved))


def warp(image: FloatArray, displacement_px: FloatArray, order: int = 3) -> FloatArray:
    """Return image(x + d(x)) for a (rows, columns) image and a displacement field (rows, columns, 2) in pixels."""
    rows, columns = np.indices(image.shape)
    places = np.stack([rows + displacement_px[..., 0], columns + displacement_px[..., 1]])
    return np.asarray(ndimage.map_coordinates(image, places, order=order, mode="nearest"), dtype=np.float32)
