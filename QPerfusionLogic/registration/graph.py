"""Positions of the heart in every frame of one slice, from correlations between neighbouring frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.study import FloatArray

from .consensus import Positions, neighbour_pairs, solve_positions
from .correlation import PairShifts, Spectra, pair_shifts, spectra
from .features import CROP, crop_at, edge_feature, soft_disc

REACH = 4
"""Greatest distance in frames between the two frames of a pair."""
CONFIDENCE_POWER = 4
REFINEMENT_SEARCH = 4
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
    witness_before, witness_after : float
        Mean correlation of pairs that took no part, where the frames were and where they are put.
    """

    position: FloatArray
    frame_correlation: FloatArray
    frame_residual: FloatArray
    witness_before: float
    witness_after: float


def register_slice(frames: FloatArray, centre: FloatArray) -> GraphResult:
    """Return the positions of the heart, looked at around `centre` (2,), in (frames, rows, columns) working images."""
    feature = edge_feature(frames, _window(frames.shape[1:], centre))
    first, second = neighbour_pairs(len(frames), REACH)
    still = np.zeros((len(frames), 2), dtype=int)
    coarse = pair_shifts(_spectra(feature, centre, still), first, second)
    found = _solve(len(frames), coarse)
    followed = np.rint(found.position).astype(int)
    transforms = _spectra(feature, centre, followed)
    fine = pair_shifts(transforms, first, second, REFINEMENT_SEARCH)
    measured = PairShifts(
        first, second, fine.shift + followed[second] - followed[first], fine.peak, fine.unmoved, fine.at_edge
    )
    solved = _solve(len(frames), measured)
    before, after = _witness(feature, centre, solved.position)
    return GraphResult(
        solved.position,
        _per_frame(len(frames), measured, measured.peak),
        _per_frame(len(frames), measured, solved.residual),
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


def _solve(frames: int, measured: PairShifts) -> Positions:
    confidence = np.clip(measured.peak, 0.0, 1.0) ** CONFIDENCE_POWER
    confidence[measured.at_edge] *= 0.01
    return solve_positions(frames, measured.first, measured.second, measured.shift, confidence)


def _per_frame(frames: int, measured: PairShifts, value: FloatArray) -> FloatArray:
    """Return the median of a value over the pairs of each frame; NaN for a frame without pairs."""
    result = np.full(frames, np.nan)
    for frame in range(frames):
        mine = (measured.first == frame) | (measured.second == frame)
        if mine.any():
            result[frame] = np.median(value[mine])
    return result


def _witness(feature: FloatArray, centre: FloatArray, position: FloatArray) -> tuple[float, float]:
    """Return the mean correlation of distant pairs before and after moving every frame by whole pixels."""
    frames = len(feature)
    pairs = [(np.arange(frames - step), np.arange(step, frames)) for step in WITNESS_DISTANCES if step < frames]
    if not pairs:
        return float("nan"), float("nan")
    first = np.concatenate([pair[0] for pair in pairs])
    second = np.concatenate([pair[1] for pair in pairs])
    still = np.zeros((frames, 2), dtype=int)
    before = pair_shifts(_spectra(feature, centre, still), first, second, search=1).unmoved
    moved = _spectra(feature, centre, np.rint(position).astype(int))
    after = pair_shifts(moved, first, second, search=1).unmoved
    return float(np.mean(before)), float(np.mean(after))
