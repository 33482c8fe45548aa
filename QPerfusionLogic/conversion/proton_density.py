"""The proton-density image that divides out coil sensitivity and receiver gain."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from QPerfusionLogic.study import FloatArray, PerfusionSeries

SMOOTHING_PIXELS = 1.0
"""Coil sensitivity varies slowly; a Gaussian of this SD lowers the noise that one to three frames leave."""


def proton_density_signal(series: PerfusionSeries) -> FloatArray:
    """Return the mean proton-density image (slices, rows, columns), lightly smoothed within each slice."""
    if series.proton_density is None:
        raise KeyError("proton_density")
    mean = np.mean(series.proton_density, axis=0, dtype=float)
    finite = np.isfinite(mean)
    weight = ndimage.gaussian_filter(finite.astype(float), (0, SMOOTHING_PIXELS, SMOOTHING_PIXELS))
    smooth = ndimage.gaussian_filter(np.where(finite, mean, 0.0), (0, SMOOTHING_PIXELS, SMOOTHING_PIXELS))
    return np.where(weight > 0.1, smooth / np.maximum(weight, 0.1), np.nan)
