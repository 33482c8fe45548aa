"""The automatic contour: endocardium and epicardium as smooth rings around the LV pool."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.segmentation.first_pass.blood_pools import BloodPools
from QPerfusionLogic.segmentation.first_pass.enhancement import Enhancement

from .polar_rings import PolarGrid, best_ring, hull_ring, smooth_ring

REACH_MM = 60.0
THICKNESS_MM = 9.0
"""Usual wall thickness in mid systole to diastole; only a weak prior (log-normal, one SD is a factor 1.6)."""
POOL_LEVEL = 0.35
"""Way from the wall's to the pool's passage from which on a pixel counts as blood."""
THINNEST_MM, THICKEST_MM = 4.0, 22.0
PAPILLARY_FACTOR, PAPILLARY_SHARE = 1.1, 0.7
"""Of a wall thicker than the first times the ring's lower quartile, the second is taken for papillary muscle."""
CLEAR = 0.3
"""Product of pool strength and wall contrast from which on a ring counts as sure."""


@dataclass(frozen=True)
class Ring:
    """Both contours of one slice: radii in mm per angle of the grid, and how sure they are (0 to 1)."""

    grid: PolarGrid
    endocardium_mm: FloatArray
    epicardium_mm: FloatArray
    confidence: float

    def masks(self, shape: tuple[int, int]) -> tuple[BoolArray, BoolArray]:
        """Return the (myocardium, cavity) pixels (rows, columns)."""
        cavity = self.grid.inside(self.endocardium_mm, shape)
        return self.grid.inside(self.epicardium_mm, shape) & ~cavity, cavity


def find_ring(enhancement: Enhancement, pools: BloodPools, index: int) -> Ring | None:
    """Return the contours of slice `index`, or None where no LV pool was found."""
    if not np.isfinite(pools.centre[index]).all():
        return None
    features = _features(enhancement, pools, index)
    centre = (float(pools.centre[index, 0]), float(pools.centre[index, 1]))
    level = POOL_LEVEL
    for _ in range(2):
        grid = PolarGrid(centre, enhancement.spacing_mm, REACH_MM)
        endocardium = _endocardium(grid, features, level)
        centre, level = ring_middle(grid, endocardium), _pool_level(grid, features, endocardium)
    grid = PolarGrid(centre, enhancement.spacing_mm, REACH_MM)
    endocardium = _endocardium(grid, features, level)
    epicardium, contrast = _epicardium(grid, features, endocardium)
    endocardium = behind_papillaries(endocardium, epicardium)
    confidence = np.sqrt(np.clip(pools.strength[index], 0.0, 1.0)) * contrast / CLEAR
    return Ring(grid, endocardium, epicardium, float(np.clip(confidence, 0.0, 1.0)))


@dataclass(frozen=True)
class _Features:
    """What one slice shows, (rows, columns) each: LV passage (about 1 in the pool) and a stack for the wall."""

    cavity: FloatArray
    wall: FloatArray
    noise: float


