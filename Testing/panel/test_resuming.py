"""Editing a result in the scene and computing again from there; only what depends on the edit changes."""

from __future__ import annotations

import numpy as np
import pytest
from host import slicer_host
from host.hand_made import QUICK_CHANGES

from QPerfusionLogic.data.series import SeriesKind, State
from QPerfusionLogic.mrml.nodes.landmarks import insertion_points_of
from QPerfusionLogic.mrml.nodes.sequences import series_of_sequence
from QPerfusionLogic.mrml.nodes.tables import column_values
from QPerfusionLogic.mrml.nodes.volumes import image_of
from QPerfusionLogic.mrml.scene_files import load_scene, save_scene
from QPerfusionLogic.mrml.study.filling import fill_scene
from QPerfusionLogic.mrml.study.result_tables import toggle_frame
from QPerfusionLogic.panel.choices import with_changes
from QPerfusionLogic.settings.schema import STAGES

SETTINGS = with_changes(QUICK_CHANGES)


@pytest.fixture
def a_panel_with_a_quick_result(a_panel, a_scene, a_quick_result):
    study = fill_scene(a_scene, a_quick_result)
    a_panel.logic.setSettings(a_panel._parameters, SETTINGS)
    a_panel._parameters.studyName = study.name
    return a_panel


def compute_again(panel, stage=""):
    """Compute what was edited, or again from a stage, and return the new study."""
    if stage:
        panel.ui.stageTable.setCurrentCell(STAGES.index(stage), 0)
        panel.ui.fromStageButton.click()
    else:
        panel.ui.resumeButton.click()
    slicer_host.process_events(60, until=lambda: panel.logic.currentRun is None)
    return panel.results.study()


def test_without_an_edit_the_flow_is_the_same(a_panel_with_a_quick_result):
    first = a_panel_with_a_quick_result.results.study()
    second = compute_again(a_panel_with_a_quick_result, "aif")
    assert second.name != first.name
    np.testing.assert_allclose(
        image_of(second.node("map:mbf", "stress")), image_of(first.node("map:mbf", "stress")), rtol=1e-4
    )


def test_contours_edited_in_the_scene_are_used(a_panel_with_a_quick_result, a_quick_result):
    import slicer

    from QPerfusionLogic.mrml.nodes.segmentations import oriented_image

    study = a_panel_with_a_quick_result.results.study()
    node = study.node("segmentation", "stress")
    labels = a_quick_result.states[State.STRESS].segmented.labels.copy()
    wall = np.where(labels == 1, 1, 0).astype(np.uint8)
    wall[:, :, 34:] = 0
    geometry = a_quick_result.states[State.STRESS].acquisition.tissue.geometry
    slicer.vtkSlicerSegmentationsModuleLogic.SetBinaryLabelmapToSegment(
        oriented_image(wall, geometry), node, "Myocardium", 0
    )
    again = compute_again(a_panel_with_a_quick_result)
    flow = image_of(again.node("segments", "stress"))
    assert not flow[:, :, 36:].any()
    assert flow[:, :, :30].any()


def test_segments_turn_with_the_insertion_point(a_panel_with_a_quick_result, a_quick_result):
    study = a_panel_with_a_quick_result.results.study()
    points = study.node("insertion_points", "stress")
    geometry = a_quick_result.states[State.STRESS].acquisition.tissue.geometry
    before = image_of(study.node("segments", "stress"))
    points.RemoveAllControlPoints()
    lps = geometry.index_to_lps[0] @ np.array([28.0, 10.0, 0.0, 1.0])
    points.AddControlPoint([-lps[0], -lps[1], lps[2]], "anterior 1")
    np.testing.assert_allclose(insertion_points_of(points, geometry)[0, 0], [10.0, 28.0], atol=1e-6)
    after = image_of(compute_again(a_panel_with_a_quick_result).node("segments", "stress"))
    assert (before[before > 0] != after[before > 0]).mean() > 0.3


def test_a_frame_excluded_by_hand_stays_out(a_panel_with_a_quick_result):
    study = a_panel_with_a_quick_result.results.study()
    toggle_frame(study.node("table:frames", "stress"), 30)
    again = compute_again(a_panel_with_a_quick_result)
    table = again.node("table:frames", "stress")
    assert [row for row, kept in enumerate(column_values(table, "kept")) if not kept] == [30]
    assert column_values(table, "reason")[30] == "excluded by hand"


def test_only_what_depends_on_an_edit_is_computed_again(a_panel_with_a_quick_result):
    first = a_panel_with_a_quick_result.results.study()
    toggle_frame(first.node("table:frames", "stress"), 12)
    second = compute_again(a_panel_with_a_quick_result)
    one, two = (
        series_of_sequence(study.node("registered", "stress"), SeriesKind.TISSUE, State.STRESS)
        for study in (first, second)
    )
    np.testing.assert_array_equal(one.signal, two.signal)


def test_a_scene_saved_by_the_command_line_can_be_resumed_in_the_panel(a_panel, a_scene, a_quick_result, tmp_path):
    from QPerfusionLogic.mrml.headless import new_scene

    outside = new_scene()
    fill_scene(outside, a_quick_result)
    save_scene(outside, tmp_path / "study.mrb")
    load_scene(a_scene, tmp_path / "study.mrb")
    a_panel.logic.setSettings(a_panel._parameters, SETTINGS)
    a_panel._parameters.studyName = "Perfusion study"
    again = compute_again(a_panel, "aif")
    assert again.name != "Perfusion study"
    mbf = image_of(again.node("map:mbf", "stress"))
    np.testing.assert_allclose(mbf, a_quick_result.states[State.STRESS].mapped.maps["mbf"], rtol=1e-4)


def test_a_deleted_node_that_is_needed_is_named(a_panel_with_a_quick_result, a_scene):
    a_scene.RemoveNode(a_panel_with_a_quick_result.results.study().node("registered", "stress"))
    a_panel_with_a_quick_result.ui.stageTable.setCurrentCell(STAGES.index("conversion"), 0)
    a_panel_with_a_quick_result.runPart.start("conversion")
    assert a_panel_with_a_quick_result.ui.messageLabel.text.startswith("The run could not be started. No registered")
    assert "No registered of stress in the study" in a_panel_with_a_quick_result.ui.noticesBrowser.plainText
    assert a_panel_with_a_quick_result.logic.currentRun is None
