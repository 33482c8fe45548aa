"""Find the LV blood pool in a low-resolution AIF series: by position in the patient, else by the bolus itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, BoolArray, FloatArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import StateResult
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.segmentation.first_pass.blood_pools import find_blood_pools
from QPerfusionLogic.segmentation.first_pass.enhancement import enhancement_of_series

FARTHEST_SLICE_MM = 40.0
"""An AIF slice may lie this far from the nearest tissue slice and still show the same ventricle."""
FEWEST_PIXELS = 4
FULLEST_PIXELS, FULL_SHARE = 5, 0.96
"""A pixel of full blood signal enhances by this share of what those above the percentile do (the upper five if few)."""
SMOOTHING_MM = 3.0
"""Standard deviation over which neighbours share their enhancement: the pixels of a diluted bolus are noisy."""
FEW_FULL_PIXELS = 6
"""With so few pixels of full blood signal even these hold wall: they read 1 to 10 % low on digital patients."""
SMALL_POOL = "aif-pool-small"
ROUNDS = 2
"""The curve that pixels are measured by comes from those found before; it settles in two rounds."""
AGREEMENT = 0.5
"""Share of a pool identified by the bolus that lies where the tissue series shows the LV; below it the position is
right."""


@dataclass(frozen=True)
class Pool:
    """Blood pixels (slices, rows, columns) of the AIF series, how they were found, and notices."""

    region: BoolArray
    found_by: str
    notices: tuple[Notice, ...] = ()


def left_ventricular_pool(series: PerfusionSeries, state: StateResult, percentile: float) -> Pool:
    """Return the AIF region of an AIF series.

    Parameters
    ----------
    series : PerfusionSeries
        The AIF series, with its own grid.
    state : StateResult
        Its tissue segmentation shows where the LV is in the patient, where both series know their position.

    percentile : float
        `segmentation.aif_percentile`: the search for full blood signal begins with the pixels of the pool above it.

    Raises
    ------
    InputError
        When neither position nor bolus shows a blood pool.
    """
    pool = _found_pool(series, state)
    region = _full_blood(series, pool.region, percentile)
    few = (_few_full_pixels(int(region.sum())),) if region.sum() <= FEW_FULL_PIXELS else ()
    return Pool(region, pool.found_by, (*pool.notices, *few))


def _found_pool(series: PerfusionSeries, state: StateResult) -> Pool:
    """Return the whole pool, shared pixels and all."""
    pools = find_blood_pools(enhancement_of_series(series))
    expected = _expected_from_tissue(series, state)
    if expected is not None and pools is not None:
        shared = pools.left & ndimage.binary_dilation(expected, np.ones((1, 3, 3)), iterations=2)
        if shared.sum() >= FEWEST_PIXELS and (pools.left & expected).sum() >= AGREEMENT * pools.left.sum():
            return Pool(shared, "position and bolus")
        if expected.sum() >= FEWEST_PIXELS:
            return Pool(expected, "position")
    if pools is not None:
        return Pool(pools.left, "bolus")
    if expected is not None and expected.sum() >= FEWEST_PIXELS:
        notice = Notice.of(
            code="aif-pool-by-position",
            message="no bolus was recognised in the AIF series; its blood pool was taken from the tissue series",
            action="check the AIF series and its arterial input curve",
        )
        return Pool(expected, "position", (notice,))
    raise InputError(
        "no left-ventricular blood pool in the AIF series",
        expected="two pools, the right one enhancing before the left one",
        action="check that this is the AIF series, or give the arterial input as a CSV curve",
    )


def _few_full_pixels(count: int) -> Notice:
    return Notice.of(
        code=SMALL_POOL,
        message=f"the blood pool is small for the resolution of the AIF series: {count} pixels of full blood signal, "
        "which may hold some wall; the arterial input may read up to 10 % low and flow as much too high",
        action="acquire the AIF slice through a larger part of the ventricle or with smaller pixels",
    )


def _expected_from_tissue(series: PerfusionSeries, state: StateResult) -> BoolArray | None:
    """Return where the LV of the tissue segmentation lies in the AIF series, or None where positions say nothing."""
    if state.segmented is None or state.registered is None:
        return None
    tissue = state.registered.series.geometry
    if not (series.geometry.has_position and tissue.has_position):
        return None
    left = state.segmented.labels == LEFT_VENTRICLE
    found = np.zeros(series.image_shape, dtype=bool)
    for index in range(series.slices):
        points = series.geometry.positions(index, series.image_shape[1:])
        found[index] = ventricle_at(left, tissue, points) > 0.5
    return found if found.any() else None


def ventricle_at(mask: BoolArray, geometry: Geometry, points: FloatArray) -> FloatArray:
    """Return a mask (slices, rows, columns) at LPS points (n, m, 3), linear in the nearest slice that has any of it."""
    drawn = np.asarray(mask.any(axis=(1, 2)))
    return geometry.sample(mask, points, FARTHEST_SLICE_MM, among=drawn, outside=0.0)


def _full_blood(series: PerfusionSeries, pool: BoolArray, percentile: float) -> BoolArray:
    """Return the pixels of full blood signal in the pool's largest slice.

    How much blood a pixel holds is given by its slope on the curve of the pool over all frames, which averages the
    noise of single frames, per unit of proton density where that is known. In a small ventricle under low resolution
    the other pixels share their signal with the wall; to leave out full ones would only leave more noise in the curve.
    """
    index = int(np.argmax(pool.sum(axis=(1, 2))))
    pixels = pool[index]
    curves = np.asarray(series.signal[:, index][:, pixels], dtype=float)
    density = _proton_density(series, index)
    chosen = _brightest(curves, percentile)
    count = max(FULLEST_PIXELS, int((1.0 - percentile / 100.0) * len(chosen)))
    for _ in range(ROUNDS):
        curve = curves[:, chosen].mean(axis=1)
        centred = curve - curve.mean()
        slope = np.zeros(pixels.shape)
        slope[pixels] = centred @ curves / max(float(centred @ centred), 1e-30)
        share = (_smoothed(slope, pixels, series) / _smoothed(np.where(pixels, density, 0.0), pixels, series))[pixels]
        chosen = share >= FULL_SHARE * float(np.sort(share)[-count:].mean())
    region = np.zeros_like(pool)
    region[index, pixels] = chosen
    return region


def _brightest(curves: FloatArray, percentile: float) -> BoolArray:
    """Return which of the curves (frames, pixels) are above the percentile over the first pass of their mean."""
    curve = curves.mean(axis=1)
    level = curve.min() + 0.5 * (curve.max() - curve.min())
    brightness = curves[curve >= level].mean(axis=0)
    return np.asarray(
        brightness >= np.percentile(brightness, percentile if curves.shape[1] >= 4 * FEWEST_PIXELS else 0.0)
    )


def _proton_density(series: PerfusionSeries, index: int) -> FloatArray:
    """Return the proton-density signal (rows, columns) of a slice; ones without such frames."""
    if series.proton_density is None:
        return np.ones(series.image_shape[1:])
    density = np.nanmean(series.proton_density[:, index], axis=0, dtype=float)
    return density if np.isfinite(density).all() and density.max() > 0 else np.ones(density.shape)


def _smoothed(values: FloatArray, pixels: BoolArray, series: PerfusionSeries) -> FloatArray:
    """Return an image that is zero outside the pixels as the sum over neighbours, weighted by their distance."""
    width = SMOOTHING_MM / np.asarray(series.geometry.pixel_spacing_mm)
    return np.maximum(ndimage.gaussian_filter(values, width, mode="constant"), 1e-12 * float(np.abs(values).max()))