def _features(enhancement: Enhancement, pools: BloodPools, index: int) -> _Features:
    left, right = pools.left_frame, pools.right_frame
    late = enhancement.mean_between(min(pools.fill_frame, left - 1), left + 1)[index]
    early = enhancement.mean_around(right)[index]
    cavity = late - np.clip(early, 0.0, None)
    level = float(np.percentile(cavity[pools.left[index]], 75.0))
    step = max(left - right, 2)
    frames = len(enhancement.value)
    moments = [right, left, *(min(left + round(step * factor), frames - 1) for factor in (1.0, 1.75, 2.5))]
    wall = [enhancement.mean_around(moment, max(step // 4, 1))[index] for moment in moments]
    wall.append(enhancement.baseline[index])
    return _Features(cavity / max(level, 1e-6), np.stack(wall), enhancement.noise)


def _endocardium(grid: PolarGrid, features: _Features, level: float) -> FloatArray:
    """Return the radius in mm at which the LV passage falls below `level`; the hull counts papillary muscles as cavity.

    Source: Schulz-Menger et al., J Cardiovasc Magn Reson 2020;22:19 (endocardial contours include papillary muscles).
    """
    profile = np.clip(grid.sample(features.cavity), -0.2, 1.2)
    slope = ndimage.gaussian_filter1d(profile, 1.0 / grid.step_mm, axis=1, order=1) / grid.step_mm
    region = np.cumsum(np.clip(level - profile, -0.5, 0.5), axis=1) * grid.step_mm
    cost = region + 6.0 * slope
    cost[:, : int(3.0 / grid.step_mm)] = cost.max() + 10.0
    ring = best_ring(cost, stiffness=0.5) * grid.step_mm
    return smooth_ring(hull_ring(ring, grid.angle), 2.0)


def _pool_level(grid: PolarGrid, features: _Features, endocardium_mm: FloatArray) -> float:
    """Return the passage that parts blood from myocardium: `POOL_LEVEL` of the way from the wall's to the pool's."""
    wall = _from_endocardium(
        grid, grid.sample(features.cavity[None]), endocardium_mm, np.arange(2.0, 6.0, grid.step_mm)
    )
    myocardium = float(np.clip(np.median(wall), 0.0, 0.8))
    return myocardium + POOL_LEVEL * (1.0 - myocardium)


def behind_papillaries(endocardium_mm: FloatArray, epicardium_mm: FloatArray) -> FloatArray:
    """Return the endocardium moved outwards where the wall would be much thicker than the rest of its ring.

    A papillary muscle that leans on the wall without blood between them looks like wall; a thickening that stands out
    from the thinner half of the ring is shared between the two.
    """
    thickness = epicardium_mm - endocardium_mm
    usual = PAPILLARY_FACTOR * float(np.percentile(thickness, 25.0))
    excess = np.clip(thickness - usual, 0.0, None)
    return smooth_ring(endocardium_mm + PAPILLARY_SHARE * excess, 2.0)


def ring_middle(grid: PolarGrid, contour_mm: FloatArray) -> tuple[float, float]:
    """Return the centre of area (row, column) of a contour."""
    area = contour_mm**2
    row = (area * contour_mm * np.sin(grid.angle)).sum() / area.sum() * 2.0 / 3.0
    column = (area * contour_mm * np.cos(grid.angle)).sum() / area.sum() * 2.0 / 3.0
    return grid.centre[0] + row / grid.spacing_mm[0], grid.centre[1] + column / grid.spacing_mm[1]


def _epicardium(grid: PolarGrid, features: _Features, endocardium_mm: FloatArray) -> tuple[FloatArray, float]:
    """Return the outer radius in mm per angle, and how well the wall differs from what lies outside (0 to 1)."""
    wall = grid.sample(features.wall)
    thickness = np.arange(0.0, THICKEST_MM + 6.0, grid.step_mm)
    depth = _from_endocardium(grid, wall, endocardium_mm, thickness)
    core = (thickness >= 2.0) & (thickness <= 5.0)
    unlike = _unlike(depth, depth[:, :, core], features.noise)
    for _ in range(2):
        outer = _outer(grid, depth, unlike, thickness)
        sample = np.where(thickness[None] < 0.7 * outer[:, None], 1.0, 0.0) * (thickness >= 1.5)
        unlike = _unlike(depth, np.where(sample[None] > 0, depth, np.nan), features.noise)
    outer = _outer(grid, depth, unlike, thickness)
    inside = thickness[None] < outer[:, None]
    outside = ~inside & (thickness[None] < outer[:, None] + 4.0)
    contrast = float(np.clip(unlike[outside].mean() - unlike[inside & (thickness[None] > 1.0)].mean(), 0.0, 1.0))
    return endocardium_mm + outer, contrast


def _from_endocardium(
    grid: PolarGrid, image: FloatArray, endocardium_mm: FloatArray, thickness_mm: FloatArray
) -> FloatArray:
    """Return samples (..., angles, depths) at depths outside the endocardium."""
    position = (endocardium_mm[:, None] + thickness_mm[None]) / grid.step_mm
    rays = np.broadcast_to(np.arange(grid.angles)[:, None], position.shape)
    sampled = [ndimage.map_coordinates(plane, [rays, position], order=1, mode="nearest") for plane in image]
    return np.asarray(sampled)


def _unlike(depth: FloatArray, core: FloatArray, noise: float) -> FloatArray:
    """Return (angles, depths): 0 where the features equal those of the wall near this angle, 1 far off."""
    middle = np.nanmedian(core, axis=2)
    local = ndimage.median_filter(middle, size=(1, depth.shape[1] // 4 + 1), mode="wrap")
    overall = np.nanmedian(middle, axis=1)
    template = 0.7 * local + 0.3 * overall[:, None]
    spread = 1.4826 * np.nanmedian(np.abs(core - template[:, :, None]), axis=(1, 2))
    spread = np.sqrt(spread**2 + noise**2 + 0.03**2)
    distance = np.square((depth - template[:, :, None]) / spread[:, None, None])
    distance = np.clip(distance, 0.0, 9.0).mean(axis=0)
    return np.asarray(1.0 - np.exp(-0.25 * distance))


def _outer(grid: PolarGrid, depth: FloatArray, unlike: FloatArray, thickness: FloatArray) -> FloatArray:
    """Return the thickness per angle by dynamic programming."""
    region = np.cumsum(unlike - 0.5, axis=1) * grid.step_mm
    edge = ndimage.gaussian_filter1d(unlike, 1.5 / grid.step_mm, axis=1, order=1) / grid.step_mm
    prior = 0.5 * np.square(np.log(np.maximum(thickness, 0.5) / THICKNESS_MM) / np.log(1.6))
    cost = region - 4.0 * edge + 0.3 * prior[None]
    forbidden = (thickness < THINNEST_MM) | (thickness > THICKEST_MM)
    cost[:, forbidden] = cost.max() + 10.0
    return smooth_ring(best_ring(cost, stiffness=0.5), 2.0) * grid.step_mm
