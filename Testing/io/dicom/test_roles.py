"""Each series is given its role by its words, its tags and its company."""

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from QPerfusionLogic.data.series import SeriesKind, State
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.study.inspection import inspect
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest


def roles(folder):
    return {summary.description: (summary.kind, summary.state) for summary in inspect(folder)}


@pytest.mark.parametrize(
    ("description", "kind", "state"),
    [
        ("perf_tfl_sr_sax_STRESS", SeriesKind.TISSUE, State.STRESS),
        ("SAX Adenosine 1st pass", SeriesKind.TISSUE, State.STRESS),
        ("dynamic_rest", SeriesKind.TISSUE, State.REST),
        ("Resting perfusion", SeriesKind.TISSUE, State.REST),
        ("stress_perf_AIF", SeriesKind.AIF, State.STRESS),
        ("rest prebolus", SeriesKind.PRE_BOLUS, State.REST),
        ("mini_bolus stress", SeriesKind.PRE_BOLUS, State.STRESS),
    ],
)
def test_words_of_the_description_tell_kind_and_state(description, kind, state, write, clocks, tmp_path):
    write(tmp_path, frames=12, SeriesDescription=description, **clocks.siemens())
    assert roles(tmp_path)[description] == (kind, state)


def test_a_t1_map_is_known_by_its_words(write, tmp_path):
    write(tmp_path, frames=1, slices=3, SeriesDescription="MOLLI T1 Map MOCO", Manufacturer="SIEMENS")
    assert roles(tmp_path)["MOLLI T1 Map MOCO"][0] is SeriesKind.T1_MAP


def test_a_stress_agent_among_the_tags_tells_stress(write, clocks, tmp_path):
    for path in write(tmp_path, frames=12, SeriesDescription="perf sax", **clocks.siemens()):
        dataset, drug = pydicom.dcmread(path), Dataset()
        drug.InterventionDrugName = "Regadenoson"
        dataset.InterventionDrugInformationSequence = Sequence([drug])
        dataset.save_as(path)
    (summary,) = inspect(tmp_path)
    assert summary.state is State.STRESS
    assert "regaden" in summary.reason


def test_a_cine_is_no_perfusion_series(write, clocks, tmp_path):
    def tags(frame, slice_):
        return {"TriggerTime": 35.0 * frame, "AcquisitionTime": clocks.text(36000.25)}

    write(tmp_path, frames=25, SeriesDescription="cine sax", Manufacturer="SIEMENS", tags=tags)
    (summary,) = inspect(tmp_path)
    assert summary.kind is SeriesKind.OTHER
    assert "35 ms apart" in summary.reason


def test_the_faster_heart_is_stress_where_no_word_tells(write, clocks, tmp_path):
    write(tmp_path, frames=12, SeriesDescription="perf 1", HeartRate=62, **clocks.siemens(start_s=36000.0))
    write(tmp_path, frames=12, SeriesDescription="perf 2", HeartRate=88, **clocks.siemens(start_s=37000.0))
    study = LoadingLogic().run(StudyRequest(study=tmp_path))
    assert study.stress.tissue.source.description == "perf 2"
    assert any(notice.code == "state-guessed" and "heart rates 88 and 62" in notice.message for notice in study.notices)


def test_the_first_of_two_equal_series_is_stress(write, clocks, tmp_path):
    write(tmp_path, frames=12, SeriesDescription="perf 1", **clocks.siemens(start_s=37000.0))
    write(tmp_path, frames=12, SeriesDescription="perf 2", **clocks.siemens(start_s=36000.0))
    assert LoadingLogic().run(StudyRequest(study=tmp_path)).stress.tissue.source.description == "perf 2"


def test_three_series_without_words_have_to_be_named(write, clocks, tmp_path):
    for number in range(3):
        write(tmp_path, frames=12, SeriesDescription=f"perf {number}", **clocks.siemens(start_s=36000.0 + 900 * number))
    with pytest.raises(InputError, match="--stress PATH and --rest PATH"):
        LoadingLogic().run(StudyRequest(study=tmp_path))


def test_a_smaller_dose_before_the_same_images_is_the_pre_bolus(write, clocks, tmp_path):
    small = clocks.siemens(start_s=36000.0, ContrastBolusVolume=1.0, SeriesDescription="perf rest")
    write(tmp_path, frames=12, **small)
    full = clocks.siemens(start_s=36300.0, ContrastBolusVolume=10.0, SeriesDescription="perf rest")
    write(tmp_path, frames=12, pixels=lambda frame, slice_: 50 + frame, **full)
    found = LoadingLogic().run(StudyRequest(study=tmp_path)).rest
    assert found.tissue.signal[0, 0, 0, 0] == 50
    assert found.pre_bolus.signal[0, 0, 0, 0] == 100


