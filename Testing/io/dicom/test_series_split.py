"""Acquisitions are taken apart and put together as they were made, however they lie in series."""

import numpy as np
import pytest

from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest


def acquired(folder, **request):
    return LoadingLogic().run(StudyRequest(rest=folder, **request)).rest


def codes(series):
    return {notice.code for notice in series.notices}


@pytest.fixture
def a_bolus():
    """Brightness (frame, slice) of a series with three proton-density frames at its head."""
    return lambda frame, slice_: 900 + frame if frame < 3 else 100 + 10 * max(frame - 10, 0) + slice_


def test_low_resolution_aif_images_in_the_series_of_the_tissue_become_the_aif_series(write, clocks, tmp_path):
    uid = "1.2.3.4.5"
    write(tmp_path, frames=12, slices=3, series_uid=uid, **clocks.siemens(delay_s=0.15, start_s=36000.1))
    low = clocks.siemens(start_s=36000.0, InversionTime=23.5, FlipAngle=5)
    write(tmp_path, frames=12, rows=8, columns=10, series_uid=uid, **low)
    found = acquired(tmp_path)
    assert found.tissue.image_shape == (3, 16, 20)
    assert found.aif_series.image_shape == (1, 8, 10)
    assert found.aif_series.protocol.saturation_time_s == pytest.approx(0.0235)
    np.testing.assert_allclose(found.aif_series.time_s[:, 0], clocks.beats_s[:12] - 0.1, atol=1e-4)
    assert "series-split" in codes(found.tissue)


def test_aif_images_of_the_same_matrix_are_told_by_their_saturation_time(write, clocks, tmp_path):
    uid = "1.2.3.4.6"
    write(tmp_path, frames=12, series_uid=uid, **clocks.siemens())
    pixels = {"pixels": lambda frame, slice_: 500 + frame}
    write(tmp_path, frames=12, series_uid=uid, **pixels, **clocks.siemens(start_s=36000.2, InversionTime=24))
    found = acquired(tmp_path)
    assert found.tissue.protocol.saturation_time_s == pytest.approx(0.1)
    assert found.aif_series.protocol.saturation_time_s == pytest.approx(0.024)


def test_the_second_echo_of_an_aif_series_is_kept_beside_the_first(write, clocks, tmp_path):
    write(tmp_path, frames=12, slices=2, SeriesDescription="perf rest", **clocks.siemens())
    uid = "1.2.3.4.7"
    for number, echo_ms in ((1, 0.8), (2, 1.8)):
        write(
            tmp_path,
            frames=12,
            rows=8,
            columns=10,
            series_uid=uid,
            pixels=lambda frame, slice_, number=number: frame + 1000 * number,
            **clocks.siemens(EchoNumbers=number, EchoTime=echo_ms, SeriesDescription="perf rest AIF"),
        )
    aif = acquired(tmp_path).aif_series
    np.testing.assert_array_equal(aif.signal[:, 0, 0, 0], 1000 + np.arange(12))
    np.testing.assert_array_equal(aif.second_echo[:, 0, 0, 0], 2000 + np.arange(12))
    assert (aif.protocol.echo_time_s, aif.protocol.second_echo_time_s) == pytest.approx((0.0008, 0.0018))


def test_leading_proton_density_frames_are_found_from_their_brightness(write, clocks, a_bolus, tmp_path):
    write(tmp_path, frames=20, slices=2, pixels=a_bolus, **clocks.siemens())
    series = acquired(tmp_path).tissue
    np.testing.assert_array_equal(series.proton_density[:, 0, 0, 0], [900, 901, 902])
    assert series.frames == 17
    assert series.time_s[0, 0] == 0.0
    np.testing.assert_allclose(np.diff(series.time_s[:, 0]), np.diff(clocks.beats_s[3:20]), atol=1e-4)


def test_a_series_without_proton_density_keeps_all_frames(write, clocks, tmp_path):
    write(tmp_path, frames=20, pixels=lambda frame, slice_: 100 + 10 * max(frame - 10, 0), **clocks.siemens())
    series = acquired(tmp_path).tissue
    assert series.proton_density is None
    assert series.frames == 20


def test_proton_density_frames_are_found_from_their_tags(write, clocks, tmp_path):
    timing = clocks.siemens()
    clock = timing.pop("tags")

    def tags(frame, slice_):
        density = {"FlipAngle": 5, "InversionTime": None} if frame < 2 else {}
        return {**clock(frame, slice_), **density}

    write(tmp_path, frames=14, slices=2, tags=tags, **timing)
    series = acquired(tmp_path).tissue
    np.testing.assert_array_equal(series.proton_density[..., 0, 0], [[100, 101], [110, 111]])
    assert series.frames == 12
    assert series.protocol.proton_density_flip_angle_deg == 5
    assert series.protocol.flip_angle_deg == 15


def test_proton_density_images_in_a_series_of_their_own_are_attached(write, clocks, tmp_path):
    write(tmp_path, frames=2, slices=2, SeriesDescription="perf rest PD", **clocks.siemens(start_s=35990.0))
    write(tmp_path, frames=12, slices=2, SeriesDescription="perf rest", **clocks.siemens())
    series = acquired(tmp_path).tissue
    assert series.proton_density.shape == (2, 2, 16, 20)
    assert series.frames == 12


@pytest.fixture
def images_before(write, clocks, tmp_path):
    """Write two images of a value per slice, of no particular name, then a perfusion series; return the latter."""

    def written(value, start_s=35990.0, **more):
        words = {"SeriesDescription": "perf", "slices": 2}
        brightness = {"pixels": lambda frame, slice_: value + frame}
        write(tmp_path, frames=2, **brightness, **words, **clocks.siemens(start_s=start_s, **more))
        write(tmp_path, frames=12, **words, **clocks.siemens())
        return acquired(tmp_path).tissue

    return written


