"""Find the heart in a first-pass slice: the left ventricle, which brightens just after a right ventricle beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import FloatArray

REDUCED_SPACING_MM = 4.4
"""Pixel size to which images are averaged before anything else."""
SMOOTHING_MM = 6.0
"""Standard deviation of the blur that averages over a blood pool and hides fine motion edges."""
SEARCH_STEP_MM = 13.0
"""Pitch of the coarse grid on which all pairs of places are compared."""
POOL_DISTANCE_MM = (20.0, 70.0)
"""Least and greatest distance between the middles of the two pools of a heart."""
LONGEST_TRANSIT_FRAMES = 16
"""Greatest number of heart beats between the two pools' peaks."""
BASELINE_FRAMES = 5
CENTRE_PRIOR = 0.25
"""Standard deviation, as a share of the image's sides, of the belief that the heart was planned near the middle."""
NEAR_MM = 20.0
"""Standard deviation of the expectation around a given place."""
SMALLEST_SWAP = 12.0
"""Swap, in units of the frame-to-frame change of the smoothed images, below which no heart is claimed."""
SLICE_CONSENSUS_MM = 30.0
"""A slice whose centre is farther than this from the stack's medoid takes the medoid."""


@dataclass(frozen=True)
class HeartCentre:
    """Where the left ventricle of one slice lies.

    Parameters
    ----------
    position : (2,) array
        (row, column) in pixels; NaN where no heart was found.
    swap : float
        How much the two pools change places, in units of the frame-to-frame change of the smoothed images.
    right_frame, left_frame : int
        Frames in which the right and the left pool outshine each other most; -1 where no heart was found.
    """

    position: FloatArray
    swap: float
    right_frame: int
    left_frame: int

    @property
    def found(self) -> bool:
        """Whether a heart was found."""
        return bool(np.isfinite(self.position).all())


@dataclass(frozen=True)
class _Swap:
    strength: float
    right_frame: int
    left_frame: int
    left_place: tuple[int, int]


NO_HEART = HeartCentre(np.full(2, np.nan), 0.0, -1, -1)


