"""Translation-only versions of what others do, for the table: phase correlation, robust PCA, progressive PCA."""

from __future__ import annotations

import numpy as np
from scipy import fft, ndimage

from QPerfusionLogic.registration.heart_centre import find_heart_centre
from QPerfusionLogic.registration.shifts.correlation import pair_shifts, spectra
from QPerfusionLogic.registration.shifts.edge_features import CROP, crop_at, soft_disc

ROUNDS = 4


def none(frames: np.ndarray, spacing_mm: tuple[float, float]) -> np.ndarray:
    """Return no displacement."""
    del spacing_mm
    return np.zeros((len(frames), 1, 1, 2))


def phase_correlation(frames: np.ndarray, spacing_mm: tuple[float, float]) -> np.ndarray:
    """Align every frame with the middle frame by the peak of the phase correlation around the heart."""
    crops = _crops(frames, spacing_mm) * soft_disc()
    transform = fft.fft2(crops)
    cross = np.conj(transform[len(frames) // 2])[None] * transform
    surface = np.real(fft.ifft2(cross / np.maximum(np.abs(cross), 1e-12)))
    surface = np.fft.fftshift(ndimage.gaussian_filter(surface, (0, 0.7, 0.7), mode="wrap"), axes=(1, 2))
    peak = surface.reshape(len(frames), -1).argmax(axis=1)
    shift = np.stack(np.divmod(peak, CROP), axis=1).astype(float) - CROP // 2
    for frame, (row, column) in enumerate((shift + CROP // 2).astype(int)):
        shift[frame] += _parabola(surface[frame], row, column)
    return shift[:, None, None, :]


def robust_pca(frames: np.ndarray, spacing_mm: tuple[float, float]) -> np.ndarray:
    """Align the low-rank part of a robust PCA with its median frame, a few rounds (after Hamy 2014, Scannell 2019)."""
    return _rounds(frames, spacing_mm, lambda crops, _: _low_rank(crops), lambda crops, _: np.median(crops, axis=0))


def progressive_pca(frames: np.ndarray, spacing_mm: tuple[float, float]) -> np.ndarray:
    """Align every frame with its projection on ever more principal components (after Melbourne 2007)."""
    return _rounds(frames, spacing_mm, lambda crops, _: crops, _projection)


def _rounds(frames, spacing_mm, prepare, reference_of):
    position = np.zeros((len(frames), 2))
    for turn in range(ROUNDS):
        moved = np.stack([ndimage.shift(f, -p, order=1, mode="nearest") for f, p in zip(frames, position, strict=True)])
        crops = prepare(_crops(moved, spacing_mm, frames), turn)
        reference = np.broadcast_to(reference_of(crops, turn), crops.shape)
        images = np.concatenate([reference, crops])
        count = len(frames)
        weights = np.broadcast_to(soft_disc(), images.shape)
        found = pair_shifts(spectra(images, weights), np.arange(count), np.arange(count) + count)
        position += found.shift
    return (position - np.median(position, axis=0))[:, None, None, :]


def _projection(crops: np.ndarray, turn: int) -> np.ndarray:
    flat = crops.reshape(len(crops), -1)
    mean = flat.mean(axis=0)
    u, s, v = np.linalg.svd(flat - mean, full_matrices=False)
    kept = turn + 1
    return (mean + (u[:, :kept] * s[:kept]) @ v[:kept]).reshape(crops.shape)


def _low_rank(crops: np.ndarray, rounds: int = 30) -> np.ndarray:
    """Return the low-rank part of crops (frames, n, n) by inexact augmented Lagrangian (Lin 2010)."""
    data = crops.reshape(len(crops), -1).astype(np.float64)
    penalty = 1.0 / np.sqrt(data.shape[1])
    norm = np.linalg.norm(data, 2)
    dual = data / max(norm, np.abs(data).max() / penalty)
    sparse, low, step = np.zeros_like(data), np.zeros_like(data), 1.25 / norm
    for _ in range(rounds):
        u, s, v = np.linalg.svd(data - sparse + dual / step, full_matrices=False)
        low = (u * np.maximum(s - 1.0 / step, 0.0)) @ v
        rest = data - low + dual / step
        sparse = np.sign(rest) * np.maximum(np.abs(rest) - penalty / step, 0.0)
        dual += step * (data - low - sparse)
        step *= 1.5
    return low.reshape(crops.shape)


def _crops(frames: np.ndarray, spacing_mm: tuple[float, float], for_centre: np.ndarray | None = None) -> np.ndarray:
    centre = find_heart_centre(frames if for_centre is None else for_centre, spacing_mm).position
    if not np.isfinite(centre).all():
        centre = np.array(frames.shape[1:]) / 2.0
    corner = np.rint(centre - (CROP - 1) / 2.0).astype(int)
    crops, _ = crop_at(frames, np.broadcast_to(corner, (len(frames), 2)))
    return crops


def _parabola(surface: np.ndarray, row: int, column: int) -> np.ndarray:
    offset = np.zeros(2)
    for axis in range(2):
        step = np.eye(2, dtype=int)[axis]
        low, mid, high = (surface[(row + k * step[0]) % CROP, (column + k * step[1]) % CROP] for k in (-1, 0, 1))
        bend = low - 2 * mid + high
        offset[axis] = 0.0 if bend >= 0 else np.clip(0.5 * (low - high) / bend, -0.5, 0.5)
    return offset
