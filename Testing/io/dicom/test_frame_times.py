"""Frame times come from the one clock of each maker that runs with the frames."""

import numpy as np
import pytest

from QPerfusionLogic.data.notices import Severity
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.settings.schema import LoadingSettings


def loaded(folder, **settings):
    return LoadingLogic(LoadingSettings(**settings)).run(StudyRequest(rest=folder)).rest.tissue


def codes(series):
    return {notice.code for notice in series.notices}


@pytest.mark.parametrize(
    ("maker", "source"),
    [
        ("siemens", "AcquisitionTime (0008,0032)"),
        ("ge", "TriggerTime (0018,1060)"),
        ("philips", "TriggerTime (0018,1060)"),
    ],
)
def test_irregular_beats_are_read_from_the_clock_of_each_maker(maker, source, write, clocks, tmp_path):
    write(tmp_path, frames=20, slices=3, **getattr(clocks, maker)())
    series = loaded(tmp_path)
    slice_delays_s = np.array([0.0, 0.15, 0.3])
    np.testing.assert_allclose(series.time_s, clocks.beats_s[:20, None] + slice_delays_s, atol=2e-3)
    assert series.source.time_source == source


def test_a_series_that_starts_before_midnight_runs_on(write, clocks, tmp_path):
    write(tmp_path, frames=20, **clocks.siemens(start_s=86400.0 - 7.0))
    np.testing.assert_allclose(loaded(tmp_path).time_s[:, 0], clocks.beats_s[:20], atol=1e-4)


def test_the_date_tells_midnight_where_it_is_written(write, clocks, tmp_path):
    def tags(frame, slice_):
        seconds = 86400.0 - 7.0 + clocks.beats_s[frame]
        return {
            "AcquisitionTime": clocks.text(seconds),
            "AcquisitionDate": "20240229" if seconds < 86400 else "20240301",
        }

    write(tmp_path, frames=20, Manufacturer="SIEMENS", tags=tags)
    np.testing.assert_allclose(loaded(tmp_path).time_s[:, 0], clocks.beats_s[:20], atol=1e-4)


def test_a_philips_trigger_delay_inside_the_beat_is_added_to_nominal_beats_with_a_serious_notice(write, tmp_path):
    def tags(frame, slice_):
        return {"TemporalPositionIdentifier": frame + 1, "TriggerTime": 100 + 200 * slice_, "HeartRate": 75}

    write(tmp_path, frames=12, slices=2, Manufacturer="Philips", tags=tags)
    series = loaded(tmp_path)
    np.testing.assert_allclose(series.time_s, np.arange(12)[:, None] * 0.8 + [0.0, 0.2], atol=1e-6)
    assert "nominal-times" in codes(series)


def test_the_private_begin_of_a_philips_dynamic_is_used_where_the_trigger_does_not_run(write, clocks, tmp_path):
    import pydicom

    paths = write(tmp_path, frames=12, Manufacturer="Philips")
    for frame, path in enumerate(paths):
        dataset = pydicom.dcmread(path)
        dataset.add_new(0x20050010, "LO", "Philips Imaging DD 001")
        dataset.add_new(0x200510A0, "FL", float(clocks.beats_s[frame]))
        dataset.save_as(path)
    series = loaded(tmp_path)
    np.testing.assert_allclose(series.time_s[:, 0], clocks.beats_s[:12], atol=1e-5)
    assert "2005,xxA0" in series.source.time_source


def test_times_in_whole_seconds_are_taken_last_and_called_rounded(write, clocks, tmp_path):
    def tags(frame, slice_):
        return {"AcquisitionTime": clocks.text(36000 + np.floor(1.3 * frame)).split(".")[0]}

    write(tmp_path, frames=12, Manufacturer="GE MEDICAL SYSTEMS", tags=tags)
    assert "whole-second-times" in codes(loaded(tmp_path))


def test_two_clocks_that_disagree_are_told(write, clocks, tmp_path):
    def tags(frame, slice_):
        return {"AcquisitionTime": clocks.text(36000.5 + 0.8 * frame), "TriggerTime": 1000 * frame}

    write(tmp_path, frames=12, Manufacturer="SIEMENS", tags=tags)
    series = loaded(tmp_path)
    assert "clocks-disagree" in codes(series)
    np.testing.assert_allclose(np.diff(series.time_s[:, 0]), 0.8, atol=1e-4)


