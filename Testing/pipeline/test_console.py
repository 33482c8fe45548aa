"""The functions of the Python console: a study as a whole, stage by stage, and read back from its folder."""

from __future__ import annotations

import json
import logging
import shutil

import numpy as np
import pytest

import QPerfusionLogic as qp
from QPerfusionLogic.cli.main import main

SETTINGS = qp.Settings().with_value("conversion.mode", "concentration")
SETTINGS = SETTINGS.with_value("kinetics.model", "one_compartment").with_value("registration.mode", "none")


def parts_of(folder, state):
    aif, mask = folder / f"{state}_aif.csv", folder / "mask.nrrd"
    return {state: folder / f"{state}.seq.nrrd", f"{state}_aif": aif, f"{state}_mask": mask}


@pytest.fixture(scope="module")
def study(drawn_study):
    return qp.load(**parts_of(drawn_study, "stress"), **parts_of(drawn_study, "rest"))


@pytest.fixture(scope="module")
def result(study):
    return qp.quantify(study, settings=SETTINGS)


@pytest.fixture(scope="module")
def folder(study, tmp_path_factory):
    output = tmp_path_factory.mktemp("console") / "out"
    qp.quantify(study, output, SETTINGS)
    return output


def mean_flow(mapped):
    return np.mean([flow.mbf for flow in mapped.segments if flow.layer == "all" and np.isfinite(flow.mbf)])


def test_a_loaded_study_is_quantified_without_a_folder(result):
    assert mean_flow(result.states["stress"].mapped) == pytest.approx(2.4, rel=0.05)
    assert mean_flow(result.states["rest"].mapped) == pytest.approx(0.9, rel=0.05)


def test_stages_run_one_by_one_find_what_the_pipeline_finds(study, result):
    acquisition, whole = study.stress, result.states["stress"]
    registered = qp.register(acquisition.tissue, SETTINGS)
    segmented = qp.segment(registered, acquisition.mask, SETTINGS)
    arterial = qp.estimate_aif(acquisition, registered, segmented, SETTINGS)
    concentration = qp.convert(registered, segmented, arterial, settings=SETTINGS)
    np.testing.assert_array_equal(segmented.segments, whole.segmented.segments)
    np.testing.assert_array_equal(arterial.gd_mmol_l, whole.arterial_input.gd_mmol_l)
    np.testing.assert_array_equal(concentration.gd_mmol_l, whole.concentration.gd_mmol_l)


def test_a_folder_is_read_back_as_it_was_written(folder, result):
    found = qp.read_result(folder)
    assert list(found.states) == list(result.states)
    for state, wanted in result.states.items():
        read = found.states[state]
        assert read.mapped.model == "one_compartment"
        assert read.mapped.window_s == wanted.mapped.window_s
        assert read.mapped.input_error == wanted.mapped.input_error
        assert [flow.segment for flow in read.mapped.segments] == [flow.segment for flow in wanted.mapped.segments]
        np.testing.assert_allclose(mean_flow(read.mapped), mean_flow(wanted.mapped), rtol=1e-12)
        for name, values in wanted.mapped.maps.items():
            np.testing.assert_allclose(read.mapped.maps[name], values, rtol=1e-6)
        for kind in ("curve_time_s", "segment_curves", "segment_fits"):
            for key, values in getattr(wanted.mapped, kind).items():
                np.testing.assert_allclose(getattr(read.mapped, kind)[key], values, rtol=1e-5, atol=1e-9)
        np.testing.assert_array_equal(read.segmented.segments, wanted.segmented.segments)
        np.testing.assert_allclose(read.acquisition.tissue.time_s, wanted.registered.series.time_s, atol=1e-4)
    np.testing.assert_allclose(found.mpr_map, result.mpr_map, rtol=1e-6)
    assert {notice.code for notice in found.notices} >= {notice.code for notice in result.notices}


def test_a_folder_whose_contours_were_edited_says_that_its_flow_is_older(folder):
    about = folder / "rest" / "landmarks.json"
    content = json.loads(about.read_text())
    about.write_text(json.dumps(content | {"edited": True}))
    codes = [(notice.code, notice.state) for notice in qp.read_result(folder).notices]
    about.write_text(json.dumps(content))
    assert ("edited-since-quantified", "rest") in codes
    assert ("edited-since-quantified", "stress") not in codes


def test_a_folder_of_version_0_1_has_maps_and_curves(folder, tmp_path):
    older = tmp_path / "older"
    shutil.copytree(folder, older)
    (older / "stress" / "kinetics.json").unlink()
    mapped = qp.read_result(older).states["stress"].mapped
    assert mapped.segments == ()
    assert np.isfinite(mapped.maps["mbf"]).any()


def test_a_run_without_a_folder_cannot_be_resumed(study):
    with pytest.raises(qp.InputError, match="output folder"):
        qp.quantify(study, settings=SETTINGS, resume_from="aif")


def test_verbose_reports_the_stages_and_names_neither_file_nor_patient(drawn_study, tmp_path, capsys):
    private = tmp_path / "Doe_Jane_19630412"
    private.mkdir()
    series = private / "Doe Jane rest.seq.nrrd"
    series.write_bytes((drawn_study / "rest.seq.nrrd").read_bytes())
    arguments = [
        "--rest",
        str(series),
        "--rest-aif",
        str(drawn_study / "rest_aif.csv"),
        "--output",
        str(tmp_path / "out"),
    ]
    arguments += [
        "--rest-mask",
        str(drawn_study / "mask.nrrd"),
        "--stop-after",
        "aif",
        "--set",
        "registration.mode=none",
    ]
    arguments += ["--set", "conversion.mode=concentration"]
    assert main(["quantify", *arguments, "--verbose"]) == 0
    log = capsys.readouterr().err
    assert "segmentation of rest" in log
    assert "Doe" not in log
    assert str(tmp_path) not in log


def test_without_verbose_the_terminal_stays_quiet(drawn_study, tmp_path, capsys):
    arguments = ["--rest", str(drawn_study / "rest.seq.nrrd"), "--rest-aif", str(drawn_study / "rest_aif.csv")]
    arguments += ["--stop-after", "registration", "--output", str(tmp_path / "out"), "--set", "registration.mode=none"]
    assert main(["quantify", *arguments, "--set", "conversion.mode=concentration"]) == 0
    assert "of rest" not in capsys.readouterr().err
    assert logging.getLogger("QPerfusionLogic").level == logging.NOTSET
