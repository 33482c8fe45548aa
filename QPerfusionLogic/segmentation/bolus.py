"""Find the blood pools from the passage of the bolus: RV first, LV after it, wherever they lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from QPerfusionLogic.study import BoolArray, FloatArray

from .temporal import Enhancement

SMALLEST_POOL_CELLS = 7
"""Cells of about 4.5 mm that the smallest pool worth finding fills (about 1.5 cm2)."""


LONGEST_TRANSIT_S = 15.0
"""Time from the filled RV to the filled LV that is hardly exceeded even in heart failure."""
FULL = 0.9
"""Share of its peak at which the LV counts as full."""
SEPTUM_MM = (4.0, 18.0)
"""Gap between the two pools: the septum and the trabeculae on both of its sides."""


WALL_MM = (3.0, 8.0)
"""Distance from the LV pool at which its wall is looked for: a vessel has lung there, or nothing that fills."""


@dataclass(frozen=True)
class BloodPools:
    """Where and when the bolus passed the two ventricles.

    Parameters
    ----------
    right_frame, fill_frame, left_frame : int
        Frames at which the RV is brightest over the LV, the LV is nearly full, and the LV peaks. Between the last
        two muscle fills, the more the broader or the more saturated the bolus.
    right, left : (slices, rows, columns) bool arrays
        The pools at half of their peak; False everywhere in slices where none was found.
    centre : (slices, 2) array
        (row, column) of the middle of the LV pool, NaN where not found.
    strength : (slices,) array
        0 to 1: how much the pools look like two ventricles side by side.
    """

    right_frame: int
    fill_frame: int
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
    """Return the blood pools, or None when nothing in the images behaves like RV then LV.

    Several pairs of moments are tried; the one whose regions look most like two neighbouring ventricles is taken, and
    its moments are moved to the peaks of the regions' own curves.
    """
    best: tuple[float, int, int, list[_Candidate | None]] | None = None
    for right_frame, left_frame in ventricular_frames(enhancement):
        chosen = _pools_at(enhancement, right_frame, left_frame)
        total = sum(candidate.score for candidate in chosen if candidate is not None)
        if total > (best[0] if best else 0.0):
            best = total, right_frame, left_frame, chosen
    if best is None:
        return None
    _, right_frame, left_frame, chosen = best
    moments = _own_moments(enhancement, chosen, right_frame, left_frame)
    return _gathered(_pools_at(enhancement, *moments[:2]), enhancement, moments)


def _pools_at(enhancement: Enhancement, right_frame: int, left_frame: int) -> list[_Candidate | None]:
    left_map, right_map = passage_maps(enhancement, right_frame, left_frame)
    filled = min(2 * left_frame - right_frame, len(enhancement.value) - 1)
    muscle = enhancement.mean_around(filled)
    candidates = [_candidates(*maps, enhancement.spacing_mm) for maps in zip(left_map, right_map, muscle, strict=True)]
    return _consistent_choice(candidates, enhancement.spacing_mm)


def _own_moments(
    enhancement: Enhancement, chosen: list[_Candidate | None], right_frame: int, left_frame: int
) -> tuple[int, int, int]:
    """Return the frames of RV, LV nearly full and LV peak from the mean curves of the chosen pools."""
    curves = []
    for pick in (lambda candidate: candidate.right, lambda candidate: candidate.left):
        pixels = [
            enhancement.value[:, index][:, pick(candidate)]
            for index, candidate in enumerate(chosen)
            if candidate is not None and pick(candidate) is not None
        ]
        if not pixels:
            return right_frame, left_frame, left_frame
        curves.append(np.concatenate(pixels, axis=1).mean(axis=1))
    right, left = curves
    crossing = right_frame + int(np.argmax((left - right)[right_frame : left_frame + 1] > 0.0))
    stop = left_frame + max(left_frame - right_frame, 3)
    own_right = int(np.argmax((right - left)[: crossing + 1]))
    own_left = crossing + int(np.argmax(left[crossing : stop + 1]))
    if own_left <= own_right + 1:
        return right_frame, left_frame, left_frame
    fill = own_right + int(np.argmax(left[own_right : own_left + 1] >= FULL * left[own_left]))
    return own_right, max(fill, own_right + 1), own_left


def _gathered(
    chosen: list[_Candidate | None], enhancement: Enhancement, moments: tuple[int, int, int]
) -> BloodPools | None:
    if not any(chosen):
        return None
    shape = enhancement.baseline.shape
    left, right = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    centre, strength = np.full((shape[0], 2), np.nan), np.zeros(shape[0])
    for index, candidate in enumerate(chosen):
        if candidate is not None:
            left[index], centre[index], strength[index] = candidate.left, candidate.centre, candidate.score
            right[index] = False if candidate.right is None else candidate.right
    return BloodPools(*moments, right, left, centre, strength)


def passage_maps(enhancement: Enhancement, right_frame: int, left_frame: int) -> tuple[FloatArray, FloatArray]:
    """Return (LV, RV) maps (slices, rows, columns) from the moments of both ventricles."""
    return leftness_rightness(enhancement.mean_around(right_frame), enhancement.mean_around(left_frame))


def leftness_rightness(early: FloatArray, late: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how much of an enhancement came after the early moment, and how much had come by it.

    What has most of its enhancement early counts as right, even when it does not wash out by the late moment (broad or
    saturated boluses do not); what has most of it late counts as left.
    """
    before, after = np.maximum(early, 0.0), np.maximum(late - early, 0.0)
    return np.minimum(late - early, late) - before, np.minimum(early, before - after)


