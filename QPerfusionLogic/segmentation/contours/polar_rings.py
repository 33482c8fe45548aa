"""Closed contours around a centre: polar sampling and the best smooth ring by dynamic programming."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import BoolArray, FloatArray


@dataclass(frozen=True)
class PolarGrid:
    """Rays from a centre: `angles` equal steps from 0 (increasing column) towards increasing row, radii in mm.

    Examples
    --------
    >>> grid = PolarGrid((10.0, 10.0), (2.0, 2.0), 10.0, angles=4, step_mm=1.0)
    >>> int(grid.inside(np.full(4, 3.0), (21, 21)).sum())
    9
    """

    centre: tuple[float, float]
    spacing_mm: tuple[float, float]
    reach_mm: float
    angles: int = 96
    step_mm: float = 0.5

    @property
    def angle(self) -> FloatArray:
        """(angles,) in radians."""
        return np.arange(self.angles) * (2.0 * np.pi / self.angles)

    @property
    def radius_mm(self) -> FloatArray:
        """(radii,) in mm."""
        return np.asarray(np.arange(0.0, self.reach_mm, self.step_mm))

    def sample(self, image: FloatArray) -> FloatArray:
        """Return (..., angles, radii) linear samples of an image (..., rows, columns), edges repeated."""
        radius, angle = self.radius_mm[None, :], self.angle[:, None]
        row = self.centre[0] + radius * np.sin(angle) / self.spacing_mm[0]
        column = self.centre[1] + radius * np.cos(angle) / self.spacing_mm[1]
        stack = image.reshape(-1, *image.shape[-2:])
        sampled = [ndimage.map_coordinates(plane, [row, column], order=1, mode="nearest") for plane in stack]
        return np.asarray(sampled).reshape(*image.shape[:-2], *row.shape)

    def inside(self, contour_mm: FloatArray, shape: tuple[int, int]) -> BoolArray:
        """Return the pixels (rows, columns) whose centres lie inside a contour given as one radius per angle."""
        distance, angle = self.polar_coordinates(shape)
        limit = np.interp(angle, self.angle, contour_mm, period=2.0 * np.pi)
        return np.asarray(distance <= limit)

    def polar_coordinates(self, shape: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
        """Return distance in mm and angle in radians of every pixel (rows, columns)."""
        rows = (np.arange(shape[0])[:, None] - self.centre[0]) * self.spacing_mm[0]
        columns = (np.arange(shape[1])[None, :] - self.centre[1]) * self.spacing_mm[1]
        return np.hypot(rows, columns), np.arctan2(rows, columns) % (2.0 * np.pi)

    def point(self, angle: float, radius_mm: float) -> tuple[float, float]:
        """Return (row, column) in pixels of one point."""
        row = self.centre[0] + radius_mm * np.sin(angle) / self.spacing_mm[0]
        return float(row), float(self.centre[1] + radius_mm * np.cos(angle) / self.spacing_mm[1])


def best_ring(cost: FloatArray, stiffness: float, reach: int = 3) -> FloatArray:
    """Return the radius index per angle that minimises the cost of a closed smooth ring.

    Parameters
    ----------
    cost : (angles, radii) array
        Cost of passing each radius at each angle.
    stiffness : float
        Cost of a squared step of one radius between neighbouring angles.
    reach : int
        Largest step between neighbouring angles.

    Returns
    -------
    (angles,) array of float
        Indices; the ring is closed by a second turn that starts where the first one ended.
    """
    angles, radii = cost.shape
    steps = np.arange(-reach, reach + 1)
    penalty = stiffness * steps.astype(float) ** 2
    turns = np.concatenate([cost, cost, cost])
    padded = np.full(radii + 2 * reach, np.inf)
    total, choices = padded[reach : reach + radii], np.lib.stride_tricks.sliding_window_view(padded, len(steps))
    total[:] = turns[0]
    origin = np.zeros((len(turns), radii), dtype=np.int64)
    radius = np.arange(radii)
    for index in range(1, len(turns)):
        priced = choices + penalty
        best = priced.argmin(axis=1)
        np.add(radius, steps[best], out=origin[index])
        np.add(turns[index], priced[radius, best], out=total)
        total -= total.min()
    path = np.zeros(len(turns), dtype=np.int64)
    path[-1] = int(np.argmin(total))
    for index in range(len(turns) - 1, 0, -1):
        path[index - 1] = origin[index, path[index]]
    return path[angles : 2 * angles].astype(float)


def smooth_ring(ring: FloatArray, sigma_angles: float) -> FloatArray:
    """Return a ring (angles,) smoothed along its closed course."""
    return np.asarray(ndimage.gaussian_filter1d(ring, sigma_angles, mode="wrap"))


def hull_ring(ring: FloatArray, angle: FloatArray) -> FloatArray:
    """Return the radius per angle of the convex hull of a ring that encloses its centre.

    Examples
    --------
    >>> angle = np.arange(8) * np.pi / 4
    >>> notched = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.2])
    >>> hull_ring(notched, angle).round(3).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.707]
    """
    across = angle[None, :] - angle[:, None]
    reach = np.where(np.cos(across) > 1e-6, ring[None, :] * np.cos(across), -np.inf).max(axis=1)
    support = np.maximum(reach, 1e-6)
    cosine = np.cos(across)
    limit = np.where(cosine > 1e-6, support[None, :] / np.maximum(cosine, 1e-6), np.inf)
    return np.asarray(limit.min(axis=1))