def find_heart_centre(
    frames: FloatArray, spacing_mm: tuple[float, float], near: FloatArray | None = None, anywhere: bool = False
) -> HeartCentre:
    """Return the centre of the left ventricle from the pair of places with the strongest right-then-left swap.

    The swap of a pair is how far the first place outshines the second one and, a few beats later, the second the first.
    What moves with the breath swaps in both orders, blood in one only: the swap in the wrong order is taken off.

    Parameters
    ----------
    frames : (frames, rows, columns) array
        Images of one slice.
    spacing_mm : tuple of float
        Distance between rows and between columns in mm.
    near : (2,) array, optional
        (row, column) in pixels around which, instead of the middle of the image, the heart is expected.
    anywhere : bool
        Expect the heart nowhere in particular.
    """
    if frames.shape[0] < BASELINE_FRAMES + 2 or min(frames.shape[1:]) < 8:
        return NO_HEART
    factor = tuple(max(1, round(REDUCED_SPACING_MM / spacing)) for spacing in spacing_mm)
    reduced_mm = (spacing_mm[0] * factor[0], spacing_mm[1] * factor[1])
    enhancement = _enhancement(_reduced(frames, factor), reduced_mm)
    step = tuple(max(1, round(SEARCH_STEP_MM / spacing)) for spacing in reduced_mm)
    start = tuple(pitch // 2 for pitch in step)
    coarse = np.ascontiguousarray(enhancement[:, start[0] :: step[0], start[1] :: step[1]])
    noise = float(np.median(np.abs(np.diff(coarse, axis=0))))
    if min(coarse.shape[1:]) < 2 or noise <= 0.0:
        return NO_HEART
    pitch_mm = (step[0] * reduced_mm[0], step[1] * reduced_mm[1])
    scale = np.array(factor) * np.array(step)
    prior = _expectation(coarse.shape[1:], None if near is None else np.asarray(near) / scale, pitch_mm)
    best = _strongest_swap(coarse, pitch_mm, np.ones_like(prior) if anywhere else prior)
    if best.strength < SMALLEST_SWAP * noise:
        return NO_HEART
    seed = (start[0] + best.left_place[0] * step[0], start[1] + best.left_place[1] * step[1])
    middle = _pool_centre(enhancement[best.left_frame] - enhancement[best.right_frame], seed, step)
    position = (middle + 0.5) * np.array(factor) - 0.5
    return HeartCentre(position, best.strength / noise, best.right_frame, best.left_frame)


def consensus(centres: list[HeartCentre], spacing_mm: tuple[float, float]) -> FloatArray:
    """Return one centre per slice (slices, 2): its own, or the medoid of the stack where its own lies far from it."""
    positions = np.array([centre.position for centre in centres], dtype=float)
    known = np.isfinite(positions).all(axis=1)
    if not known.any():
        return positions
    scaled = positions[known] * np.asarray(spacing_mm)
    distances = np.linalg.norm(scaled[:, None] - scaled[None], axis=-1)
    strength = np.array([centre.swap for centre in centres])[known]
    medoid = positions[known][np.lexsort((-strength, distances.sum(axis=1).round(6)))[0]]
    apart = np.linalg.norm((positions - medoid) * np.asarray(spacing_mm), axis=1)
    return np.where((known & (apart <= SLICE_CONSENSUS_MM))[:, None], positions, medoid)


def _reduced(frames: FloatArray, factor: tuple[int, ...]) -> FloatArray:
    """Return the means of blocks of factor[0] x factor[1] pixels, values that are not finite counted as 0."""
    finite = np.nan_to_num(np.asarray(frames, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    rows, columns = (size // by for size, by in zip(finite.shape[1:], factor, strict=True))
    whole = finite[:, : rows * factor[0], : columns * factor[1]]
    return np.asarray(whole.reshape(len(finite), rows, factor[0], columns, factor[1]).mean(axis=(2, 4)))


def _enhancement(frames: FloatArray, spacing_mm: tuple[float, float]) -> FloatArray:
    """Return the smoothed frames less their pre-contrast image, (frames, rows, columns)."""
    sigma = (0.7, *(SMOOTHING_MM / spacing for spacing in spacing_mm))
    smooth = ndimage.gaussian_filter(frames, sigma, mode="nearest", truncate=3.0)
    return np.asarray(smooth - np.median(smooth[:BASELINE_FRAMES], axis=0))


def _expectation(shape: tuple[int, ...], near: FloatArray | None, pitch_mm: tuple[float, float]) -> FloatArray:
    """Return how much a left pool is expected at each place of the coarse grid, 1 at best."""
    middle = np.asarray(shape) / 2.0 if near is None else near
    width = CENTRE_PRIOR * np.asarray(shape) if near is None else NEAR_MM / np.asarray(pitch_mm)
    axes = [(np.arange(size) + 0.5 - middle[axis]) / width[axis] for axis, size in enumerate(shape)]
    return np.asarray(np.exp(-0.5 * (axes[0][:, None] ** 2 + axes[1][None, :] ** 2)))


def _strongest_swap(coarse: FloatArray, pitch_mm: tuple[float, float], prior: FloatArray) -> _Swap:
    best = _Swap(0.0, 0, 0, (0, 0))
    rows, columns = coarse.shape[1:]
    for down, across in _pool_offsets(pitch_mm):
        if abs(down) >= rows or abs(across) >= columns:
            continue
        top, left = max(0, -down), max(0, -across)
        later = coarse[:, top : rows - max(0, down), left : columns - max(0, across)]
        earlier = coarse[:, top + down :, left + across :][:, : later.shape[1], : later.shape[2]]
        lead = earlier - later
        forward = _ordered_swap(lead)
        strength = forward.max(axis=0) - _ordered_swap(-lead).max(axis=0)
        strength *= prior[top : top + strength.shape[0], left : left + strength.shape[1]]
        place = np.unravel_index(int(np.argmax(strength)), strength.shape)
        if strength[place] > best.strength:
            curve = lead[:, place[0], place[1]]
            left_frame = int(np.argmax(forward[:, place[0], place[1]]))
            first = max(0, left_frame - LONGEST_TRANSIT_FRAMES + 1)
            right_frame = first + int(np.argmax(curve[first : left_frame + 1]))
            best = _Swap(float(strength[place]), right_frame, left_frame, (int(place[0]) + top, int(place[1]) + left))
    return best


def _pool_offsets(pitch_mm: tuple[float, float]) -> list[tuple[int, int]]:
    """Return the steps (rows, columns) on the coarse grid that may lead from the left pool to the right one."""
    nearest, farthest = POOL_DISTANCE_MM
    down, across = (int(farthest / pitch) for pitch in pitch_mm)
    offsets = [(row, column) for row in range(-down, down + 1) for column in range(-across, across + 1)]
    return [
        (row, column)
        for row, column in offsets
        if nearest <= np.hypot(row * pitch_mm[0], column * pitch_mm[1]) <= farthest
    ]


def _ordered_swap(lead: FloatArray) -> FloatArray:
    """Return (frames, ...) how far `lead` is below zero now and was above it within the longest transit before."""
    size = min(LONGEST_TRANSIT_FRAMES, lead.shape[0])
    before = ndimage.maximum_filter1d(lead, size, axis=0, origin=(size - 1) // 2, mode="nearest")
    return np.minimum(before, -lead)


def _pool_centre(rise: FloatArray, seed: tuple[int, int], step: tuple[int, ...]) -> FloatArray:
    """Return the centroid of the pool that rose around `seed`: the connected part above half of its peak."""
    window = tuple(slice(max(0, place - pitch), place + pitch + 1) for place, pitch in zip(seed, step, strict=True))
    peak = np.unravel_index(int(np.argmax(rise[window])), rise[window].shape)
    top = (window[0].start + int(peak[0]), window[1].start + int(peak[1]))
    labels, _ = ndimage.label(rise > 0.5 * rise[top])
    pool = np.where(labels == labels[top], rise, 0.0)
    return np.asarray(ndimage.center_of_mass(pool), dtype=float)
