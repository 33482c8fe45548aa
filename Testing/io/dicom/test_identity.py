"""No name, number or UID of a patient leaves the loader."""

import dataclasses

import pytest

from QPerfusionLogic.io.study.inspection import inspect
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest


@pytest.fixture
def a_folder(write, clocks, tmp_path):
    for state, start_s in (("stress", 36000.0), ("rest", 37000.0)):
        timing = clocks.siemens(start_s=start_s)
        write(tmp_path, frames=12, SeriesDescription=f"perf {state} Hidden", ImageComments="P-4711", **timing)
    return tmp_path


def test_a_study_holds_no_identifier(a_folder, write):
    study = LoadingLogic().run(StudyRequest(study=a_folder))
    for acquired in (study.stress, study.rest):
        series = dataclasses.replace(acquired.tissue, signal=None, time_s=None, geometry=None)
        text = repr(series) + repr(study.notices)
        for secret in ("Hidden", "Person", "P-4711", write.study_uid, "1.2.826.0.1.3680043"):
            assert secret not in text


def test_inspect_tells_no_identifier(a_folder, write):
    text = "\n".join(summary.as_text() + repr(summary) for summary in inspect(a_folder))
    for secret in ("Hidden", "Person", "P-4711", write.study_uid):
        assert secret not in text


def test_hashes_tell_series_apart_and_hold_a_patient_together(a_folder):
    study = LoadingLogic().run(StudyRequest(study=a_folder))
    stress, rest = study.stress.tissue.source, study.rest.tissue.source
    assert stress.patient_hash == rest.patient_hash != ""
    assert stress.series_hash != rest.series_hash


def test_hashes_are_the_same_in_every_run(a_folder):
    first, second = (LoadingLogic().run(StudyRequest(study=a_folder)).rest.tissue.source for _ in range(2))
    assert first == second


def test_the_hash_of_a_patient_differs_between_studies(write, clocks, tmp_path):
    from pydicom.uid import generate_uid

    hashes = set()
    for name in ("a", "b"):
        write.study_uid = generate_uid()
        write(tmp_path / name, frames=12, SeriesDescription="perf rest", **clocks.siemens())
        hashes.add(LoadingLogic().run(StudyRequest(study=tmp_path / name)).rest.tissue.source.patient_hash)
    assert len(hashes) == 2


def test_notices_that_name_a_series_leave_the_patient_out(write, clocks, tmp_path):
    for start_s in (36000.0, 37000.0):
        write(tmp_path, frames=12, SeriesDescription="perf Hidden", **clocks.siemens(start_s=start_s))
    study = LoadingLogic().run(StudyRequest(study=tmp_path))
    messages = " ".join(notice.message for notice in study.notices)
    assert "perf ***" in messages
    assert "Hidden" not in messages