def ventricular_frames(enhancement: Enhancement, count: int = 8) -> list[tuple[int, int]]:
    """Return (RV frame, LV frame) of the moments between which contrast moves from one region to another.

    No shape, position or orientation enters. The strongest pairs come first, each with another RV frame: organs and
    muscle that fill after the LV can outdo it in strength, and only the regions tell.
    """
    coarse = ndimage.median_filter(_coarse(enhancement.value, enhancement.spacing_mm), size=(5, 1, 1), mode="nearest")
    frames, _, pixels = coarse.shape
    if frames < 5:
        return []
    cells = min(SMALLEST_POOL_CELLS, pixels)
    allowance = _coarse(enhancement.motion_allowance()[None], enhancement.spacing_mm)[0]
    score = np.zeros((frames, frames))
    for first in range(frames - 1):
        later = coarse[first + 1 :]
        maps = leftness_rightness(coarse[first][None], later)
        left, right = (np.partition(each - allowance, pixels - cells, axis=2)[:, :, pixels - cells] for each in maps)
        score[first, first + 1 :] = np.sqrt(np.clip(left, 0.0, None) * np.clip(right, 0.0, None)).mean(axis=1)
    gap_s = enhancement.time_s[None, :] - enhancement.time_s[:, None]
    score[gap_s > LONGEST_TRANSIT_S] = 0.0
    least = max(0.08, 4.0 * enhancement.noise / np.sqrt(cells))
    found: list[tuple[int, int]] = []
    while len(found) < count:
        first, second = (int(frame) for frame in np.unravel_index(int(np.argmax(score)), score.shape))
        if score[first, second] < least:
            break
        found.append((first, second))
        score[max(first - 1, 0) : first + 2] = 0.0
    return found


def _coarse(value: FloatArray, spacing_mm: tuple[float, float]) -> FloatArray:
    """Return (frames, slices, cells): means over cells of about 4.5 mm (a single pixel where pixels are larger)."""
    steps = [max(round(4.5 / spacing), 1) for spacing in spacing_mm]
    frames, slices, rows, columns = value.shape
    rows, columns = rows // steps[0], columns // steps[1]
    value = value[:, :, : rows * steps[0], : columns * steps[1]]
    blocks = value.reshape(frames, slices, rows, steps[0], columns, steps[1]).mean(axis=(3, 5))
    return np.asarray(blocks.reshape(frames, slices, rows * columns))


def _candidates(
    left_map: FloatArray, right_map: FloatArray, muscle: FloatArray, spacing_mm: tuple[float, float]
) -> list[_Candidate]:
    """Return the LV-like regions of a slice with the RV-like region that fits each best, best first.

    `muscle` (rows, columns) is the enhancement one transit after the LV, when its wall is filled.
    """
    pixel_mm2 = spacing_mm[0] * spacing_mm[1]
    sigma = [1.5 / spacing for spacing in spacing_mm]
    left_map, right_map = ndimage.gaussian_filter(left_map, sigma), ndimage.gaussian_filter(right_map, sigma)
    lefts = _regions(left_map, pixel_mm2)
    rights = _regions(right_map, pixel_mm2)
    found: list[_Candidate] = []
    for left in lefts:
        contrast = float(np.clip(left_map[left].mean(), 0.0, 1.0))
        shape = _roundness(left, spacing_mm) * _size_weight(left.sum() * pixel_mm2) * _evenness(left_map[left])
        distance = ndimage.distance_transform_edt(~left, sampling=spacing_mm)
        wall = (distance > WALL_MM[0]) & (distance < WALL_MM[1])
        walled = float((muscle[wall] > 0.1 * float(left_map[left].mean())).mean())
        partner, fit = None, 0.0
        for right in rights:
            gap = float(np.percentile(distance[right], 5.0))
            misfit = max(gap - SEPTUM_MM[1], 0.0) / 10.0 + max(SEPTUM_MM[0] - gap, 0.0) / 2.0
            neighbour = float(np.exp(-0.5 * misfit**2))
            value = neighbour * float(np.sqrt(np.clip(right_map[right].mean(), 0.0, 1.0)))
            value *= min(right.sum() * pixel_mm2 / 200.0, 1.0)
            if value > fit:
                partner, fit = right, value
        score = float(contrast * shape * (0.1 + 0.9 * fit) * (0.3 + 0.7 * walled))
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


def _evenness(values: FloatArray) -> float:
    """Return 1 for a pool of blood and less for a region whose core far outshines it: blood with muscle round it."""
    return float(min(1.0, values.mean() / max(0.7 * float(values.max()), 1e-6)))


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
