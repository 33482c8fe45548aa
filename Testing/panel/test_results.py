"""Results in the panel: studies, tables, charts, maps, editors; also of scenes that were saved and opened again."""

from __future__ import annotations

import pytest
from host import slicer_host
from PySide6.QtCore import Qt

from QPerfusionLogic.mrml.scene_files import load_scene, save_scene
from QPerfusionLogic.mrml.study.filling import fill_scene


@pytest.fixture
def a_panel_with_a_result(a_panel, a_scene, a_result):
    study = fill_scene(a_scene, a_result)
    a_panel._parameters.studyName = study.name
    return a_panel


def shown_cells(panel):
    model = panel.ui.tableView.model()
    return [[model.index(row, column).data() for column in range(model.columnCount())] for row in range(3)]


def test_segment_table_is_shown_with_units(a_panel_with_a_result):
    a_panel_with_a_result.ui.showButton.click()
    model = a_panel_with_a_result.ui.tableView.model()
    titles = [model.headerData(column, Qt.Horizontal) for column in range(model.columnCount())]
    assert "stress_mbf [mL/min/g]" in titles
    assert shown_cells(a_panel_with_a_result)[0][1] == "LAD"


def test_notices_say_what_to_do(a_panel_with_a_result):
    a_panel_with_a_result.ui.showButton.click()
    text = a_panel_with_a_result.ui.noticesBrowser.plainText
    first, *others = text.splitlines()
    assert first == "Verdict: Interpretable."
    assert others[:2] == ["", "Warnings"]
    assert "• Stress: the AIF peaks at 4.1 mmol/L" in text
    assert "Use a dual-sequence AIF" in text
    assert "[" not in text
    assert "->" not in text
    assert not a_panel_with_a_result.ui.noticesButton.collapsed


def test_results_unfold_with_the_first_study_and_fold_with_the_last(a_panel_with_a_result):
    import slicer

    from QPerfusionLogic.mrml.study.filling import remove_study

    panel = a_panel_with_a_result
    assert not panel.ui.resultsButton.collapsed
    panel.ui.resultsButton.collapsed = True
    panel.results.update()
    assert panel.ui.resultsButton.collapsed
    remove_study(slicer.mrmlScene, panel._parameters.studyName)
    panel._showStudies()
    assert panel.ui.resultsButton.collapsed
    assert panel.ui.noticesButton.collapsed
    assert panel.ui.noticesBrowser.plainText == ""


def test_an_empty_panel_shows_inputs_and_run_only(a_panel):
    ui = a_panel.ui
    assert not ui.inputsButton.collapsed
    assert not ui.runButton.collapsed
    for section in (ui.optionalInputsButton, ui.noticesButton, ui.resultsButton, ui.advancedButton):
        assert section.collapsed


def test_choosing_a_segment_changes_the_chart(a_panel_with_a_result):
    import slicer

    a_panel_with_a_result.ui.stateBox.currentText = "rest"
    a_panel_with_a_result.ui.segmentBox.value = 11
    a_panel_with_a_result.ui.layerBox.currentText = "endo"
    chart = slicer.mrmlScene.GetNodeByID(slicer.app.applicationLogic().GetSelectionNode().GetActivePlotChartID())
    assert chart.GetTitle() == "Rest segment curve, segment 11 endo"
    assert chart.GetNthPlotSeriesNode(0).GetYColumnName() == "11 endo gd"


def test_aif_button_shows_measured_against_corrected(a_panel_with_a_result):
    import slicer

    a_panel_with_a_result.ui.aifButton.click()
    chart_id = slicer.app.applicationLogic().GetSelectionNode().GetActivePlotChartID()
    assert slicer.mrmlScene.GetNodeByID(chart_id).GetName() == "Stress AIF"


def test_choosing_a_table_shows_it(a_panel_with_a_result):
    a_panel_with_a_result.ui.tableBox.currentText = "Rest frames"
    assert a_panel_with_a_result.ui.tableView.mrmlTableNode().GetName() == "Rest frames"


def test_editors_open_with_the_right_node(a_panel_with_a_result):
    import slicer

    slicer.app.selected_modules.clear()
    a_panel_with_a_result.ui.editContoursButton.click()
    a_panel_with_a_result.ui.editPointsButton.click()
    assert slicer.app.selected_modules == ["SegmentEditor", "Markups"]


def test_a_deleted_node_is_reported_not_raised(a_panel_with_a_result, a_scene):
    import slicer

    a_scene.RemoveNode(a_panel_with_a_result.results.study().node("segmentation", "stress"))
    a_panel_with_a_result.ui.editContoursButton.click()
    assert slicer.app.errors == ["This study has nothing to edit there."]


def test_two_studies_are_offered_and_kept_apart(a_panel_with_a_result, a_scene, a_result):
    second = fill_scene(a_scene, a_result, "Second patient")
    a_panel_with_a_result._parameters.studyName = second.name
    box = a_panel_with_a_result.ui.studyBox
    assert [box.itemText(index) for index in range(box.count)] == ["Perfusion study", "Second patient"]
    assert a_panel_with_a_result.results.study().node("map:mbf", "rest") is second.node("map:mbf", "rest")
    box.currentText = "Perfusion study"
    assert a_panel_with_a_result.results.study().name == "Perfusion study"


