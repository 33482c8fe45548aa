"""A resumed run reads the inputs of the earlier run; what differs from them is refused."""

from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pytest

from QPerfusionLogic.data.study import PerfusionStudy
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.results.provenance import input_hashes
from QPerfusionLogic.io.results.run_inputs import refuse_other_inputs, with_earlier_inputs, write_run_inputs
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.settings.schema import Settings
from QPerfusionLogic.workflow.quantification import quantify

QUICK = (
    "conversion.mode=concentration",
    "kinetics.delay=0",
    "kinetics.model=one_compartment",
    "kinetics.pixelwise=false",
)


@pytest.fixture
def request_of_rest(drawn_study):
    given = {"rest": "rest.seq.nrrd", "rest_aif": "rest_aif.csv", "rest_mask": "mask.nrrd"}
    return StudyRequest(**{name: drawn_study / file for name, file in given.items()})


@pytest.fixture
def settings():
    found = Settings()
    for assignment in QUICK:
        found = found.with_value(*assignment.split("="))
    return found


def test_a_resumed_run_needs_no_input_to_be_named_again(request_of_rest, settings, tmp_path):
    quantify(request_of_rest, tmp_path / "out", settings, stop_after="segmentation")
    result = quantify(StudyRequest(), tmp_path / "out", settings, resume_from="aif", stop_after="kinetics")
    assert result.states["rest"].arterial_input.mode == "curve"
    assert {"rest", "rest_aif", "rest_mask"} == set(json.loads((tmp_path / "out" / "inputs.json").read_text()))


def test_the_paths_are_relative_so_that_study_and_output_can_be_moved_together(request_of_rest, tmp_path):
    (tmp_path / "one" / "out").mkdir(parents=True)
    shutil.copy(request_of_rest.rest, tmp_path / "one" / "rest.seq.nrrd")
    output = tmp_path / "one" / "out"
    write_run_inputs({"rest": tmp_path / "one" / "rest.seq.nrrd"}, output, output)
    (tmp_path / "one").rename(tmp_path / "two")
    found = with_earlier_inputs(StudyRequest(), tmp_path / "two" / "out")
    assert found.rest.resolve() == (tmp_path / "two" / "rest.seq.nrrd").resolve()


def test_what_is_named_again_wins(request_of_rest, tmp_path):
    write_run_inputs(request_of_rest.given, tmp_path, tmp_path)
    found = with_earlier_inputs(StudyRequest(rest_aif=tmp_path / "other.csv"), tmp_path)
    assert found.rest_aif == tmp_path / "other.csv"
    assert found.rest.resolve() == request_of_rest.rest.resolve()


def test_an_input_that_is_gone_is_named(tmp_path):
    write_run_inputs({"rest_pre_bolus": tmp_path / "gone.seq.nrrd"}, tmp_path, tmp_path)
    with pytest.raises(InputError, match="name it again with --rest-pre-bolus"):
        with_earlier_inputs(StudyRequest(), tmp_path)


@pytest.fixture
def a_rest_study(request_of_rest):
    return LoadingLogic().run(request_of_rest)


def earlier(study):
    return {
        "inputs": {
            where: {name: {"sha256": value} for name, value in parts.items()}
            for where, parts in input_hashes(study).items()
        }
    }


def with_other(study, **parts):
    return PerfusionStudy(rest=dataclasses.replace(study.rest, **parts))


def test_the_same_inputs_are_taken(a_rest_study):
    refuse_other_inputs(a_rest_study, earlier(a_rest_study), "kinetics")


def test_another_series_is_refused(a_rest_study):
    tissue = dataclasses.replace(a_rest_study.rest.tissue, signal=np.flip(a_rest_study.rest.tissue.signal, axis=2))
    with pytest.raises(InputError, match="another series of rest than in the earlier run"):
        refuse_other_inputs(with_other(a_rest_study, tissue=tissue), earlier(a_rest_study), "registration")


def test_another_curve_is_used_from_aif_on_and_refused_after_it(a_rest_study):
    curve = dataclasses.replace(a_rest_study.rest.aif_curve, value=2.0 * a_rest_study.rest.aif_curve.value)
    changed = with_other(a_rest_study, aif_curve=curve)
    refuse_other_inputs(changed, earlier(a_rest_study), "aif")
    with pytest.raises(InputError, match=r"another AIF curve of rest .* resume from aif"):
        refuse_other_inputs(changed, earlier(a_rest_study), "conversion")


def test_a_mask_that_comes_too_late_is_refused(a_rest_study):
    before = earlier(with_other(a_rest_study, mask=None))
    refuse_other_inputs(a_rest_study, before, "segmentation")
    with pytest.raises(InputError, match=r"another mask of rest .* resume from segmentation"):
        refuse_other_inputs(a_rest_study, before, "aif")
