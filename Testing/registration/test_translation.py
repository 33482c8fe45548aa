"""The graph registration finds motion that was put in, and leaves still hearts alone."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.registration.logic import RegistrationLogic
from QPerfusionLogic.settings.schema import RegistrationSettings


def displacement_px(registered):
    return registered.displacement_mm[:, 0, 0, 0] / np.asarray(registered.series.geometry.pixel_spacing_mm)


def test_known_motion_is_recovered_to_a_tenth_of_a_pixel(still_frames, breathing, moved, as_series):
    registered = RegistrationLogic().run(as_series(moved(still_frames, breathing)))
    expected = breathing - np.median(breathing, axis=0)
    error = np.linalg.norm(displacement_px(registered) - expected, axis=1)
    assert np.median(error) < 0.15
    assert np.percentile(error, 95) < 0.5


def test_a_still_heart_is_left_where_it_is(still_frames, as_series):
    registered = RegistrationLogic().run(as_series(still_frames))
    assert np.abs(displacement_px(registered)).max() < 0.15


def test_the_heart_centre_is_the_left_ventricle(still_frames, as_series):
    registered = RegistrationLogic().run(as_series(still_frames))
    assert np.linalg.norm(registered.heart_centre[0] - 64.0) < 3.0


def test_a_heart_centre_given_by_the_user_is_used(still_frames, as_series):
    settings = RegistrationSettings(heart_centre=(60.0, 62.0))
    registered = RegistrationLogic(settings).run(as_series(still_frames))
    assert registered.heart_centre.tolist() == [[60.0, 62.0]]


def test_mode_none_returns_the_frames_untouched(still_frames, breathing, moved, as_series):
    series = as_series(moved(still_frames, breathing))
    registered = RegistrationLogic(RegistrationSettings(mode="none")).run(series)
    assert np.array_equal(registered.series.signal, series.signal)
    assert not registered.displacement_mm.any()


def test_two_runs_give_the_same_numbers(still_frames, breathing, moved, as_series):
    series = as_series(moved(still_frames, breathing))
    runs = [RegistrationLogic().run(series) for _ in range(2)]
    assert np.array_equal(runs[0].displacement_mm, runs[1].displacement_mm)
    assert np.array_equal(runs[0].series.signal, runs[1].series.signal)


def test_a_slice_without_a_bolus_of_its_own_relies_on_the_others(still_frames, breathing, moved, as_series):
    stack = np.stack(
        [moved(still_frames, breathing), moved(np.repeat(still_frames[:1], 40, axis=0), breathing)], axis=1
    )
    registered = RegistrationLogic().run(as_series(stack))
    found = registered.displacement_mm[:, 1, 0, 0] / 2.2
    error = np.linalg.norm(found - (breathing - np.median(breathing, axis=0)), axis=1)
    assert np.percentile(error, 95) < 0.3
    assert np.linalg.norm(registered.heart_centre[1] - 64.0) < 6.0
