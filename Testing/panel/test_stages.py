"""One stage at a time: run it, look at it, edit it, and go on from there with only what depends on the edit."""

from __future__ import annotations

import numpy as np
import pytest
from host import slicer_host
from host.hand_made import QUICK_CHANGES, quick_study

from QPerfusionLogic.data.series import State
from QPerfusionLogic.mrml.nodes.volumes import image_of
from QPerfusionLogic.mrml.scene_files import load_scene, save_scene
from QPerfusionLogic.mrml.study.filling import fill_scene
from QPerfusionLogic.mrml.study.frames import set_frame_time
from QPerfusionLogic.mrml.study.result_tables import toggle_frame
from QPerfusionLogic.mrml.study.resuming import edits_in, job_to_resume, result_in_scene, stages_done
from QPerfusionLogic.mrml.study.study_inputs import add_study_inputs
from QPerfusionLogic.panel.choices import with_changes
from QPerfusionLogic.pipeline.job import FROM_EDITS, Edits, Job
from QPerfusionLogic.pipeline.pipeline import Pipeline
from QPerfusionLogic.settings.names import STAGE_NAMES
from QPerfusionLogic.settings.schema import STAGES
from QPerfusionLogic.workflow.job_process import run_job

# Segments only: what is run again is given by the result, not by how long it takes.
SETTINGS = with_changes({**QUICK_CHANGES, "kinetics.pixelwise": "false"})


@pytest.fixture(scope="module")
def a_result_of_two_states():
    return run_job(Job(quick_study(), SETTINGS.as_dictionary()))


@pytest.fixture
def a_study(a_scene, a_result_of_two_states):
    return fill_scene(a_scene, a_result_of_two_states)


@pytest.fixture
def a_panel_with_a_study(a_panel, a_study):
    a_panel.logic.setSettings(a_panel._parameters, SETTINGS)
    a_panel._parameters.studyName = a_study.name
    return a_panel


def stage_states(panel):
    table = panel.ui.stageTable
    stages = {name: stage for stage, name in STAGE_NAMES.items()}
    return {stages[table.item(row, 0).text()]: table.item(row, 1).text() for row in range(table.rowCount)}


def choose(panel, stage):
    panel.ui.stageTable.setCurrentCell(STAGES.index(stage), 0)


def wait(panel):
    slicer_host.process_events(60, until=lambda: panel.logic.currentRun is None)
    return panel.results.study()


def assert_same(one, two):
    """Every array and number of two dataclasses is the same, to the digits of a table."""
    import dataclasses

    for item in dataclasses.fields(one):
        first, second = getattr(one, item.name), getattr(two, item.name)
        if dataclasses.is_dataclass(first):
            assert_same(first, second)
        elif isinstance(first, np.ndarray):
            np.testing.assert_allclose(
                np.asarray(second, float), np.asarray(first, float), rtol=1e-4, atol=1e-5, err_msg=item.name
            )
        elif isinstance(first, dict) and first and isinstance(next(iter(first.values())), np.ndarray):
            assert set(first) == set(second), item.name
            for key, values in first.items():
                np.testing.assert_allclose(second[key], values, rtol=1e-4, atol=1e-5, err_msg=f"{item.name} {key}")
        elif item.name not in ("acquisition", "series", "notices", "constants"):
            assert repr(first) == repr(second), item.name


@pytest.mark.parametrize("output", ["registered", "segmented", "arterial_input", "concentration", "mapped"])
def test_a_result_comes_back_from_a_saved_scene_as_it_was(a_study, a_scene, a_result_of_two_states, tmp_path, output):
    save_scene(a_scene, tmp_path / "study.mrb")
    a_scene.Clear(False)
    load_scene(a_scene, tmp_path / "study.mrb")
    from QPerfusionLogic.mrml.study.finding import study_named

    _, found = result_in_scene(study_named(a_scene, "Perfusion study"))
    for state, result in a_result_of_two_states.states.items():
        assert_same(getattr(result, output), getattr(found.states[state], output))


