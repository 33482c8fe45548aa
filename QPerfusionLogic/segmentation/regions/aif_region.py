"""The blood pixels that the arterial input is read from: the brightest of the cavity, away from myocardium."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, BoolArray, FloatArray, LabelArray

MARGIN_MM = 2.0
"""Distance kept from the endocardium, and with it from trabeculae and from partial volume."""
FEWEST = 4


def aif_region(
    labels: LabelArray,
    passage: FloatArray,
    spacing_mm: tuple[float, float],
    order: tuple[int, ...],
    percentile: float,
) -> BoolArray:
    """Return the arterial input region, (slices, rows, columns) bool, in one slice.

    Papillary muscles stay out because they enhance less than blood at the LV peak: only pixels over the percentile of
    the eroded cavity count, and of them the largest connected region, so that no speck outside the pool takes part.

    Parameters
    ----------
    passage : (slices, rows, columns) array
        Enhancement around the LV peak frame.
    order : tuple of int
        Usable slices from base to apex. The most basal one whose pool is at least half as bright as the
        brightest slice's is taken: a slice through the outflow or the atrium, or one without blood, is passed over.
    percentile : float
        0 to 99, of the passage inside the cavity.
    """
    region = np.zeros(labels.shape, dtype=bool)
    pools = {index: _core(labels[index] == LEFT_VENTRICLE, spacing_mm) for index in order}
    level = {index: float(np.median(passage[index][pool])) for index, pool in pools.items() if pool.any()}
    if not level:
        return region
    brightest = max(level.values())
    chosen = next((index for index in order if level.get(index, -np.inf) >= 0.5 * brightest), None)
    if chosen is None:
        return region
    pool, values = pools[chosen], passage[chosen]
    bright = pool & (values >= np.percentile(values[pool], percentile))
    region[chosen] = _largest(bright) if _largest(bright).sum() >= FEWEST else bright
    return region


def _core(cavity: BoolArray, spacing_mm: tuple[float, float]) -> BoolArray:
    """Return the cavity without its margin, or its innermost pixels when it is too small for one."""
    if not cavity.any():
        return cavity
    depth = ndimage.distance_transform_edt(np.pad(cavity, 1), sampling=spacing_mm)[1:-1, 1:-1]
    core = depth > MARGIN_MM + 0.5 * float(np.mean(spacing_mm))
    if core.sum() >= 4 * FEWEST:
        return np.asarray(core)
    return np.asarray(cavity & (depth >= np.median(depth[cavity])))


def _largest(mask: BoolArray) -> BoolArray:
    labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
    if count < 2:
        return mask
    sizes = np.bincount(labels.ravel())[1:]
    return np.asarray(labels == int(np.argmax(sizes)) + 1)