def test_a_saved_scene_opens_in_the_panel(a_panel_with_a_result, a_scene, tmp_path):
    a_panel_with_a_result._parameters.kineticModel = "btex"
    save_scene(a_scene, tmp_path / "study.mrb")
    a_scene.Clear(False)
    slicer_host.process_events()
    assert not a_panel_with_a_result.ui.showButton.enabled
    load_scene(a_scene, tmp_path / "study.mrb")
    slicer_host.process_events()
    assert a_panel_with_a_result.ui.modelBox.currentText == "BTEX"
    a_panel_with_a_result.ui.showButton.click()
    assert a_panel_with_a_result.ui.tableView.mrmlTableNode().GetName() == "Segments"


def test_a_study_from_a_file_is_shown_after_one_click(a_panel, a_scene, a_result, tmp_path):
    from QPerfusionLogic.mrml.headless import new_scene

    written = new_scene()
    fill_scene(written, a_result, "Demonstration")
    save_scene(written, tmp_path / "study.mrb")
    load_scene(a_scene, tmp_path / "study.mrb")
    slicer_host.process_events()
    assert (a_panel.ui.studyBox.currentText, a_panel.ui.showButton.enabled) == ("Demonstration", True)
    a_panel.ui.showButton.click()
    assert a_panel.ui.tableView.mrmlTableNode() is a_panel.results.study().node("table:segments")
    assert a_panel.ui.noticesBrowser.plainText != ""


def test_another_study_is_chosen_when_the_chosen_one_is_removed(a_panel_with_a_result, a_scene, a_result):
    from QPerfusionLogic.mrml.study.filling import remove_study

    fill_scene(a_scene, a_result, "Second patient")
    remove_study(a_scene, "Perfusion study")
    slicer_host.process_events()
    assert a_panel_with_a_result.results.study().name == "Second patient"
    remove_study(a_scene, "Second patient")
    slicer_host.process_events()
    assert a_panel_with_a_result._parameters.studyName == ""
    assert not a_panel_with_a_result.ui.showButton.enabled


def row_with(panel, **wanted):
    """Return the index of the row of the table view in which the named columns show these texts."""
    model, table = panel.ui.tableView.model(), panel.ui.tableView.mrmlTableNode()
    columns = {table.GetColumnIndex(name): text for name, text in wanted.items()}
    rows = range(model.rowCount())
    return next(row for row in rows if all(model.index(row, item).data() == text for item, text in columns.items()))


@pytest.mark.parametrize("names_in_header", [True, False])
@pytest.mark.parametrize("order", [None, Qt.AscendingOrder, Qt.DescendingOrder])
def test_the_row_that_is_selected_is_the_frame_that_is_excluded(a_panel_with_a_result, names_in_header, order):
    from QPerfusionLogic.mrml.nodes.tables import column_values

    panel = a_panel_with_a_result
    table = panel.results.study().node("table:frames", "stress")
    panel.ui.tableBox.currentText = "Stress frames"
    table.SetUseColumnTitleAsColumnHeader(names_in_header)
    if order is not None:
        panel.ui.tableView.sortByColumn(1, order)
    panel.ui.tableView.selectRow(row_with(panel, frame="3", slice="2"))
    panel.ui.frameKeptButton.click()
    excluded = [row for row, reason in enumerate(column_values(table, "reason")) if reason == "excluded by hand"]
    assert [(column_values(table, "frame")[row], column_values(table, "slice")[row]) for row in excluded] == [(3, 2)]
    assert [column_values(table, "kept")[row] for row in excluded] == [0.0]
    panel.ui.tableView.selectRow(row_with(panel, frame="3", slice="2"))
    panel.ui.frameKeptButton.click()
    assert "excluded by hand" not in column_values(table, "reason")


@pytest.mark.parametrize("names_in_header", [True, False])
def test_the_segment_and_layer_that_are_clicked_are_shown(a_panel_with_a_result, names_in_header):
    panel = a_panel_with_a_result
    panel.ui.showButton.click()
    panel.ui.tableView.mrmlTableNode().SetUseColumnTitleAsColumnHeader(names_in_header)
    for segment, layer in (("2", "all"), ("2", "endo"), ("16", "epi")):
        index = panel.ui.tableView.model().index(row_with(panel, segment=segment, layer=layer), 0)
        panel.ui.tableView.clicked.emit(index)
        assert (panel.ui.segmentBox.value, panel.ui.layerBox.currentText) == (int(segment), layer)


def test_a_click_on_the_names_of_the_columns_changes_nothing(a_panel_with_a_result):
    from QPerfusionLogic.mrml.nodes.tables import column_values

    panel = a_panel_with_a_result
    panel.ui.tableBox.currentText = "Stress frames"
    table = panel.ui.tableView.mrmlTableNode()
    kept = column_values(table, "kept")
    table.SetUseColumnTitleAsColumnHeader(False)
    panel.ui.tableView.selectRow(0)
    panel.ui.frameKeptButton.click()
    assert column_values(table, "kept") == kept


def test_the_images_are_found_after_a_sequence_was_changed(a_panel_with_a_result, a_scene):
    study = a_panel_with_a_result.results.study()
    shown = study.node("volume:registered", "stress")
    study.node("registered", "stress").SetAttribute("changed", "1")
    study.node("registered", "stress").Modified()
    assert a_panel_with_a_result.results.study().node("volume:registered", "stress") is shown
