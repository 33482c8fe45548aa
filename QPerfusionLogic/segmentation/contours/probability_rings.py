"""Closed rings from the network's probabilities: what it drew, made to obey what a ventricle is."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import BoolArray, FloatArray

from .classical_rings import REACH_MM, behind_papillaries, ring_middle
from .drawing_plan import STANDARD, DrawingPlan
from .polar_rings import PolarGrid, best_ring, hull_ring, smooth_ring

STIFFNESS = 0.2


def contours_from_probabilities(
    share: FloatArray,
    centre: tuple[float, float],
    spacing_mm: tuple[float, float],
    plan: DrawingPlan = STANDARD,
) -> tuple[BoolArray, BoolArray]:
    """Return the (myocardium, cavity) pixels of the smooth closed rings that fit the probabilities best.

    The network may run into the corner between RV and wall, or leave a papillary muscle outside; a ring of limited
    bending does neither.

    Parameters
    ----------
    share : (4, rows, columns) array
        Probability of background, myocardium, LV and RV.
    centre : (row, column) in pixels inside the cavity.
    """
    for _ in range(2):
        grid = PolarGrid(centre, spacing_mm, REACH_MM)
        outer = _ring(grid, share[1] + share[2])
        centre = ring_middle(grid, outer)
    grid = PolarGrid(centre, spacing_mm, REACH_MM)
    outer = smooth_ring(_ring(grid, share[1] + share[2]), 2.0) - plan.margin_mm
    inner = smooth_ring(hull_ring(_ring(grid, share[2]), grid.angle), 2.0)
    inner = behind_papillaries(inner, outer) if plan.papillaries else inner
    inner = np.minimum(inner + plan.trabeculae_mm, outer - 2.0)
    shape = (int(share.shape[1]), int(share.shape[2]))
    cavity = grid.inside(inner, shape)
    return np.asarray(grid.inside(outer, shape) & ~cavity), cavity


def _ring(grid: PolarGrid, inside: FloatArray) -> FloatArray:
    """Return the radius per angle that keeps most of the probability inside and most of its lack outside."""
    profile = ndimage.gaussian_filter1d(grid.sample(inside), 1.0, axis=1)
    cost = np.cumsum(0.5 - profile, axis=1) * grid.step_mm
    cost[:, : int(2.0 / grid.step_mm)] = cost.max() + 10.0
    return np.asarray(best_ring(cost, stiffness=STIFFNESS) * grid.step_mm)