def test_nothing_counts_as_edited_in_a_scene_that_was_only_saved(a_study, a_scene, tmp_path):
    from QPerfusionLogic.mrml.study.finding import study_named

    save_scene(a_scene, tmp_path / "study.mrb")
    a_scene.Clear(False)
    load_scene(a_scene, tmp_path / "study.mrb")
    assert edits_in(study_named(a_scene, "Perfusion study")) == {}


def test_an_edit_in_one_state_leaves_the_other_alone(a_study, a_scene, a_result_of_two_states, monkeypatch):
    toggle_frame(a_study.node("table:frames", "stress"), 20)
    job = job_to_resume(a_scene, a_study.name, SETTINGS.as_dictionary())
    assert list(job.edits) == [State.STRESS]
    asked = []
    run = Pipeline.run

    def remembering(self, study, *rest, **more):
        asked.append(study.states)
        return run(self, study, *rest, **more)

    monkeypatch.setattr(Pipeline, "run", remembering)
    result = run_job(job)
    assert asked[0] == (State.STRESS,)
    before = a_result_of_two_states.states
    assert repr(result.states[State.REST].mapped.segments) == repr(before[State.REST].mapped.segments)
    assert not result.states[State.STRESS].registered.kept[20, 0]
    assert result.mpr_map is not None


def test_an_edited_frame_time_reaches_the_flow(a_study, a_scene, a_result_of_two_states):
    table = a_study.node("table:frames", "stress")
    for frame in range(39, 14, -1):
        set_frame_time(table, frame, 0.8 * frame + 2.0)
    job = job_to_resume(a_scene, a_study.name, SETTINGS.as_dictionary())
    assert job.study.stress.tissue.time_s[20, 0] == pytest.approx(18.0)
    flow = run_job(job).states[State.STRESS].mapped.segments[0].mbf
    assert flow != pytest.approx(a_result_of_two_states.states[State.STRESS].mapped.segments[0].mbf, rel=0.01)


def test_an_edited_aif_is_fitted_as_it_is(a_study, a_scene, a_result_of_two_states):
    import vtk

    table = a_study.node("table:aif", "rest")
    for row in range(table.GetNumberOfRows()):
        value = table.GetTable().GetValueByName(row, "gd_mmol_l").ToDouble()
        table.GetTable().SetValueByName(row, "gd_mmol_l", vtk.vtkVariant(2.0 * value))
    job = job_to_resume(a_scene, a_study.name, SETTINGS.as_dictionary())
    assert {state: edits.first_stage for state, edits in job.edits.items()} == {State.REST: "kinetics"}
    found, before = (result.states[State.REST].mapped.segments for result in (run_job(job), a_result_of_two_states))
    assert found[0].mbf == pytest.approx(before[0].mbf / 2, rel=0.1)


def test_an_edited_aif_region_is_read(a_study, a_scene):
    from QPerfusionLogic.mrml.nodes.segmentations import AIF_REGION, oriented_image
    from QPerfusionLogic.mrml.nodes.volumes import geometry_of_volume

    region = np.zeros((1, 48, 48), np.uint8)
    region[0, 22:26, 26:30] = 1
    node = a_study.node("segmentation", "stress")
    image = oriented_image(region, geometry_of_volume(a_study.node("segments", "stress")))
    node.GetSegmentation().GetSegment(AIF_REGION).AddRepresentation("Binary labelmap", image)
    job = job_to_resume(a_scene, a_study.name, SETTINGS.as_dictionary())
    np.testing.assert_array_equal(job.edits[State.STRESS].aif_region, region.astype(bool))
    assert run_job(job).states[State.STRESS].segmented.aif_region.sum() == 16


