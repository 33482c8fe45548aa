"""Positions of the heart in every frame of one slice, from correlations between neighbouring frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import BoolArray, FloatArray

from .consensus import Positions, neighbour_pairs, solve_positions
from .correlation import PairShifts, Spectra, pair_shifts, spectra
from .edge_features import CROP, crop_at, edge_feature, soft_disc
from .series_parts import Links, link_parts

REACH = 4
"""Greatest distance in frames between the two frames of a pair."""
CONFIDENCE_POWER = 4
REFINEMENT_SEARCH = 4
LINK_MEMORY = 0.02
"""Weight of a link found in the whole image once neighbouring frames have been compared around it."""
WITNESS_DISTANCES = (6, 8)
"""Distances in frames of the pairs that judge the result and had no part in it."""


@dataclass(frozen=True)
class GraphResult:
    """What the graph of one slice says.

    Parameters
    ----------
    position : (frames, 2) array
        Position of the heart in each frame in working pixels, median 0.
    frame_correlation, frame_residual : (frames,) arrays
        Median over the pairs of a frame of their correlation, and of their disagreement in working pixels.
    linked : (frames,) bool array
        False where the heart was not found again after the series had broken.
    aligned, pictures : (frames, n, n) arrays
        Edge features, and images, around the heart of the aligned frames.
    witness_before, witness_after : float
        Mean correlation of pairs that took no part, where the frames were and where they are put.
    """

    position: FloatArray
    frame_correlation: FloatArray
    frame_residual: FloatArray
    linked: BoolArray
    aligned: FloatArray
    pictures: FloatArray
    witness_before: float
    witness_after: float


def register_slice(frames: FloatArray, centre: FloatArray, heart_frame: int = -1) -> GraphResult:
    """Return the positions of the heart, looked at around `centre` (2,), in (frames, rows, columns) working images."""
    feature = edge_feature(frames, _window(frames.shape[1:], centre))
    first, second = neighbour_pairs(len(frames), REACH)
    still = np.zeros((len(frames), 2), dtype=int)
    coarse = pair_shifts(_spectra(feature, centre, still), first, second)
    links = link_parts(len(frames), coarse, feature, centre, heart_frame)
    across = links.across(first, second)
    found = _solve(len(frames), coarse, links, across, 1.0)
    followed = np.rint(found.position).astype(int)
    transforms = _spectra(feature, centre, followed)
    fine = pair_shifts(transforms, first, second, REFINEMENT_SEARCH)
    measured = PairShifts(
        first, second, fine.shift + followed[second] - followed[first], fine.peak, fine.unmoved, fine.at_edge
    )
    strange = across & ~(links.linked[first] & links.linked[second])
    solved = _solve(len(frames), measured, links, strange, LINK_MEMORY)
    position = links.held(solved.position)
    before, after = _witness(feature, centre, position, links.linked)
    return GraphResult(
        position,
        _per_frame(len(frames), measured, measured.peak),
        _per_frame(len(frames), measured, solved.residual[: len(first)]),
        links.linked,
        _aligned(feature, centre, position),
        _aligned(frames, centre, position),
        before,
        after,
    )


def _window(shape: tuple[int, ...], centre: FloatArray) -> tuple[slice, slice]:
    corner = _corner(centre)
    rows, columns = (
        slice(max(0, start), max(1, min(size, start + CROP))) for start, size in zip(corner, shape, strict=True)
    )
    return rows, columns


def _corner(centre: FloatArray) -> np.ndarray:
    return np.asarray(np.rint(np.asarray(centre) - (CROP - 1) / 2.0), dtype=int)


def _spectra(feature: FloatArray, centre: FloatArray, offset: np.ndarray) -> Spectra:
    crops, inside = crop_at(feature, _corner(centre) + offset)
    return spectra(crops, inside * soft_disc())


def _aligned(images: FloatArray, centre: FloatArray, position: FloatArray) -> FloatArray:
    """Return the images or features around the heart, (frames, n, n), each frame moved by its position."""
    whole = np.rint(position).astype(int)
    crops, _ = crop_at(images, _corner(centre) + whole)
    rest = position - whole
    moved = [ndimage.shift(crop, -part, order=1, mode="nearest") for crop, part in zip(crops, rest, strict=True)]
    return np.stack(moved)


def _solve(frames: int, measured: PairShifts, links: Links, ignored: BoolArray, link_weight: float) -> Positions:
    """Return the positions that the pairs, but for the ignored ones, and the links agree on."""
    confidence = np.clip(measured.peak, 0.0, 1.0) ** CONFIDENCE_POWER
    confidence[measured.at_edge] *= 0.01
    confidence[ignored] = 0.0
    return solve_positions(
        frames,
        np.concatenate([measured.first, links.first]),
        np.concatenate([measured.second, links.second]),
        np.concatenate([measured.shift, links.shift]),
        np.concatenate([confidence, np.full(len(links.first), link_weight)]),
    )


def _per_frame(frames: int, measured: PairShifts, value: FloatArray) -> FloatArray:
    """Return the median of a value over the pairs of each frame; NaN for a frame without pairs."""
    result = np.full(frames, np.nan)
    for frame in range(frames):
        mine = (measured.first == frame) | (measured.second == frame)
        if mine.any():
            result[frame] = np.median(value[mine])
    return result


def _witness(feature: FloatArray, centre: FloatArray, position: FloatArray, linked: BoolArray) -> tuple[float, float]:
    """Return the mean correlation of distant pairs before and after moving every frame by whole pixels."""
    frames = len(feature)
    first, second = (
        np.concatenate(ends) for ends in zip(*(_apart(frames, by) for by in WITNESS_DISTANCES), strict=True)
    )
    known = linked[first] & linked[second]
    first, second = first[known], second[known]
    if len(first) == 0:
        return float("nan"), float("nan")
    still = np.zeros((frames, 2), dtype=int)
    before = pair_shifts(_spectra(feature, centre, still), first, second, search=1).unmoved
    moved = _spectra(feature, centre, np.rint(position).astype(int))
    after = pair_shifts(moved, first, second, search=1).unmoved
    return float(np.mean(before)), float(np.mean(after))


def _apart(frames: int, distance: int) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(max(0, frames - distance)), np.arange(min(distance, frames), frames)
