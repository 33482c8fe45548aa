"""Find the blood pools from the passage of the bolus: RV first, LV after it, wherever they lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from QPerfusionLogic.study import BoolArray, FloatArray

from .temporal import Enhancement

SMALLEST_POOL_CELLS = 7
"""Cells of about 4.5 mm that the smallest pool worth finding fills (about 1.5 cm2)."""


@dataclass(frozen=True)
class BloodPools:
    """Where and when the bolus passed the two ventricles.

    Parameters
    ----------
    right_frame, left_frame : int
        Frames at which RV and LV differ most.
    right, left : (slices, rows, columns) bool arrays
        The pools at half of their peak; False everywhere in slices where none was found.
    centre : (slices, 2) array
        (row, column) of the middle of the LV pool, NaN where not found.
    strength : (slices,) array
        0 to 1: how much the pools look like two ventricles side by side.
    """

    right_frame: int
    left_frame: int
    right: BoolArray
    left: BoolArray
    centre: FloatArray
    strength: FloatArray


@dataclass(frozen=True)
class _Candidate:
    """One pair of pools in one slice."""

    left: BoolArray
    right: BoolArray | None
    centre: tuple[float, float]
    score: float


def find_blood_pools(enhancement: Enhancement) -> BloodPools | None:
    """Return the blood pools, or None when nothing in the images behaves like RV then LV."""
    phases = ventricular_frames(enhancement)
    if phases is None:
        return None
    right_frame, left_frame = phases
    early, late = enhancement.mean_around(right_frame), enhancement.mean_around(left_frame)
    left_map, right_map = np.minimum(late - early, late), np.minimum(early - late, early)
    candidates = [
        _candidates(left_map[index], right_map[index], enhancement.spacing_mm) for index in range(len(left_map))
    ]
    chosen = _consistent_choice(candidates, enhancement.spacing_mm)
    if not any(chosen):
        return None
    shape = left_map.shape
    left, right = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    centre, strength = np.full((shape[0], 2), np.nan), np.zeros(shape[0])
    for index, candidate in enumerate(chosen):
        if candidate is not None:
            left[index], centre[index], strength[index] = candidate.left, candidate.centre, candidate.score
            right[index] = False if candidate.right is None else candidate.right
    return BloodPools(right_frame, left_frame, right, left, centre, strength)


def ventricular_frames(enhancement: Enhancement) -> tuple[int, int] | None:
    """Return the pair of frames between which one region loses most contrast while another gains most.

    The pool that is bright at the first frame and washed out at the second is the RV, the one that is bright only at
    the second is the LV; no shape, position or orientation enters.
    """
    coarse = _coarse(enhancement)
    frames, slices, pixels = coarse.shape
    if frames < 4:
        return None
    count = min(SMALLEST_POOL_CELLS, pixels)
    score = np.zeros((frames, frames))
    for first in range(frames - 1):
        later = coarse[first + 1 :]
        gain = np.minimum(later - coarse[first], later)
        loss = np.minimum(coarse[first] - later, coarse[first])
        gained = np.partition(gain, pixels - count, axis=2)[:, :, -count:].mean(axis=2)
        lost = np.partition(loss, pixels - count, axis=2)[:, :, -count:].mean(axis=2)
        score[first, first + 1 :] = np.sqrt(np.clip(gained, 0, None) * np.clip(lost, 0, None)).sum(axis=1)
    first, second = (int(frame) for frame in np.unravel_index(int(np.argmax(score)), score.shape))
    if score[first, second] / slices < max(0.08, 4.0 * enhancement.noise / np.sqrt(count)):
        return None
    return first, second


def _coarse(enhancement: Enhancement) -> FloatArray:
    """Return (frames, slices, cells): means over cells of about 4.5 mm (a single pixel where pixels are larger)."""
    steps = [max(round(4.5 / spacing), 1) for spacing in enhancement.spacing_mm]
    frames, slices, rows, columns = enhancement.value.shape
    rows, columns = rows // steps[0], columns // steps[1]
    value = enhancement.value[:, :, : rows * steps[0], : columns * steps[1]]
    blocks = value.reshape(frames, slices, rows, steps[0], columns, steps[1]).mean(axis=(3, 5))
    return np.asarray(blocks.reshape(frames, slices, rows * columns))


def _candidates(left_map: FloatArray, right_map: FloatArray, spacing_mm: tuple[float, float]) -> list[_Candidate]:
    """Return the LV-like regions of a slice with the RV-like region that fits each best, best first."""
    pixel_mm2 = spacing_mm[0] * spacing_mm[1]
    sigma = [1.5 / spacing for spacing in spacing_mm]
    left_map, right_map = ndimage.gaussian_filter(left_map, sigma), ndimage.gaussian_filter(right_map, sigma)
    lefts = _regions(left_map, pixel_mm2)
    rights = _regions(right_map, pixel_mm2)
    found: list[_Candidate] = []
    for left in lefts:
        contrast = float(np.clip(left_map[left].mean(), 0.0, 1.0))
        shape = _roundness(left, spacing_mm) * _size_weight(left.sum() * pixel_mm2)
        distance = ndimage.distance_transform_edt(~left, sampling=spacing_mm)
        partner, fit = None, 0.0
        for right in rights:
            gap = float(np.percentile(distance[right], 5.0))
            neighbour = float(np.exp(-0.5 * (max(gap - 12.0, 0.0) / 10.0) ** 2))
            value = neighbour * float(np.sqrt(np.clip(right_map[right].mean(), 0.0, 1.0)))
            value *= min(right.sum() * pixel_mm2 / 200.0, 1.0)
            if value > fit:
                partner, fit = right, value
        score = float(np.sqrt(contrast) * shape * (0.1 + 0.9 * fit))
        row, column = ndimage.center_of_mass(left)
        found.append(_Candidate(left, partner, (float(row), float(column)), score))
    return sorted(found, key=lambda candidate: -candidate.score)


def _regions(feature: FloatArray, pixel_mm2: float, count: int = 8) -> list[BoolArray]:
    """Return connected regions over half of their own peak, the strongest first."""
    regions: list[BoolArray] = []
    remaining = feature.copy()
    floor = 0.25 * float(feature.max())
    while len(regions) < count:
        peak = int(np.argmax(remaining))
        level = float(remaining.flat[peak])
        if level <= max(floor, 0.0):
            break
        labels, _ = ndimage.label(feature > 0.5 * level)
        region = labels == labels.flat[peak]
        remaining[region] = -np.inf
        if region.sum() * pixel_mm2 >= 30.0 and region.sum() >= 3:
            regions.append(np.asarray(ndimage.binary_fill_holes(region)))
    return regions


def _roundness(region: BoolArray, spacing_mm: tuple[float, float]) -> float:
    """Return 1 for a disc and less for the elongated or ragged: area over that of the disc with equal spread."""
    rows, columns = np.nonzero(region)
    points = np.stack([rows * spacing_mm[0], columns * spacing_mm[1]])
    spread = np.atleast_2d(np.cov(points)) if points.shape[1] > 2 else np.eye(2)
    spread = spread + np.diag(np.square(spacing_mm) / 12.0)
    longest = float(np.linalg.eigvalsh(spread)[-1])
    area = region.sum() * spacing_mm[0] * spacing_mm[1]
    return float(np.clip(area / (4.0 * np.pi * longest), 0.0, 1.0))


def _size_weight(area_mm2: float) -> float:
    """Return 1 for the area of an LV cavity (150 to 3000 mm2, systolic apex to dilated base), falling off outside."""
    below, above = area_mm2 / 150.0, 3500.0 / area_mm2
    return float(min(1.0, below, above**2))


def _consistent_choice(
    candidates: list[list[_Candidate]], spacing_mm: tuple[float, float], tolerance_mm: float = 25.0
) -> list[_Candidate | None]:
    """Return per slice the candidate nearest to one common position: the LV of parallel slices lies in one place."""
    everyone = [candidate for slice_candidates in candidates for candidate in slice_candidates]
    if not everyone:
        return [None for _ in candidates]
    scale = np.asarray(spacing_mm)

    def support(anchor: _Candidate) -> float:
        total = 0.0
        for slice_candidates in candidates:
            total += max((weighted(anchor, candidate) for candidate in slice_candidates), default=0.0)
        return total

    def weighted(anchor: _Candidate, candidate: _Candidate) -> float:
        distance = np.linalg.norm((np.asarray(anchor.centre) - candidate.centre) * scale)
        return candidate.score * float(np.exp(-0.5 * (distance / tolerance_mm) ** 2))

    anchor = max(everyone, key=support)
    chosen: list[_Candidate | None] = []
    for slice_candidates in candidates:
        best = max(slice_candidates, key=lambda candidate: weighted(anchor, candidate), default=None)
        chosen.append(best if best is not None and weighted(anchor, best) > 0.05 else None)
    return chosen