def test_a_later_stage_than_the_edit_is_not_enough(a_result_of_two_states):
    kept = np.ones((40, 1), bool)
    kept[5] = False
    job = Job(quick_study(), SETTINGS.as_dictionary(), resume_from="kinetics", earlier=a_result_of_two_states)
    job = Job(job.study, job.settings, "", "kinetics", "", job.earlier, {State.STRESS: Edits(kept=kept)})
    from QPerfusionLogic.workflow.job_process import _not_after_edits

    assert _not_after_edits(job) == "aif"


def test_without_an_edit_there_is_nothing_to_compute(a_panel_with_a_study):
    a_panel_with_a_study.ui.resumeButton.click()
    assert "Nothing edited" in a_panel_with_a_study.ui.noticesBrowser.plainText
    assert a_panel_with_a_study.logic.currentRun is None


def test_stages_are_run_one_by_one_from_the_inputs(a_panel, a_scene):
    inputs = add_study_inputs(a_scene, quick_study(("stress",)))
    a_panel.logic.setSettings(a_panel._parameters, SETTINGS)
    a_panel.ui.guessButton.click()
    a_panel._parameters.stressMask = inputs["stress", "mask"]
    a_panel._parameters.keepEarlier = False
    choose(a_panel, "segmentation")
    a_panel.ui.runStageButton.click()
    first = wait(a_panel)
    assert stages_done(first) == ("registration", "segmentation")
    assert stage_states(a_panel)["aif"] == "to do"
    choose(a_panel, "kinetics")
    a_panel.ui.runStageButton.click()
    second = wait(a_panel)
    assert stage_states(a_panel)["kinetics"] == "done"
    assert image_of(second.node("segments", "stress")).any()
    assert [node.GetName() for node in first.nodes.values() if a_scene.IsNodePresent(node)] == []


def test_the_segment_editor_opens_with_the_heart_and_its_images(a_panel_with_a_study, a_scene):
    import slicer

    choose(a_panel_with_a_study, "segmentation")
    a_panel_with_a_study.ui.reviewButton.click()
    editor = a_scene.GetSingletonNode("SegmentEditor", "vtkMRMLSegmentEditorNode")
    study = a_panel_with_a_study.results.study()
    assert editor.GetSegmentationNode() is study.node("segmentation", "stress")
    assert editor.GetSourceVolumeNode() is study.node("volume:registered", "stress")
    assert slicer.app.selected_modules[-1] == "SegmentEditor"


def test_every_stage_can_be_reviewed(a_panel_with_a_study):
    import slicer

    slicer.app.errors.clear()
    for stage in STAGES:
        choose(a_panel_with_a_study, stage)
        a_panel_with_a_study.ui.reviewButton.click()
    assert slicer.app.errors == []
    assert a_panel_with_a_study.ui.tableView.mrmlTableNode().GetName().startswith("Segments")


def test_segments_turn_while_an_insertion_point_is_moved(a_panel_with_a_study):
    study = a_panel_with_a_study.results.study()
    before = image_of(study.node("segments", "stress"))
    points = study.node("insertion_points", "stress")
    ras = list(points.GetNthControlPointPosition(0))
    points.SetNthControlPointPosition(0, ras[0], ras[1] + 30.0, ras[2])
    after = image_of(study.node("segments", "stress"))
    assert ((before > 0) == (after > 0)).all()
    assert (before != after).any()


def test_resuming_says_which_study_is_missing(a_scene):
    from QPerfusionLogic.errors import InputError

    with pytest.raises(InputError, match="no study 'gone'"):
        job_to_resume(a_scene, "gone", SETTINGS.as_dictionary(), resume_from=FROM_EDITS)


def test_a_super_resolved_series_is_not_super_resolved_again(a_study, a_scene):
    from QPerfusionLogic.mrml.nodes.marks import write_note

    write_note(a_study.node("tissue", "stress"), "Superresolved", True)
    settings = SETTINGS.with_value("superresolution.mode", "residual_bridge").as_dictionary()
    job = job_to_resume(a_scene, a_study.name, settings, resume_from="aif")
    assert job.settings["superresolution"]["mode"] == "none"
