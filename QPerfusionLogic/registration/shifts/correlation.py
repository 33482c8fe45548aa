"""Weighted normalised cross-correlation of many pairs of small images by FFT, with a sub-pixel peak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from QPerfusionLogic.data.arrays import BoolArray, FloatArray

SEARCH = 10
"""Greatest shift searched, in working pixels."""
SMALLEST_OVERLAP = 0.4
"""Share of the self-overlap of the weights that a shift must keep."""


@dataclass(frozen=True)
class PairShifts:
    """How far each second image is shifted against the first one.

    Parameters
    ----------
    first, second : (pairs,) int arrays
        Indices of the frames.
    shift : (pairs, 2) array
        (rows, columns) in working pixels such that second(x + shift) looks like first(x).
    peak, unmoved : (pairs,) arrays
        Correlation at that shift and at no shift.
    at_edge : (pairs,) bool array
        True where the peak lies on the border of the search.
    """

    first: np.ndarray
    second: np.ndarray
    shift: FloatArray
    peak: FloatArray
    unmoved: FloatArray
    at_edge: BoolArray


@dataclass(frozen=True)
class Spectra:
    """Fourier transforms of weights, weighted images and weighted squares, each (frames, rows, half columns)."""

    weight: np.ndarray
    image: np.ndarray
    square: np.ndarray
    size: int
    self_overlap: float


def spectra(images: FloatArray, weights: FloatArray) -> Spectra:
    """Return the transforms of (frames, size, size) images with weights of the same shape."""
    centred = images - (images * weights).sum(axis=(1, 2), keepdims=True) / np.maximum(
        weights.sum(axis=(1, 2), keepdims=True), 1e-6
    )
    transform = [fft.rfft2(part.astype(np.float32)) for part in (weights, centred * weights, centred**2 * weights)]
    overlap = float((weights.max(axis=0) ** 2).sum())
    return Spectra(transform[0], transform[1], transform[2], images.shape[-1], overlap)


def pair_shifts(
    transforms: Spectra, first: np.ndarray, second: np.ndarray, search: int = SEARCH, chunk: int = 64
) -> PairShifts:
    """Return the shift with the highest weighted correlation for every pair of frames."""
    parts = [
        _peaks(_correlation(transforms, first[start : start + chunk], second[start : start + chunk], search))
        for start in range(0, len(first), chunk)
    ]
    if not parts:
        empty = np.zeros(0)
        return PairShifts(first, second, np.zeros((0, 2)), empty, empty, empty.astype(bool))
    shift, peak, unmoved, at_edge = (np.concatenate(values) for values in zip(*parts, strict=True))
    return PairShifts(first, second, shift, peak, unmoved, at_edge)


def _correlation(transforms: Spectra, first: np.ndarray, second: np.ndarray, search: int) -> FloatArray:
    """Return the correlation (pairs, 2 search + 1, 2 search + 1) for shifts from -search to search on both axes."""
    weight_a, image_a, square_a = (part[first] for part in (transforms.weight, transforms.image, transforms.square))
    weight_b, image_b, square_b = (part[second] for part in (transforms.weight, transforms.image, transforms.square))
    index = np.arange(-search, search + 1) % transforms.size

    def correlate(left: np.ndarray, right: np.ndarray) -> FloatArray:
        full = fft.irfft2(np.conj(left) * right, s=(transforms.size, transforms.size))
        return np.asarray(full[:, index][:, :, index], dtype=np.float64)

    overlap = correlate(weight_a, weight_b)
    usable = overlap > SMALLEST_OVERLAP * transforms.self_overlap
    safe = np.where(usable, overlap, 1.0)
    mean_a, mean_b = correlate(image_a, weight_b) / safe, correlate(weight_a, image_b) / safe
    covariance = correlate(image_a, image_b) / safe - mean_a * mean_b
    variance_a = correlate(square_a, weight_b) / safe - mean_a**2
    variance_b = correlate(weight_a, square_b) / safe - mean_b**2
    spread = np.sqrt(np.maximum(variance_a, 0.0) * np.maximum(variance_b, 0.0))
    known = usable & (spread > 1e-9)
    return np.asarray(np.where(known, covariance / np.where(known, spread, 1.0), 0.0))


def _peaks(correlation: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, BoolArray]:
    """Return sub-pixel shift, peak, value at no shift and whether the peak is on the border, of (pairs, n, n) maps."""
    pairs, size = correlation.shape[0], correlation.shape[1]
    search = size // 2
    flat = correlation.reshape(pairs, -1).argmax(axis=1)
    row, column = np.divmod(flat, size)
    at_edge = (row == 0) | (row == size - 1) | (column == 0) | (column == size - 1)
    inner_row, inner_column = np.clip(row, 1, size - 2), np.clip(column, 1, size - 2)
    every = np.arange(pairs)
    offsets = np.arange(-1, 2)
    patch = correlation[
        every[:, None, None],
        inner_row[:, None, None] + offsets[None, :, None],
        inner_column[:, None, None] + offsets[None, None, :],
    ]
    fine = np.where(at_edge[:, None], 0.0, _quadratic_peak(patch))
    place = np.stack([row, column], axis=1) - search
    return place + fine, correlation[every, row, column], correlation[:, search, search], at_edge


def _quadratic_peak(patch: FloatArray) -> FloatArray:
    """Return the peak (n, 2), within one pixel, of the paraboloid fitted to (n, 3, 3) values."""
    slope_row = (patch[:, 2].sum(-1) - patch[:, 0].sum(-1)) / 6.0
    slope_column = (patch[:, :, 2].sum(-1) - patch[:, :, 0].sum(-1)) / 6.0
    bend_row = (patch[:, 0] - 2.0 * patch[:, 1] + patch[:, 2]).sum(-1) / 3.0
    bend_column = (patch[:, :, 0] - 2.0 * patch[:, :, 1] + patch[:, :, 2]).sum(-1) / 3.0
    twist = (patch[:, 2, 2] - patch[:, 2, 0] - patch[:, 0, 2] + patch[:, 0, 0]) / 4.0
    determinant = bend_row * bend_column - twist**2
    concave = (determinant > 1e-12) & (bend_row < 0.0)
    safe = np.where(concave, determinant, 1.0)
    row = -(bend_column * slope_row - twist * slope_column) / safe
    column = -(bend_row * slope_column - twist * slope_row) / safe
    peak = np.stack([row, column], axis=1)
    return np.asarray(np.where(concave[:, None], np.clip(peak, -1.0, 1.0), 0.0))
