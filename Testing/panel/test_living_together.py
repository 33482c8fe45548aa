"""What stays behind and what may come between: leaks, observers, reloads, and any order of a user's actions."""

from __future__ import annotations

import gc
import os

import pytest
from host import python_qt, slicer_host
from host.hand_made import QUICK_CHANGES, hand_made_result, quick_study
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from PySide6.QtCore import Qt

from QPerfusionLogic.mrml.nodes.hierarchy import folder_named, hierarchy_of
from QPerfusionLogic.mrml.scene_files import load_scene, save_scene
from QPerfusionLogic.mrml.study.filling import fill_scene, remove_study
from QPerfusionLogic.mrml.study.finding import study_names
from QPerfusionLogic.mrml.study.study_inputs import add_study_inputs
from QPerfusionLogic.mrml.views.layouts import POLAR_VIEWS, VIEWS
from QPerfusionLogic.panel.choices import with_changes


def test_opening_and_closing_the_panel_leaves_no_observer_and_no_node(a_scene, the_module):
    import vtk

    def open_and_close():
        widget = slicer_host.open_panel(the_module)
        widget.cleanup()
        widget.parent.setMRMLScene(None)
        for box in widget.parent.findChildren(the_module.slicer.qMRMLNodeComboBox):
            box.setMRMLScene(None)

    open_and_close()
    nodes = a_scene.GetNumberOfNodes()
    parameter_node = a_scene.GetSingletonNode("QPerfusion", "vtkMRMLScriptedModuleNode")
    for _ in range(20):
        open_and_close()
    gc.collect()
    assert a_scene.GetNumberOfNodes() == nodes
    assert not parameter_node.HasObserver(vtk.vtkCommand.ModifiedEvent)


@pytest.mark.slow
def test_twenty_results_in_place_of_each_other_leave_no_node_behind(a_panel, a_scene, a_result):
    a_panel._parameters.keepEarlier = False
    a_panel.logic.showResult(a_panel._parameters, a_result)
    nodes = a_scene.GetNumberOfNodes()
    for _ in range(20):
        a_panel.logic.showResult(a_panel._parameters, a_result, replace=True)
    slicer_host.process_events()
    assert a_scene.GetNumberOfNodes() == nodes
    assert a_panel.ui.studyBox.count == 1


def test_removing_the_folder_of_a_study_removes_its_nodes_only(a_scene, a_result):
    kept = fill_scene(a_scene, a_result)
    study = fill_scene(a_scene, a_result)
    hierarchy_of(a_scene).RemoveItem(folder_named(a_scene, study.name), True, True)
    assert [node for node in study.nodes.values() if a_scene.IsNodePresent(node)] == []
    assert all(a_scene.IsNodePresent(node) for node in kept.nodes.values())


@pytest.fixture
def the_loaded_package():
    """Whatever a test loads anew, the package of the other tests is back afterwards."""
    import sys

    kept = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "QPerfusionLogic"}
    yield kept
    for name in [name for name in sys.modules if name.split(".")[0] == "QPerfusionLogic"]:
        del sys.modules[name]
    sys.modules.update(kept)
    slicer_host.load_module_file()


def test_reload_makes_the_panel_and_the_package_anew(the_loaded_package, a_panel, a_scene):
    import sys

    import slicer

    a_panel.onReload()
    new = slicer.util.getModuleWidget("QPerfusion")
    assert new is not a_panel
    assert sys.modules["QPerfusionLogic.panel.choices"] is not the_loaded_package["QPerfusionLogic.panel.choices"]
    assert a_panel._parameters is None
    assert new.parent.isEntered
    a_scene.Clear(False)
    assert new._parameters is not None, "the application does not enter the panel once more"
    new.cleanup()


def test_a_reload_that_fails_leaves_the_panel_as_it_was(the_loaded_package, a_panel, the_module, monkeypatch):
    import sys

    import slicer

    def failing(name):
        import QPerfusionLogic.panel.choices  # noqa: F401

        raise SyntaxError("while it is edited")

    monkeypatch.setattr(slicer.util, "reloadScriptedModule", failing)
    with pytest.raises(SyntaxError):
        a_panel.onReload()
    assert all(sys.modules[name] is module for name, module in the_loaded_package.items())
    assert sys.modules["QPerfusion"] is the_module
    assert a_panel._parameters is not None


