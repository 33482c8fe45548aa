"""Stress and rest of two examinations are never paired without a serious notice."""

import pytest
from pydicom.uid import generate_uid

from QPerfusionLogic.data.notices import Severity
from QPerfusionLogic.io.study.inspection import inspect
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest


@pytest.fixture
def write_state(write, clocks, tmp_path):
    """Write the series of one state: `write_state("stress", date="20240301")`."""

    def written(state, start_s=36000.0, folder="", **tags):
        dates = {"StudyDate": tags.pop("date", "20240301")}
        shared = clocks.siemens(start_s=start_s, SeriesDescription=f"perf {state}", **dates, **tags)
        return write(tmp_path / folder, frames=12, **shared)

    return written


def notices_of(study):
    return {notice.code: notice for notice in study.notices}


def test_stress_and_rest_of_two_days_are_a_serious_finding(write_state, tmp_path):
    write_state("stress")
    write_state("rest", date="20240318", StudyInstanceUID=generate_uid())
    notice = notices_of(LoadingLogic().run(StudyRequest(study=tmp_path)))["examinations-differ"]
    assert notice.severity is Severity.SERIOUS
    assert "17 days apart" in notice.message


def test_the_latest_whole_examination_of_a_folder_is_taken(write_state, tmp_path):
    for number, date in enumerate(("20240301", "20240318")):
        uid = generate_uid()
        write_state("stress", date=date, StudyInstanceUID=uid, InversionTime=100 + number)
        write_state("rest", start_s=37000.0, date=date, StudyInstanceUID=uid, InversionTime=100 + number)
    study = LoadingLogic().run(StudyRequest(study=tmp_path))
    found = notices_of(study)
    assert study.stress.tissue.protocol.saturation_time_s == study.rest.tissue.protocol.saturation_time_s == 0.101
    assert found["several-examinations"].severity is Severity.SERIOUS
    assert "examinations-differ" not in found
    assert len(inspect(tmp_path)) == 4


def test_study_uids_made_anew_for_each_series_are_only_a_warning_within_one_visit(write_state, tmp_path):
    write_state("stress", StudyInstanceUID=generate_uid())
    write_state("rest", start_s=37000.0, StudyInstanceUID=generate_uid())
    found = notices_of(LoadingLogic().run(StudyRequest(study=tmp_path)))
    assert found["study-uids-differ"].severity is Severity.WARNING


def test_an_examination_over_midnight_is_one(write_state, tmp_path):
    write_state("stress", start_s=86100.0, AcquisitionDate="20240301")
    write_state("rest", start_s=600.0, AcquisitionDate="20240302")
    found = notices_of(LoadingLogic().run(StudyRequest(study=tmp_path)))
    assert "examinations-differ" not in found


def test_another_frame_of_reference_is_a_warning(write_state, tmp_path):
    write_state("stress", FrameOfReferenceUID=generate_uid())
    write_state("rest", start_s=37000.0, FrameOfReferenceUID=generate_uid())
    found = notices_of(LoadingLogic().run(StudyRequest(study=tmp_path)))
    assert found["frames-of-reference-differ"].severity is Severity.WARNING


def test_series_given_by_path_are_compared_too(write_state, tmp_path):
    write_state("stress", folder="a")
    write_state("rest", folder="b", date="20250318", StudyInstanceUID=generate_uid())
    study = LoadingLogic().run(StudyRequest(stress=tmp_path / "a", rest=tmp_path / "b"))
    assert "examinations-differ" in notices_of(study)


def test_one_examination_gives_no_notice(write_state, tmp_path):
    write_state("stress")
    write_state("rest", start_s=37000.0)
    codes = set(notices_of(LoadingLogic().run(StudyRequest(study=tmp_path))))
    assert not codes & {
        "examinations-differ",
        "study-uids-differ",
        "frames-of-reference-differ",
        "several-examinations",
    }
