"""A study written to a folder from the panel: report, NRRD and CSV, DICOM objects, NIfTI; and the sample data."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from host import slicer_host

from QPerfusionLogic.data.series import State
from QPerfusionLogic.data.study import PerfusionStudy
from QPerfusionLogic.mrml.scene_files import load_scene
from QPerfusionLogic.mrml.study.filling import fill_scene
from QPerfusionLogic.mrml.study.result_tables import toggle_frame
from QPerfusionLogic.workflow import sample_data


@pytest.fixture
def a_panel_with_a_result(a_panel, a_scene, a_quick_result):
    study = fill_scene(a_scene, a_quick_result)
    a_panel._parameters.studyName = study.name
    return a_panel


@pytest.fixture
def a_chosen_folder(monkeypatch, tmp_path):
    import qt

    folder = tmp_path / "export"
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    return folder


def wait(panel):
    slicer_host.process_events(60, until=lambda: panel.logic.currentRun is None)


@pytest.mark.slow
def test_report_tables_images_and_dicom_are_written_and_the_scene_stays(
    a_panel_with_a_result, a_scene, a_chosen_folder
):
    before = a_scene.GetNumberOfNodes()
    a_panel_with_a_result.ui.exportDicomButton.click()
    assert not a_panel_with_a_result.ui.exportFilesButton.enabled
    wait(a_panel_with_a_result)
    assert a_panel_with_a_result.ui.messageLabel.text == f"Written to {a_chosen_folder}."
    for name in ("report.html", "segments.csv", "provenance.json", "stress/maps/mbf.nrrd", "stress/aif.csv"):
        assert (a_chosen_folder / name).is_file()
    assert len(list((a_chosen_folder / "dicom").iterdir())) > 2
    table = a_panel_with_a_result.results.study().node("table:segments")
    rows = list(csv.DictReader((a_chosen_folder / "segments.csv").open()))
    assert float(rows[6]["stress_mbf"]) == pytest.approx(float(table.GetCellText(6, 3)), rel=1e-3)
    assert a_scene.GetNumberOfNodes() == before


def test_maps_and_labels_are_written_as_nifti(a_panel_with_a_result, a_quick_result, a_chosen_folder):
    import SimpleITK

    a_panel_with_a_result.ui.exportNiftiButton.click()
    assert "files written to" in a_panel_with_a_result.ui.messageLabel.text
    found = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(a_chosen_folder / "stress" / "mbf.nii.gz")))
    mbf = a_quick_result.states[State.STRESS].mapped.maps["mbf"]
    np.testing.assert_allclose(np.nan_to_num(found), np.nan_to_num(mbf), rtol=1e-5)
    assert (a_chosen_folder / "stress" / "labels.nii.gz").is_file()


def test_edits_that_were_not_computed_are_not_exported(a_panel_with_a_result, a_chosen_folder):
    toggle_frame(a_panel_with_a_result.results.study().node("table:frames", "stress"), 3)
    a_panel_with_a_result.ui.exportFilesButton.click()
    assert "Edits in the study" in a_panel_with_a_result.ui.noticesBrowser.plainText
    assert not a_chosen_folder.exists()


def test_no_folder_no_export(a_panel_with_a_result, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *_: "")
    a_panel_with_a_result.ui.exportFilesButton.click()
    a_panel_with_a_result.ui.exportNiftiButton.click()
    assert a_panel_with_a_result.logic.currentRun is None


def test_without_a_study_there_is_nothing_to_export(a_panel):
    assert not a_panel.ui.exportFilesButton.enabled
    assert not a_panel.ui.exportNiftiButton.enabled


def test_sample_data_is_registered_at_start_and_made_by_the_panel(a_panel, the_module, monkeypatch):
    import types
    from pathlib import Path

    import SampleData
    import slicer

    slicer.app.at_startup.clear()
    the_module.QPerfusion(types.SimpleNamespace(path=slicer.modules.qperfusion.path))
    (slot,) = slicer.app.at_startup
    slot()
    slot()
    (source,) = SampleData.SampleDataLogic.sampleDataSourcesByCategory("QPerfusion")
    assert source.sampleName == "DigitalStressRest"
    assert Path(source.thumbnailFileName).is_file()
    made = []
    monkeypatch.setattr(a_panel.runPart, "make_digital_patient", lambda: made.append(True))
    source.customDownloader(source)
    assert slicer.app.selected_modules[-1] == "QPerfusion"
    assert made == [True]


def test_the_sample_file_opens_as_series_that_the_panel_guesses(a_panel, a_scene, a_result, tmp_path):
    states = a_result.states
    study = PerfusionStudy(states["stress"].acquisition, states["rest"].acquisition)
    sample_data.write_sample(study, tmp_path / "sample.mrb")
    load_scene(a_scene, tmp_path / "sample.mrb")
    a_panel.ui.guessButton.click()
    assert a_panel.ui.stressSelector.currentNode().GetName() == "Stress series"
    assert a_panel.ui.restAifSelector.currentNode().GetName() == "Rest aif series"


def test_the_command_writes_the_sample_with_its_checksum(a_result, monkeypatch, tmp_path):
    import hashlib
    import json

    states = a_result.states
    study = PerfusionStudy(states["stress"].acquisition, states["rest"].acquisition)
    monkeypatch.setattr(sample_data, "small_study", lambda: study)
    assert sample_data.main([str(tmp_path)]) == 0
    about = json.loads((tmp_path / "QPerfusionDigitalStudy.json").read_text())
    digest = hashlib.sha256((tmp_path / "QPerfusionDigitalStudy.mrb").read_bytes()).hexdigest()
    assert about["checksum"] == f"SHA256:{digest}"


def test_a_digital_patient_is_chosen_as_soon_as_it_is_made(a_panel, a_result, monkeypatch):
    from QPerfusionLogic.pipeline.job import Job
    from QPerfusionLogic.workflow.job_process import run_job

    states = a_result.states
    study = PerfusionStudy(states["stress"].acquisition, states["rest"].acquisition)
    monkeypatch.setattr(sample_data, "small_study", lambda progress: study)
    made = run_job(Job(PerfusionStudy(), digital_patient=True))
    monkeypatch.setattr(a_panel.logic, "_runInBackground", lambda job, on_progress, on_end, show: on_end(show(made)))
    a_panel.ui.sampleButton.click()
    assert a_panel.ui.messageLabel.text == "A digital patient is in the scene; press Apply."
    assert a_panel.ui.applyButton.enabled
    assert a_panel.ui.stressAifSelector.currentNode() is not None


def test_making_a_digital_patient_can_be_cancelled(a_panel, a_scene):
    before = a_scene.GetNumberOfNodes()
    a_panel.ui.sampleButton.click()
    assert a_panel.ui.applyButton.text == "Cancel"
    slicer_host.process_events(0.3)
    a_panel.ui.applyButton.click()
    wait(a_panel)
    assert a_panel.ui.messageLabel.text == "Cancelled; nothing was changed."
    assert a_scene.GetNumberOfNodes() == before