def test_bright_images_right_before_a_series_are_its_proton_density_whatever_their_name(images_before):
    series = images_before(900)
    np.testing.assert_array_equal(series.proton_density[:, 0, 0, 0], [900, 901])
    assert "proton-density-found" in codes(series)


@pytest.mark.parametrize(
    ("value", "start_s"), [(101, 35990.0), (900, 35000.0), (900, 36100.0)], ids=["dark", "long before", "after"]
)
def test_other_images_near_a_series_are_no_proton_density(images_before, value, start_s):
    assert images_before(value, start_s).proton_density is None


def test_proton_density_goes_to_images_as_acquired_beside_derived_ones(write, clocks, tmp_path):
    for image_type, value in ((["ORIGINAL", "PRIMARY", "M"], 900), (["DERIVED", "PRIMARY", "M"], 500)):
        kind = {"ImageType": image_type, "slices": 2}
        pixels = {"pixels": lambda frame, slice_, value=value: value + frame}
        write(tmp_path, frames=2, SeriesDescription="rest PD", **pixels, **clocks.siemens(start_s=35990.0, **kind))
        write(tmp_path, frames=12, SeriesDescription="rest", **clocks.siemens(**kind))
    np.testing.assert_array_equal(acquired(tmp_path).tissue.proton_density[:, 0, 0, 0], [900, 901])


def test_proton_density_without_a_name_goes_to_the_injection_that_follows_it(write, clocks, tmp_path):
    for number, (start_s, beat_s) in enumerate(((36000.0, 0.6), (37000.0, 0.9))):
        for frames, value, at_s in ((2, 900 + 10 * number, start_s - 5.0), (12, 100, start_s)):
            clock = clocks.siemens(times_s=beat_s * np.arange(frames), start_s=at_s, HeartRate=round(60 / beat_s))
            pixels = {"pixels": lambda frame, slice_, value=value: value + frame}
            write(tmp_path, frames=frames, SeriesDescription="perf", **pixels, **clock)
    study = LoadingLogic().run(StudyRequest(study=tmp_path))
    assert [int(found.tissue.proton_density.min()) for found in (study.stress, study.rest)] == [900, 910]


def test_slices_in_series_of_their_own_are_joined(write, clocks, tmp_path):
    for slice_ in range(3):
        position = {"ImagePositionPatient": [-30.0, -40.0, 50.0 - 10.0 * slice_]}
        timing = clocks.siemens(start_s=36000.0 + 0.15 * slice_)
        description = f"perf rest SLC{slice_}"
        write(
            tmp_path,
            frames=12,
            pixels=lambda frame, _, slice_=slice_: 100 + 10 * frame + slice_,
            SeriesDescription=description,
            **timing,
            **position,
        )
    series = acquired(tmp_path).tissue
    np.testing.assert_array_equal(series.signal[..., 0, 0], 100 + 10 * np.arange(12)[:, None] + np.arange(3))
    np.testing.assert_allclose(series.time_s[0], [0.0, 0.15, 0.3], atol=1e-4)


def test_single_images_of_another_matrix_are_left_out(write, clocks, tmp_path):
    uid = "1.2.3.4.8"
    write(tmp_path, frames=12, series_uid=uid, **clocks.siemens())
    write(tmp_path, frames=1, rows=32, columns=32, series_uid=uid, **clocks.siemens(start_s=35900.0))
    found = acquired(tmp_path)
    assert found.tissue.signal.shape == (12, 1, 16, 20)
    assert found.aif_series is None
    assert "series-split" in codes(found.tissue)


def test_phase_images_in_the_series_are_left_out(write, clocks, tmp_path):
    uid = "1.2.3.4.9"
    write(tmp_path, frames=12, series_uid=uid, **clocks.siemens())
    write(tmp_path, frames=12, series_uid=uid, **clocks.siemens(ImageType=["ORIGINAL", "PRIMARY", "P"]))
    np.testing.assert_array_equal(acquired(tmp_path).tissue.signal[:, 0, 0, 0], 100 + 10 * np.arange(12))


def test_raw_images_are_preferred_to_motion_corrected_ones(write, clocks, tmp_path):
    write(tmp_path, frames=12, SeriesDescription="perf rest", **clocks.siemens())
    moco = {"SeriesDescription": "perf rest MOCO", "ImageType": ["DERIVED", "PRIMARY", "M", "MOCO"]}
    write(tmp_path, frames=12, pixels=lambda frame, slice_: 7, **moco, **clocks.siemens())
    study = LoadingLogic().run(StudyRequest(study=tmp_path))
    assert study.rest.tissue.signal[0, 0, 0, 0] == 100
    assert any("(derived)" in notice.message for notice in study.notices)


def test_stray_images_after_the_bolus_are_no_proton_density(write, clocks, tmp_path):
    uid = "1.2.3.4.10"
    write(tmp_path, frames=12, series_uid=uid, **clocks.siemens(start_s=36000.0))
    write(tmp_path, frames=1, series_uid=uid, **clocks.siemens(start_s=36100.0, FlipAngle=5))
    assert acquired(tmp_path).tissue.proton_density is None


def test_slices_with_saturation_times_of_their_own_stay_one_series(write, clocks, tmp_path):
    timing = clocks.siemens()
    clock = timing.pop("tags")

    def tags(frame, slice_):
        return {**clock(frame, slice_), "InversionTime": 100 + 10 * slice_}

    write(tmp_path, frames=12, slices=3, tags=tags, **timing)
    assert acquired(tmp_path).tissue.image_shape == (3, 16, 20)