class User(RuleBasedStateMachine):
    """Does anything in any order; nothing may raise, and the panel always says what it can do."""

    @initialize()
    def open_the_panel(self):
        import tempfile

        import qt

        self.folder = tempfile.TemporaryDirectory(prefix="qperfusion-user-")
        qt.QFileDialog.getExistingDirectory = lambda *_: f"{self.folder.name}/export"
        self.scene = slicer_host.new_main_scene()
        self.panel = slicer_host.open_panel(slicer_host.load_module_file())
        self.saved = None

    @rule(state=st.sampled_from(["stress", "rest"]))
    def load_a_series(self, state):
        add_study_inputs(self.scene, quick_study((state,)))

    @rule()
    def add_a_result(self):
        fill_scene(self.scene, hand_made_result())

    @rule()
    def guess(self):
        self.panel.ui.guessButton.click()

    @rule(
        name=st.sampled_from(["stressSelector", "restSelector", "stressAifSelector", "restMaskSelector"]),
        pick=st.integers(0, 5),
    )
    def choose(self, name, pick):
        selector = getattr(self.panel.ui, name)
        selector._box.setCurrentIndex(pick % max(selector._box.count, 1))

    @rule(name=st.sampled_from(["modelBox", "aifModeBox", "registrationBox", "conversionBox"]), pick=st.integers(0, 7))
    def choose_a_method(self, name, pick):
        box = getattr(self.panel.ui, name)
        box.currentIndex = pick % box.count

    @rule(row=st.integers(0, 30), text=st.sampled_from(["", "1", "0.5", "-3", "none", "abc", "true", "1,2"]))
    def edit_a_setting(self, row, text):
        table = self.panel.ui.settingsTable
        table.item(row % table.rowCount, 1).setText(text)

    @rule()
    def apply_or_cancel(self):
        self.panel.ui.applyButton.click()

    @rule(seconds=st.floats(0.0, 0.2))
    def wait(self, seconds):
        slicer_host.process_events(seconds)

    @rule()
    def resume(self):
        self.panel.ui.resumeButton.click()

    @rule(row=st.integers(0, 6), button=st.sampled_from(["runStageButton", "fromStageButton", "reviewButton"]))
    def one_stage(self, row, button):
        self.panel.ui.stageTable.setCurrentCell(row, 0)
        getattr(self.panel.ui, button).click()

    @rule(keep=st.booleans())
    def keep_or_replace(self, keep):
        self.panel.ui.keepEarlierCheck.checked = keep

    @rule(right=st.floats(-60, 60), up=st.floats(-60, 60), view=st.sampled_from([*VIEWS, *POLAR_VIEWS, "Red"]))
    def move_the_cursor(self, right, up, view):
        import slicer

        self.view = slicer.vtkMRMLSliceNode()
        self.view.SetLayoutName(view)
        cursor = self.scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
        if cursor is not None:
            cursor.SetCursorPositionXYZ([right, up, 0.0], self.view)

    @rule(row=st.integers(0, 50), column=st.integers(0, 3), text=st.sampled_from(["", "2.5", "-1", "abc", "30"]))
    def edit_a_frame(self, row, column, text):
        table = self.panel.ui.framesTable
        self.panel.ui.framesOfBox.currentIndex = row % 2
        if table.rowCount:
            table.item(row % table.rowCount, column).setText(text)
        self.panel.ui.frameSlider.value = row

    @rule()
    def set_an_interval(self):
        self.panel.ui.intervalButton.click()

    @rule(pick=st.integers(0, 12))
    def choose_a_preset(self, pick):
        box = self.panel.ui.presetBox
        box.currentIndex = pick % box.count
        box.activated.emit(box.currentIndex)

    @rule(state=st.sampled_from(["stress", "rest"]), by=st.floats(-30, 30))
    def move_an_insertion_point(self, state, by):
        study = self.panel.results.study()
        points = study.node("insertion_points", state) if study is not None else None
        if points is not None and points.GetNumberOfControlPoints():
            right, front, up = points.GetNthControlPointPosition(0)
            points.SetNthControlPointPosition(0, right + by, front, up)

    @rule(button=st.sampled_from(["exportNiftiButton", "exportFilesButton", "editPointsButton", "motionButton"]))
    def export_or_look(self, button):
        if getattr(self.panel.ui, button).enabled:
            getattr(self.panel.ui, button).click()

    @rule()
    def make_a_digital_patient(self):
        if self.panel.ui.inputsButton.enabled:
            self.panel.ui.sampleButton.click()
            self.panel.ui.applyButton.click()

    @rule(pick=st.integers(0, 3), segment=st.integers(1, 16))
    def look(self, pick, segment):
        if self.panel.ui.studyBox.count:
            self.panel.ui.studyBox.currentIndex = pick % self.panel.ui.studyBox.count
        self.panel.ui.showButton.click()
        self.panel.ui.segmentBox.value = segment
        self.panel.ui.tableBox.currentIndex = pick

    @rule()
    def edit(self):
        self.panel.ui.editContoursButton.click()
        self.panel.ui.frameKeptButton.click()

    @rule(row=st.integers(0, 60), order=st.sampled_from([None, Qt.AscendingOrder, Qt.DescendingOrder]))
    def click_a_row(self, row, order):
        view = self.panel.ui.tableView
        if order is not None:
            view.sortByColumn(row % 3, order)
        if view.model().rowCount():
            view.selectRow(row % view.model().rowCount())
            view.clicked.emit(view.model().index(row % view.model().rowCount(), 0))

    @rule(pick=st.integers(0, 3))
    def remove_a_study(self, pick):
        names = study_names(self.scene)
        if names and self.panel.logic.currentRun is None:
            name = names[pick % len(names)]
            remove_study(self.scene, name)
            slicer_host.process_events()
            left = [item for item in names if item != name]
            assert study_names(self.scene) == left, "another study was touched"
            if self.panel._parameters is not None:
                assert (self.panel.ui.studyBox.currentText or "") == self.panel._parameters.studyName

    @rule(pick=st.integers(0, 400))
    def delete_a_node(self, pick):
        nodes = [self.scene.GetNthNode(index) for index in range(self.scene.GetNumberOfNodes())]
        own = [node for node in nodes if node.GetAttribute("QPerfusion.Role") or node.IsA("vtkMRMLSequenceNode")]
        if own:
            self.scene.RemoveNode(own[pick % len(own)])

    @rule()
    def leave_and_enter(self):
        self.panel.exit()
        self.panel.enter()

    @rule()
    def close_the_scene(self):
        self.scene.Clear(False)

    @rule()
    def save(self):
        import tempfile
        from pathlib import Path

        self.saved = Path(tempfile.mkdtemp(prefix="qperfusion-user-")) / "scene.mrb"
        save_scene(self.scene, self.saved)

    @precondition(lambda self: self.saved is not None)
    @rule()
    def open_what_was_saved(self):
        load_scene(self.scene, self.saved)

    def teardown(self):
        import shutil

        self.panel.logic.cancel()
        slicer_host.process_events(20, until=lambda: self.panel.logic.currentRun is None)
        self.panel.cleanup()
        self.scene.Clear(True)
        if self.saved is not None:
            shutil.rmtree(self.saved.parent)
        self.folder.cleanup()
        assert python_qt.failures == []


SESSIONS = int(os.environ.get("QPERFUSION_USER_SESSIONS", "2"))
"""Sessions of 25 actions; 40 sessions are 1,000 actions."""

User.TestCase.settings = settings(
    max_examples=SESSIONS,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestAnyOrderOfActions = pytest.mark.slow(User.TestCase)


def test_settings_of_the_quick_study_are_settings():
    assert with_changes(QUICK_CHANGES).conversion.mode == "concentration"
