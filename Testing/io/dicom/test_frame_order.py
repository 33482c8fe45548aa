"""Images find their frame and slice whatever the order and the gaps of their files."""

import numpy as np
import pytest

from QPerfusionLogic.data.notices import Severity
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest


def loaded(folder):
    return LoadingLogic().run(StudyRequest(rest=folder)).rest.tissue


def notice(series, code):
    return next((item for item in series.notices if item.code == code), None)


def values(frames, slices):
    return 100 + 10 * np.arange(frames)[:, None] + np.arange(slices)


@pytest.mark.parametrize("maker", ["siemens", "ge", "philips"])
def test_files_out_of_order_are_put_in_order(maker, write, clocks, tmp_path):
    order = np.random.default_rng(1).permutation(36)
    write(tmp_path, frames=12, slices=3, order=order, **getattr(clocks, maker)())
    np.testing.assert_array_equal(loaded(tmp_path).signal[..., 0, 0], values(12, 3))


def test_slices_are_ordered_from_base_to_apex_wherever_the_series_starts(write, clocks, tmp_path):
    def tags(frame, slice_):
        upwards = {"ImagePositionPatient": [-30.0, -40.0, 10.0 * slice_]}
        return {**upwards, "AcquisitionTime": clocks.text(36000 + 0.8 * frame + 0.1 * slice_)}

    write(tmp_path, frames=10, slices=3, Manufacturer="SIEMENS", tags=tags)
    series = loaded(tmp_path)
    np.testing.assert_array_equal(series.signal[..., 0, 0], values(10, 3)[:, ::-1])
    assert (np.diff(series.geometry.index_to_lps[:, 2, 3]) < 0).all()


def test_slices_that_alternate_between_beats_keep_their_own_times(write, clocks, tmp_path):
    def tags(frame, slice_):
        beat = 2 * frame + slice_ // 2
        return {"AcquisitionTime": clocks.text(36000 + 0.7 * beat + 0.2 * (slice_ % 2))}

    write(tmp_path, frames=10, slices=4, Manufacturer="SIEMENS", tags=tags)
    series = loaded(tmp_path)
    np.testing.assert_array_equal(series.signal[..., 0, 0], values(10, 4))
    np.testing.assert_allclose(series.time_s, 1.4 * np.arange(10)[:, None] + [0.0, 0.2, 0.7, 0.9], atol=1e-4)


def test_frames_that_lack_a_slice_are_left_out_and_told(write, clocks, tmp_path):
    present = [k for k in range(60) if k not in (3 * 4 + 1, 3 * 9 + 0, 3 * 9 + 2, 3 * 15 + 0)]
    write(tmp_path, frames=20, slices=3, order=present, **clocks.siemens())
    series = loaded(tmp_path)
    kept = np.delete(np.arange(20), [4, 9, 15])
    np.testing.assert_array_equal(series.signal[..., 0, 0], values(20, 3)[kept])
    np.testing.assert_allclose(series.time_s[:, 0], clocks.beats_s[kept], atol=1e-4)
    assert notice(series, "missing-images").severity is Severity.WARNING
    assert notice(series, "frame-gaps") is not None


def test_a_missing_whole_frame_leaves_a_gap_in_the_times(write, clocks, tmp_path):
    write(tmp_path, frames=20, order=[k for k in range(20) if k != 7], **clocks.siemens())
    series = loaded(tmp_path)
    np.testing.assert_allclose(series.time_s[:, 0], np.delete(clocks.beats_s[:20], 7), atol=1e-4)
    assert "1 gap" in notice(series, "frame-gaps").message


def test_a_file_that_is_there_twice_counts_once(write, clocks, tmp_path):
    paths = write(tmp_path, frames=12, **clocks.siemens())
    (tmp_path / "copy").write_bytes(paths[5].read_bytes())
    series = loaded(tmp_path)
    np.testing.assert_array_equal(series.signal[:, 0, 0, 0], values(12, 1)[:, 0])
    assert "found twice" in notice(series, "series-split").message


def test_a_frame_stored_twice_under_two_names_counts_once(write, clocks, tmp_path):
    write(tmp_path, frames=12, order=[*range(12), 5], **clocks.siemens())
    series = loaded(tmp_path)
    np.testing.assert_array_equal(series.signal[:, 0, 0, 0], values(12, 1)[:, 0])
    assert notice(series, "duplicated-frames") is not None


def test_geometry_follows_the_position_and_orientation_tags(write, clocks, tmp_path):
    orientation = [0.6513, 0.7580, 0.0344, -0.1906, 0.2074, -0.9595]
    normal = np.cross(orientation[:3], orientation[3:])

    def tags(frame, slice_):
        position = (np.array([-11.6, -205.3, 20.4]) + 12.0 * slice_ * normal).tolist()
        return {"ImagePositionPatient": position, "AcquisitionTime": clocks.text(36000 + 0.8 * frame + 0.1 * slice_)}

    write(tmp_path, frames=10, slices=2, Manufacturer="SIEMENS", ImageOrientationPatient=orientation, tags=tags)
    geometry = loaded(tmp_path).geometry
    assert geometry.pixel_spacing_mm == pytest.approx((2.0, 1.5), rel=1e-3)
    np.testing.assert_allclose(geometry.index_to_lps[0, :3, 0], 1.5 * np.array(orientation[:3]), atol=1e-4)
    np.testing.assert_allclose(geometry.index_to_lps[0, :3, 1], 2.0 * np.array(orientation[3:]), atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(geometry.stack_to_lps[:3, 2]), 12.0, rtol=1e-3)


def test_slices_that_follow_the_breathing_stay_one_slice(write, clocks, tmp_path):
    def tags(frame, slice_):
        height = 50.0 - 10.0 * slice_ + 1.4 * (frame % 3 - 1)
        moment = clocks.text(36000 + 0.8 * frame + 0.1 * slice_)
        return {"ImagePositionPatient": [-30.0, -40.0, height], "AcquisitionTime": moment}

    write(tmp_path, frames=12, slices=3, Manufacturer="SIEMENS", tags=tags)
    np.testing.assert_array_equal(loaded(tmp_path).signal[..., 0, 0], values(12, 3))


def test_temporal_positions_hold_slices_of_uneven_alternating_beats_together(write, clocks, tmp_path):
    beats = np.concatenate([clocks.beats_s, clocks.beats_s[-1] + 0.8 + clocks.beats_s])

    def tags(frame, slice_):
        milliseconds = round(1000 * beats[2 * frame + slice_], 3)
        return {"TemporalPositionIdentifier": frame + 1, "TriggerTime": milliseconds}

    lost = [2 * 6, 2 * 11 + 1]
    order = [k for k in range(40) if k not in lost]
    write(tmp_path, frames=20, slices=2, order=order, Manufacturer="Philips", tags=tags)
    series = loaded(tmp_path)
    kept = np.delete(np.arange(20), [6, 11])
    np.testing.assert_array_equal(series.signal[..., 0, 0], values(20, 2)[kept])
    np.testing.assert_allclose(series.time_s, beats[2 * kept[:, None] + [0, 1]], atol=1e-6)
