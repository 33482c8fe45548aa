"""Find the blood pools from the passage of the bolus: RV first, LV after it, wherever they lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import BoolArray, FloatArray

from .enhancement import Enhancement
from .moments import first_filling, half_filled, lv_and_rv_score, ventricular_frames
from .pool_shape import across_a_septum, distance_to, evenness, regions_of, roundness, size_weight

FULL = 0.9
"""Share of its peak at which the LV counts as full."""
PLATEAU = 0.95
"""Share of its highest value at which an LV peaks whose signal does not come down again (saturated blood)."""
FIRST_WITHIN_S, FIRST_SPREAD_S = 1.0, 2.0
"""The RV fills within the first time of the first filling of anything; what comes later is trusted less."""
RIVAL, FAIR_FIT = 0.4, 0.3
"""Share of the best score, and fit of its RV, from which on an earlier pair of pools makes a later one less likely."""
UNCERTAIN = 0.2
"""Score a slice below which more pairs of moments are tried."""
WORTH_MOVING = 0.5
"""Share of their score that the pools must keep when their moments are moved to their own peaks."""
WALL_MM = (3.0, 8.0)
"""Distance from the LV pool at which its wall is looked for: a vessel has lung there, or nothing that fills."""


@dataclass(frozen=True)
class BloodPools:
    """Where and when the bolus passed the two ventricles.

    Parameters
    ----------
    right_frame, fill_frame, left_frame : int
        Frames at which the RV is brightest over the LV, the LV is nearly full, and the LV peaks. Between the last
        two myocardium fills, the more the broader or the more saturated the bolus.
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
    """One pair of pools in one slice; `fit` (0 to 1) shows how much the right one is like an RV beside the left one."""

    left: BoolArray
    right: BoolArray | None
    centre: tuple[float, float]
    score: float
    fit: float
    right_filled_s: float


def find_blood_pools(enhancement: Enhancement) -> BloodPools | None:
    """Return the blood pools, or None when nothing in the images behaves like RV then LV.

    Several pairs of moments are tried; the one whose regions look most like two neighbouring ventricles is taken, and
    its moments are moved to the peaks of the regions' own curves where the regions are still seen then.
    """
    first = first_filling(enhancement)
    moments, further = ventricular_frames(enhancement, first)
    tried = [_pools_at(enhancement, *pair, first) for pair in moments]
    worth = _worth(tried)
    if worth.max(initial=0.0) < UNCERTAIN * len(enhancement.baseline):
        moments += further
        tried += [_pools_at(enhancement, *pair, first) for pair in further]
        worth = _worth(tried)
    if not len(worth) or worth.max() <= 0.0:
        return None
    best = int(np.argmax(worth))
    own = _after_breath(enhancement.breaths, *_own_moments(enhancement, tried[best], *moments[best]))
    again = _pools_at(enhancement, *own[:2], first)
    if _total(again) < WORTH_MOVING * _total(tried[best]):
        return _gathered(tried[best], enhancement, own)
    return _gathered(again, enhancement, own)


def _after_breath(breaths: tuple[int, ...], right_frame: int, fill_frame: int, left_frame: int) -> tuple[int, int, int]:
    """Return the moments with that of the RV after the last deep breath before the LV is filled.

    The RV is seen for some beats; in the place that the LV has it shows more than at its peak in another one.
    """
    later = [frame for frame in breaths if right_frame < frame < fill_frame]
    return (max(later), fill_frame, left_frame) if later else (right_frame, fill_frame, left_frame)


def _worth(tried: list[list[_Candidate | None]]) -> FloatArray:
    """Return (pairs,): the score of each choice, less where another one nearly as good has its RV filled before.

    An artery beside an organ that fills after it looks like two ventricles, but blood has passed the true RV by then.
    """
    total = np.array([_total(chosen) for chosen in tried])
    filled_s = np.array([_right_filled_s(chosen) for chosen in tried])
    rivals = (total > RIVAL * total.max(initial=0.0)) & np.isfinite(filled_s)
    if not rivals.any():
        return total
    late = np.clip(np.nan_to_num(filled_s - filled_s[rivals].min()) - FIRST_WITHIN_S, 0.0, None) / FIRST_SPREAD_S
    return np.asarray(total * np.exp(-0.5 * late**2))


