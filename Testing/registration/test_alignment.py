"""What was acquired apart is brought together, or it is said that it cannot be."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import ndimage

from QPerfusionLogic.registration.alignment import align_stress_to_rest
from QPerfusionLogic.registration.logic import RegistrationLogic
from QPerfusionLogic.registration.profiles import motion_profiles


def test_rest_is_brought_on_stress(still_frames, moved, as_series):
    stress = RegistrationLogic().run(as_series(still_frames))
    offset = np.tile([6.0, -4.0], (40, 1))
    rest = RegistrationLogic().run(as_series(0.8 * moved(still_frames, offset)))
    displacement_mm, notices = align_stress_to_rest(stress, rest)
    assert np.abs(displacement_mm - np.array([[6.0, -4.0]]) * 2.2).max() < 0.5
    assert not notices


def test_images_turned_between_stress_and_rest_are_told(still_frames, as_series):
    stress = RegistrationLogic().run(as_series(still_frames))
    turned = ndimage.rotate(still_frames, 120.0, axes=(1, 2), reshape=False, mode="nearest")
    rest = RegistrationLogic().run(as_series(turned))
    displacement_mm, notices = align_stress_to_rest(stress, rest)
    assert [notice.code for notice in notices] == ["stress-and-rest-not-aligned"]
    assert np.abs(displacement_mm).max() < 12.0


def test_proton_density_frames_follow_the_heart(still_frames, moved, as_series, breathing):
    density = ndimage.shift(still_frames[0], (3.0, -2.0), order=3, mode="nearest")[None, None]
    series = dataclasses.replace(as_series(moved(still_frames, breathing)), proton_density=density)
    registered = RegistrationLogic().run(series)
    early = registered.series.signal[:5, 0].mean(axis=0)
    window = slice(40, 88)
    fit = np.corrcoef(registered.series.proton_density[0, 0][window, window].ravel(), early[window, window].ravel())
    assert fit[0, 1] > 0.9


def test_the_second_echo_moves_with_the_first(still_frames, moved, as_series, breathing):
    frames = moved(still_frames, breathing)
    series = dataclasses.replace(as_series(frames), second_echo=np.asarray(frames[:, None] * 0.5, np.float32))
    registered = RegistrationLogic().run(series)
    assert np.allclose(registered.series.second_echo, 0.5 * registered.series.signal, atol=1e-2)


def test_motion_profiles_straighten(still_frames, moved, as_series, breathing):
    series = as_series(moved(still_frames, breathing))
    profiles = motion_profiles(series, RegistrationLogic().run(series), 0)
    assert profiles.rows_before.shape == (128, 40)
    late = slice(30, 40)
    assert np.diff(profiles.rows_after[:, late]).std() < 0.5 * np.diff(profiles.rows_before[:, late]).std()


def test_stress_and_rest_of_different_size_are_told_and_left_where_they_are(still_frames, as_series):
    stress = RegistrationLogic().run(as_series(still_frames))
    for other in (as_series(still_frames[:, 8:-8, 8:-8]), as_series(still_frames, spacing_mm=1.6)):
        displacement_mm, notices = align_stress_to_rest(stress, RegistrationLogic().run(other))
        assert not displacement_mm.any()
        assert [notice.code for notice in notices] == ["stress-and-rest-grids-differ"]


def test_images_that_fit_poorly_are_told(still_frames, as_series):
    noise = np.random.default_rng(8).normal(0.0, 1.0, (2, 128, 128))
    clutter = 60.0 * ndimage.gaussian_filter(noise, (0.0, 1.5, 1.5)) / 0.19
    stress, rest = (RegistrationLogic().run(as_series(still_frames + 0.6 * part)) for part in clutter)
    displacement_mm, notices = align_stress_to_rest(stress, rest)
    assert {notice.code for notice in notices} & {"stress-and-rest-fit-poorly", "stress-and-rest-not-aligned"}
    assert np.abs(displacement_mm).max() < 6.0