def test_without_a_clock_the_error_says_what_to_give(write, tmp_path):
    write(tmp_path, frames=12, Manufacturer="SIEMENS", SeriesDescription="perfusion rest")
    with pytest.raises(InputError, match="--times CSV") as caught:
        loaded(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_given_interval_stands_in_for_a_missing_clock(write, tmp_path):
    write(tmp_path, frames=12, Manufacturer="SIEMENS", SeriesDescription="perfusion rest")
    series = loaded(tmp_path, frame_interval_s=0.75)
    np.testing.assert_allclose(series.time_s[:, 0], 0.75 * np.arange(12))
    np.testing.assert_array_equal(series.signal[:, 0, 0, 0], 100 + 10 * np.arange(12))
    assert series.source.time_source == "loading.frame_interval_s"


def test_times_given_as_csv_win_over_the_clock(write, clocks, tmp_path):
    write(tmp_path / "dicom", frames=12, **clocks.siemens())
    (tmp_path / "times.csv").write_text("time_s\n" + "\n".join(f"{1.5 + 0.9 * k:g}" for k in range(12)))
    request = StudyRequest(rest=tmp_path / "dicom", times=tmp_path / "times.csv")
    series = LoadingLogic().run(request).rest.tissue
    np.testing.assert_allclose(series.time_s[:, 0], 0.9 * np.arange(12))
    assert "times.csv" in series.source.time_source


def test_each_state_takes_its_own_column_of_given_times(write, clocks, tmp_path):
    write(tmp_path / "stress", frames=12, SeriesDescription="perf stress", **clocks.siemens())
    write(tmp_path / "rest", frames=10, SeriesDescription="perf rest", **clocks.siemens())
    rows = [f"{0.5 * k},{0.9 * k if k < 10 else ''}" for k in range(12)]
    (tmp_path / "times.csv").write_text("stress_time_s,rest_time_s\n" + "\n".join(rows))
    request = StudyRequest(stress=tmp_path / "stress", rest=tmp_path / "rest", times=tmp_path / "times.csv")
    study = LoadingLogic().run(request)
    np.testing.assert_allclose(study.stress.tissue.time_s[:, 0], 0.5 * np.arange(12))
    np.testing.assert_allclose(study.rest.tissue.time_s[:, 0], 0.9 * np.arange(10))


def test_an_aif_of_the_same_beats_without_a_shared_clock_is_noted(write, clocks, tmp_path):
    write(tmp_path, frames=12, slices=2, SeriesDescription="perf rest", **clocks.ge())
    write(tmp_path, frames=12, rows=8, columns=8, SeriesDescription="perf rest AIF", **clocks.ge())
    aif = LoadingLogic().run(StudyRequest(study=tmp_path)).rest.aif_series
    (found,) = [notice for notice in aif.notices if notice.code == "aif-clock"]
    assert found.severity is Severity.NOTE


def test_an_aif_of_other_beats_without_a_shared_clock_is_a_warning(write, clocks, tmp_path):
    write(tmp_path, frames=12, slices=2, SeriesDescription="perf rest", **clocks.ge())
    other = clocks.ge(times_s=clocks.beats_s[1:])
    write(tmp_path, frames=11, rows=8, columns=8, SeriesDescription="perf rest AIF", **other)
    aif = LoadingLogic().run(StudyRequest(study=tmp_path)).rest.aif_series
    (found,) = [notice for notice in aif.notices if notice.code == "aif-clock"]
    assert found.severity is Severity.WARNING


def stored_images(clocks, lost, start_s):
    """Return what a series of 12 beats has whose images were stored from a moment on, some of them lost."""
    times_s = np.delete(clocks.beats_s[:12], lost)
    tags = {"tags": lambda frame, slice_: {"ContentTime": clocks.text(start_s + times_s[frame])}}
    return {"frames": len(times_s), "Manufacturer": "SIEMENS", **tags}


def test_beats_of_an_aif_with_lost_frames_are_matched_by_when_images_were_stored(write, clocks, tmp_path):
    write(tmp_path, SeriesDescription="perf rest", **stored_images(clocks, [5], 36000.0))
    write(tmp_path, SeriesDescription="perf rest AIF", rows=8, columns=8, **stored_images(clocks, [0, 7], 35999.8))
    aif = LoadingLogic().run(StudyRequest(study=tmp_path)).rest.aif_series
    np.testing.assert_allclose(aif.time_s[:, 0], np.delete(clocks.beats_s[:12], [0, 7]), atol=1e-4)
    (found,) = [notice for notice in aif.notices if notice.code == "aif-clock"]
    assert found.severity is Severity.NOTE


def test_an_aif_that_was_stored_later_is_taken_to_start_in_the_same_beat(write, clocks, tmp_path):
    write(tmp_path, SeriesDescription="perf rest", **stored_images(clocks, [5], 36000.0))
    write(tmp_path, SeriesDescription="perf rest AIF", rows=8, columns=8, **stored_images(clocks, [7], 36003.3))
    aif = LoadingLogic().run(StudyRequest(study=tmp_path)).rest.aif_series
    assert aif.time_s[0, 0] == 0
    (found,) = [notice for notice in aif.notices if notice.code == "aif-clock"]
    assert found.severity is Severity.WARNING


def test_an_interval_that_contradicts_the_clock_is_left_aside_and_told(write, clocks, tmp_path):
    write(tmp_path, frames=12, **clocks.siemens())
    series = loaded(tmp_path, frame_interval_s=0.5)
    np.testing.assert_allclose(series.time_s[:, 0], clocks.beats_s[:12], atol=1e-4)
    assert "interval-unused" in codes(series)


def test_the_delay_of_the_aif_comes_from_any_clock_that_both_series_share(write, clocks, tmp_path):
    def tags_from(start_s):
        def tags(frame, slice_):
            own = {"TriggerTime": 1000 * clocks.beats_s[frame]}
            return {**own, "AcquisitionTime": clocks.text(start_s + clocks.beats_s[frame])}

        return tags

    shared = {"frames": 12, "Manufacturer": "Philips"}
    write(tmp_path, SeriesDescription="perf rest", tags=tags_from(36000.08), **shared)
    write(tmp_path, SeriesDescription="perf rest AIF", rows=8, columns=8, tags=tags_from(36000.0), **shared)
    found = LoadingLogic().run(StudyRequest(study=tmp_path)).rest
    assert found.tissue.source.time_source == "TriggerTime (0018,1060)"
    np.testing.assert_allclose(found.aif_series.time_s[:, 0], clocks.beats_s[:12] - 0.08, atol=1e-4)
    assert "aif-clock" not in codes(found.aif_series)


@pytest.mark.parametrize("beat_s", [0.8, 1.0])
def test_of_two_clocks_that_disagree_the_one_that_fits_the_heart_beats_is_taken(write, clocks, tmp_path, beat_s):
    def tags(frame, slice_):
        return {"AcquisitionTime": clocks.text(36000.5 + 0.8 * frame), "TriggerTime": 1000 * frame}

    write(tmp_path, frames=12, Manufacturer="SIEMENS", NominalInterval=1000 * beat_s, tags=tags)
    series = loaded(tmp_path)
    np.testing.assert_allclose(np.diff(series.time_s[:, 0]), beat_s, atol=1e-4)
    (notice,) = (notice for notice in series.notices if notice.code == "clocks-disagree")
    assert notice.severity is Severity.SERIOUS


def test_two_clocks_that_agree_outvote_the_preferred_one(write, clocks, tmp_path):
    def tags(frame, slice_):
        return {
            "AcquisitionTime": clocks.text(36000.5 + 1.1 * frame),
            "TriggerTime": 800 * frame,
            "TemporalPositionTimeOffset": 0.8 * frame,
        }

    write(tmp_path, frames=12, Manufacturer="SIEMENS", tags=tags)
    np.testing.assert_allclose(np.diff(loaded(tmp_path).time_s[:, 0]), 0.8, atol=1e-4)


@pytest.mark.parametrize("slice_by_slice", [True, False])
def test_temporal_positions_that_count_the_images_count_no_frames(write, clocks, tmp_path, slice_by_slice):
    def count(frame, slice_):
        return 1 + (slice_ * 12 + frame if slice_by_slice else frame * 3 + slice_)

    timing = clocks.siemens()
    clock = timing.pop("tags")
    write(
        tmp_path,
        frames=12,
        slices=3,
        tags=lambda frame, slice_: {**clock(frame, slice_), "TemporalPositionIdentifier": count(frame, slice_)},
        **timing,
    )
    series = loaded(tmp_path)
    assert series.signal.shape[:2] == (12, 3)
    np.testing.assert_allclose(series.time_s[:, 0], clocks.beats_s[:12], atol=1e-4)


@pytest.mark.parametrize("slice_by_slice", [True, False])
def test_nominal_times_count_frames_where_temporal_positions_count_images(write, tmp_path, slice_by_slice):
    def tags(frame, slice_):
        return {"TemporalPositionIdentifier": 1 + (slice_ * 12 + frame if slice_by_slice else frame * 3 + slice_)}

    write(tmp_path, frames=12, slices=3, NominalInterval=800, SeriesDescription="perf rest", tags=tags)
    np.testing.assert_allclose(np.diff(loaded(tmp_path).time_s[:, 0]), 0.8, atol=1e-4)
