"""When the bolus comes: first filling, onset and the moments of both ventricles."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from qperfusion_research.segmentation.evaluation.cases import digital_case
from QPerfusionLogic.segmentation.first_pass.blood_pools import find_blood_pools
from QPerfusionLogic.segmentation.first_pass.enhancement import bolus_onset, deep_breaths, enhancement_of
from QPerfusionLogic.segmentation.first_pass.moments import first_filling, half_filled

SPACING_MM = 2.0


def with_curves(heart, right: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return the heart's series with other blood curves (frames,)."""
    signal = np.full((len(right), *heart.labels.shape), 0.03)
    myocardium = 0.25 * np.cumsum(left) / np.cumsum(left)[-1]
    for value, curve in ((3, right), (2, left), (1, myocardium)):
        signal[:, heart.labels == value] = 0.08 + curve[:, None]
    return signal + np.random.default_rng(0).normal(0.0, 0.01, signal.shape)


def distance_mm(pools, heart) -> float:
    row, column = np.argwhere(heart.labels[0] == 2).mean(axis=0)
    return float(np.hypot(pools.centre[0, 0] - row, pools.centre[0, 1] - column)) * SPACING_MM


def step(start: int, frames: int = 45, rise: float = 1.2) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-(np.arange(frames) - start) / rise))


def test_the_right_ventricle_is_the_first_to_fill(a_heart, as_registered):
    enhancement = enhancement_of(as_registered(a_heart.series()))
    assert abs(first_filling(enhancement) - 8) <= 1


def test_a_broad_saturated_bolus_with_a_short_transit_is_found(a_heart, as_registered):
    right, left = step(10), step(13)
    pools = find_blood_pools(enhancement_of(as_registered(with_curves(a_heart, right, left))))
    assert pools is not None
    assert distance_mm(pools, a_heart) < 5.0


def test_a_double_bolus_is_found(a_heart, as_registered):
    frames = np.arange(60.0)
    single = np.exp(-0.5 * ((frames - 14) / 2.5) ** 2) + 1.2 * np.exp(-0.5 * ((frames - 26) / 4.0) ** 2)
    left = np.interp(frames - 6, frames, single, left=0.0)
    pools = find_blood_pools(enhancement_of(as_registered(with_curves(a_heart, single, left))))
    assert pools is not None
    assert distance_mm(pools, a_heart) < 5.0


@pytest.mark.parametrize("shift", [1, 2, 3])
def test_fat_that_moves_with_the_breath_is_not_the_onset(a_heart, shift):
    signal = a_heart.series(noise=0.002)
    signal[:, :, 4:14, :] = 1.5
    signal = ndimage.gaussian_filter(signal, (0, 0, 2.0, 2.0))
    moved = signal.copy()
    for frame in range(3, len(signal), 4):
        moved[frame, :, :20] = np.roll(signal[frame, :, :20], shift, axis=1)
    assert bolus_onset(moved) == bolus_onset(signal)
    assert 4 <= bolus_onset(moved) <= 8


@pytest.mark.parametrize("seed", [5007, 5058, 70011])
def test_an_artery_beside_an_organ_that_fills_late_is_not_taken_for_both_ventricles(seed):
    case = digital_case(seed)
    pools = find_blood_pools(enhancement_of(case.registered))
    assert pools is not None
    assert (case.truth[1] | case.truth[2])[pools.left[0]].mean() > 0.9


def test_the_peak_of_saturated_blood_is_not_sought_in_its_plateau(a_heart, as_registered):
    frames = np.arange(60)
    left = step(14, 60) + 0.002 * np.clip(frames - 18, 0, None)
    pools = find_blood_pools(enhancement_of(as_registered(with_curves(a_heart, step(9, 60), left))))
    assert pools is not None
    assert 14 <= pools.left_frame <= 20


def test_a_small_right_ventricle_ends_the_baseline(a_heart, as_registered):
    signal = a_heart.series(frames=60)
    small = np.hypot(np.arange(96)[:, None] - 51, np.arange(96)[None, :] - 39) < 3.6
    signal = np.where((a_heart.labels == 3) & ~small, signal[:1], signal)
    early = np.concatenate([signal[:1], signal[:5], signal[5:]])
    assert enhancement_of(as_registered(early)).onset <= 9


def after_a_breath(series, at: int, gone: int, jump_mm: float):
    """Return a registered series whose heart lies `jump_mm` off up to frame `at`, `gone` frames rejected there."""
    displacement = np.zeros_like(series.displacement_mm)
    displacement[:at, ..., 0] = jump_mm
    kept = series.kept.copy()
    kept[at - gone : at] = False
    return replace(series, displacement_mm=displacement, kept=kept)


@pytest.mark.parametrize(("gone", "jump_mm", "expected"), [(2, 15.0, (13,)), (0, 15.0, ()), (2, 5.0, ())])
def test_a_deep_breath_is_a_jump_over_rejected_frames(a_heart, as_registered, gone, jump_mm, expected):
    assert deep_breaths(after_a_breath(as_registered(a_heart.series()), 13, gone, jump_mm)) == expected


def test_a_right_ventricle_left_behind_by_a_deep_breath_does_not_spoil_the_contour(a_heart, as_registered, overlap):
    signal = a_heart.series()
    signal[:13] = np.roll(signal[:13], (9, -6), axis=(2, 3))
    found = find_blood_pools(enhancement_of(after_a_breath(as_registered(signal), 13, 2, 20.0)))
    assert found is not None
    assert found.right_frame == 13
    assert distance_mm(found, a_heart) < 5.0


def test_blood_that_is_brightest_long_after_its_first_pass_is_filled_at_the_first():
    saturated = np.array([0.0, 0.1, 0.5, 0.8, 0.6, 0.4, 0.45, 0.6, 0.9, 1.0])
    assert half_filled(saturated[:, None]).tolist() == [3]
