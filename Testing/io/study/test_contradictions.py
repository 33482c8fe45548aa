"""Inputs that contradict each other are refused or reported, never ignored."""

import dataclasses
import shutil

import numpy as np
import pytest

from QPerfusionLogic.aif.unused_inputs import refuse_unused
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.notices import Severity
from QPerfusionLogic.data.study import Curve, PerfusionStudy
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.nrrd_files import write_sequence
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.settings.schema import LoadingSettings, Settings


@pytest.fixture
def files(tmp_path):
    """Two different series as `.seq.nrrd`, and a curve."""
    random = np.random.default_rng(2)
    paths = {"curve": tmp_path / "curve.csv"}
    for name in ("stress", "rest", "small"):
        paths[name] = tmp_path / f"{name}.seq.nrrd"
        images = random.uniform(1, 2, (12, 1, 8, 9)).astype(np.float32)
        write_sequence(paths[name], images, np.arange(12) * 0.8, Geometry.axis_aligned(1))
    paths["curve"].write_text("time_s,value\n" + "".join(f"{0.8 * k:g},{k}\n" for k in range(12)))
    return paths


def load(settings=None, **paths):
    return LoadingLogic(settings).run(StudyRequest(**paths))


def serious(study):
    return {notice.code for notice in study.notices if notice.severity is Severity.SERIOUS}


def test_one_file_as_stress_and_rest_is_refused(files):
    with pytest.raises(InputError, match="the same images as stress series and as rest series"):
        load(stress=files["stress"], rest=files["stress"])


def test_a_copy_under_another_name_is_refused_too(files, tmp_path):
    shutil.copy(files["stress"], tmp_path / "copy.seq.nrrd")
    with pytest.raises(InputError, match="the same images as stress series and as rest series"):
        load(stress=files["stress"], rest=tmp_path / "copy.seq.nrrd")


def test_one_dicom_folder_as_stress_and_rest_is_refused(write, clocks, tmp_path):
    write(tmp_path, frames=12, SeriesDescription="perf", **clocks.siemens())
    with pytest.raises(InputError, match="the same images as stress series and as rest series"):
        load(stress=tmp_path, rest=tmp_path)


def test_a_series_exported_twice_is_a_serious_notice(write, clocks, tmp_path):
    for name in ("stress", "rest"):
        write(tmp_path / name, frames=12, SeriesDescription=f"perf {name}", **clocks.siemens())
    assert "same-images" in serious(load(stress=tmp_path / "stress", rest=tmp_path / "rest"))


def test_a_series_as_its_own_arterial_input_is_refused(files):
    with pytest.raises(InputError, match="the same images as stress series and as stress AIF series"):
        load(stress=files["stress"], stress_aif=files["stress"])


def test_one_curve_for_both_states_is_a_serious_notice(files):
    study = load(stress=files["stress"], rest=files["rest"], stress_aif=files["curve"], rest_aif=files["curve"])
    assert "same-aif-curve" in serious(study)


@pytest.mark.parametrize("part", ["aif", "mask", "pre_bolus"])
def test_a_part_of_a_state_that_is_not_there_is_refused(files, part):
    with pytest.raises(InputError, match=f"--rest-{part.replace('_', '-')} and no rest series"):
        load(stress=files["stress"], **{f"rest_{part}": files["curve" if part == "aif" else "small"]})


@pytest.fixture
def two_spellings(write, clocks, tmp_path):
    def make(first, second):
        for name, patient, start_s in (("stress", first, 36000.0), ("rest", second, 37000.0)):
            write.patient = patient
            timing = clocks.siemens(start_s=start_s, SeriesDescription=f"perf {name}")
            write(tmp_path, frames=12, pixels=lambda frame, _, level=start_s / 100: level + frame, **timing)
        return tmp_path

    return make


@pytest.mark.parametrize(("first", "second"), [("0047-11", "4711"), ("Ab 12", "AB12"), ("AB_12", "ab-12")])
def test_one_patient_in_two_spellings_is_accepted_with_a_notice(two_spellings, first, second):
    study = load(study=two_spellings(first, second))
    assert {state.value for state in study.states} == {"stress", "rest"}
    assert "patient-id-spelling" in {notice.code for notice in study.notices}


def test_two_patient_ids_need_the_word_of_the_user(two_spellings):
    folder = two_spellings("ANON-S", "ANON-R")
    with pytest.raises(InputError, match=r"loading\.accept_patient_ids=true"):
        load(study=folder)
    assert "patient-ids-differ" in serious(load(LoadingSettings(accept_patient_ids=True), study=folder))


@pytest.fixture
def a_study(files):
    """Stress with a curve, rest with an AIF series and a pre-bolus."""
    study = load(stress=files["stress"], rest=files["rest"], rest_pre_bolus=files["small"])
    curve = Curve(np.arange(12) * 0.8, np.arange(12.0))
    rest = dataclasses.replace(study.rest, aif_series=study.rest.pre_bolus)
    return PerfusionStudy(dataclasses.replace(study.stress, aif_curve=curve), rest)


@pytest.mark.parametrize(
    ("given", "setting", "says"),
    [
        ({"stress_aif"}, ("aif.mode", "concentration"), "curve of stress with aif.mode=concentration"),
        ({"stress_aif"}, ("aif.mode", "signal_inversion"), "curve of stress with aif.mode=signal_inversion"),
        ({"rest_aif"}, ("aif.mode", "dual_bolus"), "AIF series of rest with aif.mode=dual_bolus"),
        ({"rest_pre_bolus"}, ("aif.mode", "automatic"), "pre-bolus series of rest with aif.mode=dual_sequence"),
        ({"t1_map"}, ("conversion.mode", "concentration"), "T1 map with conversion.mode=concentration"),
    ],
)
def test_an_input_that_the_settings_ignore_is_refused(a_study, given, setting, says):
    with pytest.raises(InputError, match=says):
        refuse_unused(a_study, Settings().with_value(*setting), given)


@pytest.mark.parametrize("given", [{"stress_aif"}, {"rest_aif"}, {"rest_pre_bolus"}])
def test_a_comparison_uses_every_input(a_study, given):
    settings = Settings().with_value("aif.mode", "signal_inversion").with_value("aif.compare", True)
    refuse_unused(a_study, settings, given)


def test_series_that_were_only_found_are_not_refused(a_study):
    refuse_unused(a_study, Settings().with_value("aif.mode", "signal_inversion"), {"study"})
