"""Image quality against a reference as the papers define it: nRMSE, PSNR, SSIM; and NMSE of curves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.errors import InputError

PEAK = 255.0
"""Top of the grey scale of the papers' PSNR and SSIM; images are scaled to it first."""
_C1, _C2 = (0.01 * PEAK) ** 2, (0.03 * PEAK) ** 2


def nrmse(reference: ArrayLike, image: ArrayLike) -> float:
    """Return the root mean square error over the range of the reference (PerfGen equation 10).

    Examples
    --------
    >>> nrmse([0.0, 10.0], [1.0, 9.0])
    0.1
    """
    one, two = _pair(reference, image)
    reach = float(np.ptp(one))
    return float(np.sqrt(((two - one) ** 2).mean())) / reach if reach > 0 else math.nan


def nmse(reference: ArrayLike, curve: ArrayLike) -> float:
    """Return the normalised mean square error of a curve: squared error over squared reference, both summed.

    Examples
    --------
    >>> nmse([3.0, 4.0], [3.0, 5.0])
    0.04
    """
    one, two = _pair(reference, curve)
    power = float((one**2).sum())
    return float(((two - one) ** 2).sum()) / power if power > 0 else math.nan


def psnr(reference: ArrayLike, image: ArrayLike) -> float:
    """Return the peak signal-to-noise ratio in dB on the scale 0 to 255 (PerfGen equation 11); infinite when equal.

    Examples
    --------
    >>> round(psnr([0.0, 255.0], [1.0, 254.0]), 2)
    48.13
    """
    one, two = _pair(reference, image)
    error = float(((two - one) ** 2).mean())
    return 10 * math.log10(PEAK**2 / error) if error > 0 else math.inf


def to_grey_scale(reference: ArrayLike, image: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return both images scaled so that the range of the reference becomes 0 to 255."""
    one, two = _pair(reference, image)
    low, reach = float(one.min()), float(np.ptp(one))
    if reach == 0:
        raise InputError("a constant reference image", expected="an image with contrast")
    return (one - low) / reach * PEAK, (two - low) / reach * PEAK


def ssim(reference: ArrayLike, image: ArrayLike) -> float:
    """Return the mean structural similarity of two images (rows, columns) on the scale 0 to 255.

    PerfGen's equation 12 inside a Gaussian window (sigma 1.5 pixels, 11 by 11), averaged over the windows that lie
    inside the image, as Wang et al. (IEEE Trans Image Process 2004;13:600-612) define it.
    """
    from scipy.ndimage import gaussian_filter

    one, two = _pair(reference, image)
    if one.ndim != 2 or min(one.shape) < 11:
        raise InputError(f"an image of shape {one.shape}", expected="(rows, columns), at least 11 by 11")

    def smooth(values: FloatArray) -> FloatArray:
        return np.asarray(gaussian_filter(values, 1.5, truncate=5 / 1.5))

    mean_one, mean_two = smooth(one), smooth(two)
    similarity = _similarity(
        mean_one,
        mean_two,
        smooth(one**2) - mean_one**2,
        smooth(two**2) - mean_two**2,
        smooth(one * two) - mean_one * mean_two,
    )
    return float(similarity[5:-5, 5:-5].mean())


def _similarity(mean_one: Any, mean_two: Any, var_one: Any, var_two: Any, covariance: Any) -> Any:
    return ((2 * mean_one * mean_two + _C1) * (2 * covariance + _C2)) / (
        (mean_one**2 + mean_two**2 + _C1) * (var_one + var_two + _C2)
    )


def _pair(reference: ArrayLike, image: ArrayLike) -> tuple[FloatArray, FloatArray]:
    one, two = np.asarray(reference, dtype=float), np.asarray(image, dtype=float)
    if one.shape != two.shape or one.size == 0:
        raise InputError(f"arrays of shape {one.shape} and {two.shape}", expected="equal shapes, not empty")
    return one, two
