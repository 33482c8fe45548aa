"""A small non-rigid refinement after the translation, kept only where it is smooth, unfolded and honestly better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.registration.shifts.edge_features import CROP, edge_feature, soft_disc
from QPerfusionLogic.registration.shifts.frame_graph import REACH, WITNESS_DISTANCES

from .resampling import translate, warp

ITERATIONS = 25
SMOOTHING_PX = 4.0
"""Standard deviation of the blur of the displacement field after every iteration."""
LARGEST_PX = 3.0
SMALLEST_VOLUME = 0.3
"""Least Jacobian determinant; below it the field is about to fold."""
WORTHWHILE = 0.01
"""Gain in the correlation of pairs that had no part in it, above which the refinement is kept."""


@dataclass(frozen=True)
class Refinement:
    """What non-rigid refinement adds to the translation of one slice.

    Parameters
    ----------
    field : (frames, n, n, 2) array
        Displacement in working pixels around the heart, 0 outside of it, on top of the translation.
    corner : (2,) int array
        First row and column of the field in the working image.
    gain : float
        How much better distant pairs of frames correlate with it.
    """

    field: FloatArray
    corner: np.ndarray
    gain: float

    @property
    def helps(self) -> bool:
        """Whether the refinement is worth keeping."""
        return self.gain > WORTHWHILE


def refine(frames: FloatArray, position: FloatArray, centre: FloatArray, progress: Progress) -> Refinement:
    """Return the refinement of (frames, rows, columns) working images already moved by `position` (frames, 2).

    Every frame is deformed towards the median of the edge features of the frames around it, which follow the bolus.
    """
    import SimpleITK as sitk

    corner = np.rint(np.asarray(centre) - (CROP - 1) / 2.0).astype(int)
    aligned = edge_feature(translate(frames, position))
    window = [
        slice(max(0, start), min(size, start + CROP)) for start, size in zip(corner, frames.shape[1:], strict=True)
    ]
    crops = np.ascontiguousarray(aligned[:, window[0], window[1]])
    corner = np.array([window[0].start, window[1].start])
    taper = _taper(crops.shape[1:], np.asarray(centre) - corner)
    demons = sitk.FastSymmetricForcesDemonsRegistrationFilter()
    demons.SetNumberOfIterations(ITERATIONS)
    demons.SetStandardDeviations(SMOOTHING_PX)
    demons.SetNumberOfThreads(1)
    field = np.zeros((*crops.shape, 2), dtype=np.float32)
    for frame in range(len(crops)):
        progress.check()
        near = [
            other for other in range(frame - REACH, frame + REACH + 1) if other != frame and 0 <= other < len(crops)
        ]
        fixed = sitk.GetImageFromArray(np.median(crops[near], axis=0).astype(np.float32))
        moving = sitk.GetImageFromArray(crops[frame].astype(np.float32))
        found = sitk.GetArrayFromImage(demons.Execute(fixed, moving))[..., ::-1]
        field[frame] = _guarded(found * taper[..., None])
    return Refinement(field, corner, _gain(crops, field, taper))


def field_on_image(refinement: Refinement, step: tuple[float, float], image_shape: tuple[int, int]) -> FloatArray:
    """Return the field (frames, rows, columns, 2) in image pixels, `step` image pixels per working pixel."""
    rows, columns = np.indices(image_shape)
    places = np.stack([rows / step[0] - refinement.corner[0], columns / step[1] - refinement.corner[1]])
    result = np.empty((len(refinement.field), *image_shape, 2), dtype=np.float32)
    for frame, field in enumerate(refinement.field):
        for axis in range(2):
            result[frame, ..., axis] = step[axis] * ndimage.map_coordinates(field[..., axis], places, order=1)
    return result


def _taper(shape: tuple[int, ...], centre: FloatArray) -> FloatArray:
    rows, columns = (np.arange(size) - place for size, place in zip(shape, centre, strict=True))
    disc = soft_disc()
    radius = np.hypot(rows[:, None], columns[None, :])
    middle = disc[CROP // 2, CROP // 2 :]
    return np.asarray(np.interp(radius, np.arange(len(middle)) + 0.5, middle, right=0.0))


def _guarded(field: FloatArray) -> FloatArray:
    """Return a field that is not too long and does not fold; one that would fold is dropped."""
    length = np.linalg.norm(field, axis=-1, keepdims=True)
    bounded = field * np.minimum(1.0, LARGEST_PX / np.maximum(length, 1e-6))
    down, across = (np.gradient(bounded[..., axis]) for axis in range(2))
    volume = (1.0 + down[0]) * (1.0 + across[1]) - down[1] * across[0]
    return np.asarray(bounded if volume.min() > SMALLEST_VOLUME else np.zeros_like(bounded))


def _gain(crops: FloatArray, field: FloatArray, taper: FloatArray) -> float:
    """Return how much better pairs of frames correlate that lie farther apart than those the field was made from."""
    deformed = np.stack([warp(crop, part, order=1) for crop, part in zip(crops, field, strict=True)])
    blurred = np.stack([ndimage.shift(crop, (0.5, 0.5), order=1, mode="nearest") for crop in crops])
    return _witness(deformed, taper) - max(_witness(crops, taper), _witness(blurred, taper))


def _witness(crops: FloatArray, weight: FloatArray) -> float:
    distances = [distance for distance in WITNESS_DISTANCES if distance < len(crops)]
    values = [_correlation(crops[i], crops[i + d], weight) for d in distances for i in range(len(crops) - d)]
    return float(np.mean(values)) if values else 0.0


def _correlation(first: FloatArray, second: FloatArray, weight: FloatArray) -> float:
    share = weight / weight.sum()
    a, b = first - (first * share).sum(), second - (second * share).sum()
    return float((a * b * share).sum() / np.sqrt(max((a * a * share).sum() * (b * b * share).sum(), 1e-18)))