def _right_filled_s(chosen: list[_Candidate | None]) -> float:
    """Return when the right pools are filled, over the slices that have a fair one, the better ones counting more."""
    known = [each for each in chosen if each is not None and each.fit > FAIR_FIT]
    if not known:
        return float("nan")
    return float(np.average([each.right_filled_s for each in known], weights=[each.score for each in known]))


def _total(chosen: list[_Candidate | None]) -> float:
    return sum(candidate.score for candidate in chosen if candidate is not None)


def _pools_at(enhancement: Enhancement, right_frame: int, left_frame: int, first: int) -> list[_Candidate | None]:
    left_map, right_map = passage_maps(enhancement, right_frame, left_frame)
    filled = min(2 * left_frame - right_frame, len(enhancement.value) - 1)
    myocardium = enhancement.mean_around(filled)
    candidates = [
        _candidates(left_map[index], right_map[index], myocardium[index], enhancement, index, first)
        for index in range(len(myocardium))
    ]
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
    passing = left[crossing : stop + 1]
    own_left = crossing + int(np.argmax(passing))
    if own_left == min(stop, len(left) - 1):
        own_left = crossing + int(np.argmax(passing >= PLATEAU * passing[-1]))
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
    return lv_and_rv_score(enhancement.mean_around(right_frame), enhancement.mean_around(left_frame))


def _candidates(
    left_map: FloatArray,
    right_map: FloatArray,
    myocardium: FloatArray,
    enhancement: Enhancement,
    index: int,
    first: int,
) -> list[_Candidate]:
    """Return the LV-like regions of a slice with the RV-like region that fits each best, best first.

    `myocardium` (rows, columns) is the enhancement one transit after the LV, when its wall is filled.
    """
    spacing_mm = enhancement.spacing_mm
    sigma = [1.5 / spacing for spacing in spacing_mm]
    left_map, right_map = ndimage.gaussian_filter(left_map, sigma), ndimage.gaussian_filter(right_map, sigma)
    pixel_mm2 = spacing_mm[0] * spacing_mm[1]
    rights = [_right(region, right_map, enhancement, index, first) for region in regions_of(right_map, pixel_mm2)]
    found: list[_Candidate] = []
    for left in regions_of(left_map, pixel_mm2):
        contrast = float(np.clip(left_map[left].mean(), 0.0, 1.0))
        shape = roundness(left, spacing_mm) * size_weight(left.sum() * pixel_mm2) * evenness(left_map[left])
        distance = distance_to(left, spacing_mm)
        wall = (distance > WALL_MM[0]) & (distance < max(WALL_MM[1], 1.1 * max(spacing_mm)))
        walled = float((myocardium[wall] > 0.1 * float(left_map[left].mean())).mean())
        filled_s = _filled_s(left, enhancement, index)
        partner, fit = None, 0.0
        for right in rights:
            value = right.score * across_a_septum(distance[right.region])
            if value > fit and right.filled_s < filled_s:
                partner, fit = right, value
        score = float(contrast * shape * (0.1 + 0.9 * fit) * (0.3 + 0.7 * walled))
        row, column = ndimage.center_of_mass(left)
        found.append(
            _Candidate(
                left,
                None if partner is None else partner.region,
                (float(row), float(column)),
                score,
                fit,
                float("nan") if partner is None else partner.filled_s,
            )
        )
    return sorted(found, key=lambda candidate: -candidate.score)


@dataclass(frozen=True)
class _Right:
    """A region that may be the RV: when it fills, and how much by size, contrast and order of filling it looks it."""

    region: BoolArray
    filled_s: float
    score: float


def _right(region: BoolArray, right_map: FloatArray, enhancement: Enhancement, index: int, first: int) -> _Right:
    filled_s = _filled_s(region, enhancement, index)
    late = max(filled_s - float(enhancement.time_s[first]) - FIRST_WITHIN_S, 0.0) / FIRST_SPREAD_S
    contrast = float(np.sqrt(np.clip(right_map[region].mean(), 0.0, 1.0)))
    size = min(region.sum() * float(np.prod(enhancement.spacing_mm)) / 200.0, 1.0)
    return _Right(region, filled_s, contrast * size * (0.1 + 0.9 * float(np.exp(-0.5 * late**2))))


def _filled_s(region: BoolArray, enhancement: Enhancement, index: int) -> float:
    curve = enhancement.value[:, index][:, region].mean(axis=1)
    return float(enhancement.time_s[int(half_filled(curve[:, None])[0])])


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
