"""What the network sees of a slice: a crop around the LV pool, RV up, at fixed moments of the bolus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.segmentation.first_pass.blood_pools import BloodPools
from QPerfusionLogic.segmentation.first_pass.enhancement import Enhancement

SIZE, PIXEL_MM = 64, 2.0
CHANNELS = 8
"""Baseline, RV peak, LV upslope, LV peak, and four moments while blood washes out and myocardium fills."""


@dataclass(frozen=True)
class Crop:
    """A square of `SIZE` pixels of `PIXEL_MM` around a centre (row, column), turned by `angle`.

    `angle` is the direction (radians, from increasing column towards increasing row) that becomes up in the crop.
    """

    centre: tuple[float, float]
    angle: float
    spacing_mm: tuple[float, float]

    def take(self, image: FloatArray) -> FloatArray:
        """Return (..., SIZE, SIZE) linear samples of (..., rows, columns)."""
        offset = (np.arange(SIZE) - 0.5 * (SIZE - 1)) * PIXEL_MM
        row, column = self._to_image(offset[:, None], offset[None, :])
        stack = image.reshape(-1, *image.shape[-2:])
        sampled = [ndimage.map_coordinates(plane, [row, column], order=1, mode="nearest") for plane in stack]
        return np.asarray(sampled, dtype=np.float32).reshape(*image.shape[:-2], SIZE, SIZE)

    def put_back(self, crop: FloatArray, shape: tuple[int, int]) -> FloatArray:
        """Return (..., rows, columns) of the image's grid, 0 outside the crop."""
        rows = (np.arange(shape[0])[:, None] - self.centre[0]) * self.spacing_mm[0]
        columns = (np.arange(shape[1])[None, :] - self.centre[1]) * self.spacing_mm[1]
        up, right = self._axes()
        down_mm = -(rows * up[0] + columns * up[1])
        right_mm = rows * right[0] + columns * right[1]
        position = [down_mm / PIXEL_MM + 0.5 * (SIZE - 1), right_mm / PIXEL_MM + 0.5 * (SIZE - 1)]
        stack = crop.reshape(-1, SIZE, SIZE)
        placed = [ndimage.map_coordinates(plane, position, order=1, mode="constant") for plane in stack]
        return np.asarray(placed).reshape(*crop.shape[:-2], *shape)

    def point(self, row: float, column: float) -> tuple[float, float]:
        """Return the image's (row, column) of a position in the crop."""
        offset = (np.array([row, column]) - 0.5 * (SIZE - 1)) * PIXEL_MM
        found = self._to_image(offset[:1], offset[1:])
        return float(found[0][0]), float(found[1][0])

    def _axes(self) -> tuple[FloatArray, FloatArray]:
        """Return the image directions (row, column in mm) that are up and right in the crop."""
        up = np.array([np.sin(self.angle), np.cos(self.angle)])
        return up, np.array([up[1], -up[0]])

    def _to_image(self, down_mm: FloatArray, right_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
        up, right = self._axes()
        row = self.centre[0] + (-down_mm * up[0] + right_mm * right[0]) / self.spacing_mm[0]
        column = self.centre[1] + (-down_mm * up[1] + right_mm * right[1]) / self.spacing_mm[1]
        return row, column


def crop_of(enhancement: Enhancement, pools: BloodPools, index: int) -> Crop:
    """Return the crop of a slice with a pool: RV up where the slice has one, as it lies otherwise."""
    centre = (float(pools.centre[index, 0]), float(pools.centre[index, 1]))
    right = np.argwhere(pools.right[index])
    if not len(right):
        return Crop(centre, -0.5 * np.pi, enhancement.spacing_mm)
    towards = (right.mean(axis=0) - centre) * np.asarray(enhancement.spacing_mm)
    return Crop(centre, float(np.arctan2(towards[0], towards[1])), enhancement.spacing_mm)


def network_input(enhancement: Enhancement, pools: BloodPools, index: int, crop: Crop) -> FloatArray:
    """Return (CHANNELS, SIZE, SIZE) in units of the LV pool's peak."""
    images = phase_images(enhancement.value[:, index], enhancement.baseline[index], pools.right_frame, pools.left_frame)
    return normalised(crop.take(images), crop.take(pools.left[index].astype(np.float32)) > 0.5)


def phase_images(value: FloatArray, baseline: FloatArray, right_frame: int, left_frame: int) -> FloatArray:
    """Return (CHANNELS, rows, columns): the baseline and the enhancement (frames, rows, columns) at seven moments.

    The moments follow the patient's own circulation: they are counted in steps of the time from RV to LV peak.
    """
    step = left_frame - right_frame
    last = len(value) - 1
    images = [baseline]
    for share, half_width in (
        (-1.0, 0.12),
        (-0.3, 0.12),
        (0.0, 0.12),
        (0.5, 0.2),
        (1.0, 0.2),
        (1.75, 0.25),
        (2.5, 0.25),
    ):
        middle = min(max(left_frame + round(share * step), 0), last)
        width = max(round(half_width * step), 1)
        images.append(value[max(middle - width, 0) : middle + width + 1].mean(axis=0))
    return np.asarray(images, dtype=np.float32)


def normalised(images: FloatArray, pool: BoolArray) -> FloatArray:
    """Return the images over the level of the pool (SIZE, SIZE bool) at the LV peak, clipped to a sane range."""
    level = float(np.percentile(images[3][pool], 75.0)) if pool.any() else float(np.percentile(images[3], 99.0))
    return np.asarray(np.clip(images / max(level, 1e-6), -1.0, 2.0), dtype=np.float32)
