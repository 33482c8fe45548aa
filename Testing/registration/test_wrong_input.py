"""Nothing that can be fed to the registration makes it fail, or makes it do harm without saying so."""

from __future__ import annotations

import numpy as np
import pytest

from QPerfusionLogic.progress import Progress
from QPerfusionLogic.registration.logic import RegistrationLogic
from QPerfusionLogic.settings.schema import RegistrationSettings


def codes(registered):
    return {notice.code for notice in registered.notices}


def is_untouched(registered, series):
    same = np.array_equal(registered.series.signal, series.signal, equal_nan=True)
    return same and not registered.displacement_mm.any()


def test_a_series_without_a_heart_is_left_alone_and_said_so(as_series):
    noise = np.random.default_rng(0).normal(100.0, 5.0, (30, 96, 96))
    series = as_series(noise)
    registered = RegistrationLogic().run(series)
    assert is_untouched(registered, series)
    assert "no-heart-found" in codes(registered)


@pytest.mark.parametrize("frames", [1, 2, 7])
def test_a_series_of_a_few_frames_is_left_alone_and_said_so(still_frames, as_series, frames):
    series = as_series(still_frames[:frames])
    registered = RegistrationLogic().run(series)
    assert is_untouched(registered, series)
    assert "too-few-frames" in codes(registered)
    assert registered.kept.shape == (frames, 1)


def test_a_blank_series_is_rejected_without_an_exception(as_series):
    series = as_series(np.zeros((20, 64, 64)))
    registered = RegistrationLogic().run(series)
    assert is_untouched(registered, series)
    assert {"no-heart-found", "many-frames-rejected"} <= codes(registered)


@pytest.mark.parametrize("shape", [(20, 1, 1), (20, 3, 5), (20, 12, 12), (20, 20, 300)])
def test_tiny_and_odd_shaped_images_give_no_exception(as_series, shape):
    registered = RegistrationLogic().run(as_series(np.random.default_rng(1).random(shape)))
    assert registered.series.signal.shape == (shape[0], 1, *shape[1:])


def test_blank_frames_among_good_ones_are_rejected_and_do_not_disturb_the_others(
    still_frames, breathing, moved, as_series
):
    frames = moved(still_frames, breathing)
    frames[[3, 20, 21, 22, 23, 24, 25]] = 0.0
    registered = RegistrationLogic().run(as_series(frames))
    assert not registered.kept[[3, 20, 21, 22, 23, 24, 25], 0].any()
    assert registered.kept[:, 0].sum() >= 29
    assert registered.reason[3][0] == "blank"
    assert "blank-frames" in codes(registered)
    found = registered.displacement_mm[:, 0, 0, 0] / 2.2
    error = (found - breathing)[registered.kept[:, 0]]
    assert np.percentile(np.linalg.norm(error - np.median(error, axis=0), axis=1), 95) < 0.5


def test_pixels_that_are_not_finite_stay_so_and_do_not_spread(still_frames, as_series):
    frames = still_frames.copy()
    frames[5, 10, 10] = np.nan
    frames[6] = np.nan
    registered = RegistrationLogic().run(as_series(frames))
    assert "pixels-not-finite" in codes(registered)
    assert registered.reason[6][0] == "not finite"
    assert registered.kept[5, 0]
    assert np.isnan(registered.series.signal[5]).sum() < 20
    assert np.isfinite(np.delete(registered.series.signal, [5, 6], axis=0)).all()


def test_a_jump_of_half_the_field_of_view_is_told_and_the_frames_after_it_are_not_used(still_frames, as_series):
    frames = still_frames.copy()
    frames[30:] = np.roll(frames[30:], 64, axis=1)
    registered = RegistrationLogic().run(as_series(frames))
    assert "heart-out-of-view" in codes(registered)
    assert registered.kept[:30, 0].mean() > 0.85
    assert not registered.kept[30:, 0].any()
    assert np.abs(registered.displacement_mm).max() < 5.0


def test_a_jump_inside_the_search_is_undone(still_frames, as_series):
    frames = still_frames.copy()
    frames[30:] = np.roll(frames[30:], 20, axis=2)
    registered = RegistrationLogic().run(as_series(frames))
    step = registered.displacement_mm[31:, 0, 0, 0] - registered.displacement_mm[28, 0, 0, 0]
    assert np.abs(step - [0.0, 44.0]).max() < 1.0


def test_a_patient_who_leaves_mid_scan_is_told(still_frames, as_series):
    frames = still_frames.copy()
    frames[26:] = np.random.default_rng(2).normal(5.0, 5.0, frames[26:].shape)
    registered = RegistrationLogic().run(as_series(frames))
    assert {"heart-out-of-view", "many-frames-rejected"} <= codes(registered)
    assert not registered.kept[26:, 0].any()
    assert registered.kept[:26, 0].mean() > 0.85


def test_an_implausible_pixel_size_is_not_believed(still_frames, breathing, moved, as_series):
    series = as_series(moved(still_frames, breathing), spacing_mm=16.0)
    found = RegistrationLogic().run(series).displacement_mm[:, 0, 0, 0] / 16.0
    expected = breathing - np.median(breathing, axis=0)
    assert np.median(np.linalg.norm(found - expected, axis=1)) < 0.15


def test_frames_are_excluded_and_restored_by_hand(still_frames, as_series):
    frames = still_frames.copy()
    frames[25] = frames[25][::-1]
    bad = RegistrationLogic().run(as_series(frames))
    assert not bad.kept[25, 0]
    settings = RegistrationSettings(excluded_frames=(4, 400), restored_frames=(25,))
    registered = RegistrationLogic(settings).run(as_series(frames))
    assert registered.reason[4][0] == "excluded by hand"
    assert registered.kept[25, 0]
    assert "no-such-frame" in codes(registered)


def test_a_cancel_stops_the_work(still_frames, as_series):
    from QPerfusionLogic.errors import CancelledError

    with pytest.raises(CancelledError):
        RegistrationLogic().run(as_series(still_frames), Progress(is_cancelled=lambda: True))


def test_a_heart_far_from_the_middle_of_the_image_is_found(still_frames, as_series):
    frames = still_frames[:, 40:, 34:]
    registered = RegistrationLogic().run(as_series(frames))
    assert np.linalg.norm(registered.heart_centre[0] - [24.0, 30.0]) < 4.0


def test_motion_alone_is_not_taken_for_a_heart(still_frames, breathing, moved, as_series):
    series = as_series(moved(np.repeat(still_frames[:1], 40, axis=0), 3.0 * breathing))
    registered = RegistrationLogic().run(series)
    assert is_untouched(registered, series)
    assert "no-heart-found" in codes(registered)
