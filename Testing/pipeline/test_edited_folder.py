"""A run that goes on from an output folder reports what was changed in it, and refuses what cannot belong to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from QPerfusionLogic.errors import InputError, QPerfusionError
from QPerfusionLogic.io.results.run_inputs import with_earlier_inputs
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.pipeline.earlier_result import read_result
from QPerfusionLogic.settings.schema import Settings
from QPerfusionLogic.workflow.quantification import quantify

QUICK = (
    "conversion.mode=concentration",
    "registration.mode=none",
    "kinetics.delay=0",
    "kinetics.model=one_compartment",
    "kinetics.pixelwise=false",
)


@pytest.fixture(scope="module")
def settings():
    found = Settings()
    for assignment in QUICK:
        found = found.with_value(*assignment.split("="))
    return found


@pytest.fixture(scope="module")
def given(drawn_study):
    files = {"stress": "stress.seq.nrrd", "rest": "rest.seq.nrrd", "stress_mask": "mask.nrrd", "rest_mask": "mask.nrrd"}
    files |= {"stress_aif": "stress_aif.csv", "rest_aif": "rest_aif.csv"}
    return StudyRequest(**{name: drawn_study / file for name, file in files.items()})


@pytest.fixture(scope="module")
def whole(given, settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "out"
    quantify(given, folder, settings)
    return folder


@pytest.fixture
def folder(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "out")
    return tmp_path / "out"


def test_a_reader_that_leaves_a_pipe_early_causes_no_traceback():
    command = [sys.executable, "-m", "QPerfusionLogic.cli.main", "settings"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def edits(result):
    return [(notice.stage, notice.state) for notice in result.notices if notice.code == "files-edited"]


def double_the_arterial_input(folder):
    path = folder / "rest" / "aif.csv"
    head, *rows = path.read_text().splitlines()
    column = head.split(",").index("gd_mmol_l")
    cells = [row.split(",") for row in rows]
    for row in cells:
        row[column] = f"{2.0 * float(row[column]):.6g}"
    path.write_text("\n".join([head, *(",".join(row) for row in cells)]) + "\n")


def test_an_untouched_folder_is_resumed_without_a_word(given, folder, settings):
    result = quantify(given, folder, settings, resume_from="kinetics")
    assert edits(result) == []
    assert "edited" not in json.loads((folder / "provenance.json").read_text())


def test_an_edited_arterial_input_is_taken_and_reported_also_by_later_runs(given, folder, settings):
    double_the_arterial_input(folder)
    for stage in ("kinetics", "reporting"):
        result = quantify(given, folder, settings, resume_from=stage)
        assert edits(result) == [("aif", "rest")]
        assert json.loads((folder / "provenance.json").read_text())["edited"] == ["rest/aif.csv"]
        assert "aif.csv (edited)" in (folder / "report.html").read_text()


def test_an_edit_that_is_computed_again_is_not_reported(given, folder, settings):
    double_the_arterial_input(folder)
    assert edits(quantify(given, folder, settings, resume_from="aif")) == []


def test_a_folder_read_back_names_what_was_edited(folder):
    double_the_arterial_input(folder)
    assert edits(read_result(folder)) == [("aif", "rest")]


def test_an_edited_list_of_warnings_is_reported(given, folder, settings):
    (folder / "warnings.json").write_text("[]")
    assert edits(quantify(given, folder, settings, resume_from="kinetics")) == [("reporting", "")]


def test_the_files_of_rest_in_the_place_of_stress_are_refused(given, folder, settings):
    shutil.rmtree(folder / "stress")
    shutil.copytree(folder / "rest", folder / "stress")
    with pytest.raises(InputError, match="file of rest in the place of"):
        quantify(given, folder, settings, resume_from="kinetics")


def test_other_frame_times_are_refused(given, folder, settings, tmp_path):
    times = tmp_path / "times.csv"
    times.write_text("time_s\n" + "\n".join(f"{value:.2f}" for value in np.arange(50) * 0.9) + "\n")
    other = StudyRequest(**{**given.given, "times": times})
    with pytest.raises(InputError, match="other times of the series"):
        quantify(other, folder, settings, resume_from="kinetics")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"null", b"3", b'"text"', b"\xff\xfe\x00", b"[" * 9999, b"\x00"]
)
def test_damaged_tables_and_records_are_read_or_refused_in_one_line(whole, tmp_path, content):
    shutil.copytree(whole, tmp_path / "out")
    for path in [path for path in (tmp_path / "out").rglob("*") if path.suffix in (".json", ".csv")]:
        before = path.read_bytes()
        path.write_bytes(content)
        refusal = refusal_of(tmp_path / "out")
        assert "\n" not in refusal, path.name
        path.write_bytes(before)


def refusal_of(folder):
    try:
        read_result(folder)
        with_earlier_inputs(StudyRequest(), folder)
    except QPerfusionError as error:
        return str(error)
    return ""