def test_a_low_resolution_series_of_the_same_beats_is_the_aif(write, clocks, tmp_path):
    write(tmp_path, frames=12, slices=3, SeriesDescription="perf rest", **clocks.siemens())
    write(tmp_path, frames=12, rows=8, columns=8, SeriesDescription="perf rest", **clocks.siemens(start_s=35999.9))
    aif = next(summary for summary in inspect(tmp_path) if summary.kind is SeriesKind.AIF)
    assert "8 x 8 pixels beside 16 x 20" in aif.reason


def test_a_whole_study_finds_every_part_by_itself(write, clocks, tmp_path):
    for state, start_s in (("stress", 36000.0), ("rest", 37000.0)):
        timing = clocks.siemens(start_s=start_s + 0.1)
        write(tmp_path / "a", frames=12, slices=3, SeriesDescription=f"perf {state}", **timing)
        low = clocks.siemens(start_s=start_s, InversionTime=23)
        write(tmp_path / "b", frames=12, rows=8, columns=10, SeriesDescription=f"perf {state} AIF", **low)
    write(tmp_path / "c", slices=3, frames=1, SeriesDescription="T1 map", pixels=lambda frame, slice_: 1200 + slice_)
    study = LoadingLogic().run(StudyRequest(study=tmp_path))
    for acquired in (study.stress, study.rest):
        assert acquired.tissue.slices == 3
        assert acquired.aif_series.time_s[0, 0] == pytest.approx(-0.1, abs=1e-4)
    assert study.t1_map.t1_s[:, 0, 0] == pytest.approx([1.2, 1.201, 1.202])


def test_a_named_path_wins_over_what_the_study_holds(write, clocks, tmp_path):
    write(tmp_path / "study", frames=12, SeriesDescription="perf rest", **clocks.siemens())
    write(tmp_path / "other", frames=14, SeriesDescription="perf", **clocks.siemens())
    study = LoadingLogic().run(StudyRequest(study=tmp_path / "study", rest=tmp_path / "other"))
    assert study.rest.tissue.frames == 14


def test_the_native_t1_map_is_chosen_before_the_one_after_contrast(write, clocks, tmp_path):
    write(tmp_path, frames=12, SeriesDescription="perf rest", **clocks.siemens(start_s=36000.0))
    for name, start_s, value in (("T1 map post", 38000.0, 500), ("T1 map", 35000.0, 1100)):
        timing = clocks.siemens(start_s=start_s)
        write(tmp_path, frames=1, SeriesDescription=name, pixels=lambda frame, slice_, value=value: value, **timing)
    study = LoadingLogic().run(StudyRequest(study=tmp_path))
    assert study.t1_map.t1_s[0, 0, 0] == pytest.approx(1.1)
    assert "t1-map-after-contrast" not in {notice.code for notice in study.notices}


def test_a_t1_map_after_the_bolus_is_told(write, clocks, tmp_path):
    write(tmp_path, frames=12, SeriesDescription="perf rest", **clocks.siemens(start_s=36000.0))
    timing = clocks.siemens(start_s=38000.0)
    write(tmp_path, frames=1, SeriesDescription="T1 map", pixels=lambda frame, slice_: 500, **timing)
    study = LoadingLogic().run(StudyRequest(study=tmp_path))
    assert "t1-map-after-contrast" in {notice.code for notice in study.notices}


def test_colour_pictures_are_no_series(write, clocks, tmp_path):
    write(tmp_path, frames=12, SeriesDescription="perf rest", **clocks.siemens())
    for path in write(tmp_path, frames=12, SeriesDescription="perf rest fusion", **clocks.siemens()):
        dataset = pydicom.dcmread(path)
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
        dataset.PixelData = bytes(16 * 20 * 3)
        dataset.save_as(path)
    assert list(roles(tmp_path)) == ["perf rest"]


def test_an_inversion_recovery_series_is_one_series_and_no_perfusion(write, clocks, tmp_path):
    timing = clocks.siemens()
    clock = timing.pop("tags")

    def tags(frame, slice_):
        return {**clock(frame, slice_), "InversionTime": 100 + 80 * frame}

    write(tmp_path, frames=11, SeriesDescription="MOLLI raw", tags=tags, **timing)
    (summary,) = inspect(tmp_path)
    assert (summary.kind, summary.frames) == (SeriesKind.OTHER, 11)
    assert "changes from image to image" in summary.reason


def test_the_description_wins_over_a_protocol_that_names_both_states(write, clocks, tmp_path):
    protocol = "Stress and rest perfusion"
    write(tmp_path, frames=12, SeriesDescription="perf rest", ProtocolName=protocol, **clocks.siemens())
    assert roles(tmp_path)["perf rest"] == (SeriesKind.TISSUE, State.REST)


def test_the_folder_tells_the_state_where_the_tags_do_not(write, clocks, tmp_path):
    for state, start_s in (("rest", 36000.0), ("stress", 37000.0)):
        write(tmp_path / state / "images", frames=12, SeriesDescription="perf", **clocks.siemens(start_s=start_s))
    found = {summary.state: summary.reason for summary in inspect(tmp_path)}
    assert set(found) == {State.STRESS, State.REST}
    assert "'stress' in its folder's name" in found[State.STRESS]
