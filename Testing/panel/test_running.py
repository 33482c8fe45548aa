"""A run from the panel: started, followed, cancelled, failed; the window stays alive and the scene stays clean."""

from __future__ import annotations

import time

import numpy as np
import pytest
from host import slicer_host
from host.hand_made import QUICK_CHANGES, quick_study

from QPerfusionLogic.mrml.study.study_inputs import add_study_inputs
from QPerfusionLogic.panel.choices import with_changes


@pytest.fixture
def a_loaded_panel(a_panel, a_scene):
    """The panel with a quick stress study chosen, as after loading and a click on Fill in."""
    inputs = add_study_inputs(a_scene, quick_study(("stress",)))
    a_panel.logic.setSettings(a_panel._parameters, with_changes(QUICK_CHANGES))
    a_panel.ui.guessButton.click()
    a_panel.ui.stressMaskSelector.setCurrentNode(inputs["stress", "mask"])
    return a_panel


def run_to_the_end(panel, seconds=60):
    panel.ui.applyButton.click()
    slicer_host.process_events(seconds, until=lambda: panel.logic.currentRun is None)
    assert panel.logic.currentRun is None


def test_apply_is_enabled_when_a_series_is_chosen(a_loaded_panel):
    assert a_loaded_panel.ui.applyButton.enabled
    assert a_loaded_panel.ui.stressSelector.currentNode().GetName() == "Stress series"


def test_apply_puts_the_result_into_the_scene(a_loaded_panel, a_scene):
    run_to_the_end(a_loaded_panel)
    study = a_loaded_panel.results.study()
    assert a_loaded_panel.ui.messageLabel.text == "Done: Perfusion study"
    assert study.node("map:mbf", "stress").GetVoxelValueUnits().GetCodeValue() == "ml/min/g"
    assert a_loaded_panel.ui.tableView.mrmlTableNode() is study.node("table:segments")
    assert a_loaded_panel.ui.applyButton.text == "Apply"


def test_progress_is_shown_and_the_window_is_never_blocked_long(a_loaded_panel):
    import qt

    shown, ticks = [], []
    a_loaded_panel.ui.progressBar.connect("valueChanged(int)", shown.append)
    timer = qt.QTimer()
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start(5)
    a_loaded_panel.ui.applyButton.click()
    assert a_loaded_panel.ui.applyButton.text == "Cancel"
    slicer_host.process_events(60, until=lambda: a_loaded_panel.logic.currentRun is None)
    timer.stop()
    blocked = np.sort(np.diff(ticks))
    assert max(shown) >= 80
    assert blocked[-2] < 0.2


def test_cancel_while_the_result_is_put_into_the_scene_takes_it_out_again(a_loaded_panel, a_scene):
    before = a_scene.GetNumberOfNodes()
    logic = a_loaded_panel.logic

    def cancel_when_filling(caller, event):
        if logic.currentRun is not None and not logic.currentRun.running:
            logic.cancel()

    tag = a_scene.AddObserver(a_scene.NodeAddedEvent, cancel_when_filling)
    run_to_the_end(a_loaded_panel)
    a_scene.RemoveObserver(tag)
    assert a_loaded_panel.ui.messageLabel.text == "Cancelled; nothing was changed."
    assert a_loaded_panel.results.study() is None
    assert a_scene.GetNumberOfNodes() <= before + 2


def test_cancel_ends_the_run_and_changes_nothing(a_loaded_panel, a_scene):
    before = a_scene.GetNumberOfNodes()
    a_loaded_panel.ui.applyButton.click()
    slicer_host.process_events(0.3)
    a_loaded_panel.ui.applyButton.click()
    slicer_host.process_events(20, until=lambda: a_loaded_panel.logic.currentRun is None)
    assert a_loaded_panel.ui.messageLabel.text == "Cancelled; nothing was changed."
    assert a_scene.GetNumberOfNodes() == before
    assert a_loaded_panel.ui.applyButton.text == "Apply"


def test_an_error_of_the_run_is_shown_with_what_to_do(a_loaded_panel, a_scene, tmp_path):
    import slicer

    (tmp_path / "foreign.txt").write_text("not ours")
    a_loaded_panel.ui.outputFolderEdit.currentPath = str(tmp_path)
    run_to_the_end(a_loaded_panel)
    assert a_loaded_panel.ui.messageLabel.text == "Failed."
    assert "that QPerfusion did not write" in slicer.app.errors[-1]
    assert "Choose another output folder" in a_loaded_panel.ui.noticesBrowser.plainText


def test_closing_the_scene_during_a_run_ends_it(a_loaded_panel, a_scene):
    a_loaded_panel.ui.applyButton.click()
    slicer_host.process_events(0.2)
    folder = a_loaded_panel.logic.currentRun._process.folder
    a_scene.Clear(False)
    slicer_host.process_events(20, until=lambda: a_loaded_panel.logic.currentRun is None)
    assert a_loaded_panel.logic.currentRun is None
    assert not a_loaded_panel.ui.applyButton.enabled
    assert not folder.exists()
    assert a_loaded_panel.ui.messageLabel.text == "Cancelled; nothing was changed."
    assert not a_loaded_panel.ui.progressBar.isVisibleTo(a_loaded_panel.parent)


def test_deleting_the_input_during_a_run_leaves_the_result_whole(a_loaded_panel, a_scene):
    a_loaded_panel.ui.applyButton.click()
    slicer_host.process_events(0.1)
    a_scene.RemoveNode(a_loaded_panel.ui.stressSelector.currentNode())
    slicer_host.process_events(60, until=lambda: a_loaded_panel.logic.currentRun is None)
    assert a_loaded_panel.results.study().node("map:mbf", "stress") is not None


def test_a_script_waits_for_the_result(a_loaded_panel):
    study = a_loaded_panel.logic.run(a_loaded_panel.logic.getParameterNode())
    assert study.node("map:mbf", "stress") is not None


def test_required_packages_are_asked_for_before_a_run(a_loaded_panel):
    import slicer

    slicer.app.pip_requests.clear()
    run_to_the_end(a_loaded_panel)
    assert slicer.app.pip_requests


class Declined:
    """What slicer.packaging does when the user declines (v5.12.3: RuntimeError)."""

    def __call__(self, requirements, **_):
        raise RuntimeError("User declined installation of 2 packages")


@pytest.mark.parametrize("button", ["applyButton", "sampleButton", "exportFilesButton"])
def test_after_packages_were_declined_nothing_claims_to_run(button, a_loaded_panel, a_scene, a_quick_result, tmp_path):
    import qt
    import slicer

    from QPerfusionLogic.mrml.study.filling import fill_scene

    a_loaded_panel._parameters.studyName = fill_scene(a_scene, a_quick_result).name
    choose, qt.QFileDialog.getExistingDirectory = qt.QFileDialog.getExistingDirectory, lambda *_: str(tmp_path / "out")
    ensure, slicer.packaging.pip_ensure = slicer.packaging.pip_ensure, Declined()
    try:
        getattr(a_loaded_panel.ui, button).click()
    finally:
        qt.QFileDialog.getExistingDirectory, slicer.packaging.pip_ensure = choose, ensure
    text = a_loaded_panel.ui.messageLabel.text
    assert "..." not in text
    assert "declined" in text
    assert "declined" in slicer.app.errors[-1]
    assert a_loaded_panel.ui.applyButton.text == "Apply"
    assert a_loaded_panel.ui.sampleButton.isEnabledTo(a_loaded_panel.parent)
    assert not a_loaded_panel.ui.progressBar.isVisibleTo(a_loaded_panel.parent)


def test_the_progress_bar_is_there_only_while_something_runs(a_loaded_panel):
    bar, window = a_loaded_panel.ui.progressBar, a_loaded_panel.parent
    assert not bar.isVisibleTo(window)
    a_loaded_panel.ui.applyButton.click()
    assert bar.isVisibleTo(window)
    slicer_host.process_events(60, until=lambda: a_loaded_panel.logic.currentRun is None)
    assert not bar.isVisibleTo(window)


def test_a_second_run_is_refused_while_one_goes_on(a_loaded_panel):
    import slicer

    from QPerfusionLogic.errors import InputError

    a_loaded_panel.ui.applyButton.click()
    first = a_loaded_panel.logic.currentRun
    a_loaded_panel.runPart.make_digital_patient()
    assert "still going on" in slicer.app.errors[-1]
    with pytest.raises(InputError, match="still going on"):
        a_loaded_panel.logic.run(a_loaded_panel._parameters, waitForCompletion=False)
    assert a_loaded_panel.logic.currentRun is first
    slicer_host.process_events(60, until=lambda: a_loaded_panel.logic.currentRun is None)
    assert a_loaded_panel.ui.messageLabel.text == "Done: Perfusion study"


def test_a_panel_that_was_closed_hears_nothing_of_its_run(a_scene, the_module):
    panel = slicer_host.open_panel(the_module)
    panel.ui.sampleButton.click()
    folder = panel.logic.currentRun._process.folder
    panel.cleanup()
    before = panel.ui.messageLabel.text
    slicer_host.process_events(20, until=lambda: panel.logic.currentRun is None)
    assert panel.ui.messageLabel.text == before
    assert not folder.exists()


def test_closing_the_scene_while_the_result_is_put_into_it_ends_well(a_loaded_panel, a_scene):
    import qt

    logic = a_loaded_panel.logic

    def close_when_filling(caller, event):
        if logic.currentRun is not None and not logic.currentRun.running and not logic.currentRun.cancelled:
            a_scene.RemoveObserver(tag)
            qt.QTimer.singleShot(0, lambda: a_scene.Clear(False))

    tag = a_scene.AddObserver(a_scene.NodeAddedEvent, close_when_filling)
    run_to_the_end(a_loaded_panel)
    slicer_host.process_events(0.2)
    assert a_loaded_panel.ui.messageLabel.text == "Cancelled; nothing was changed."
    own = [node for node in (a_scene.GetNthNode(i) for i in range(a_scene.GetNumberOfNodes())) if is_own(node)]
    assert [node.GetName() for node in own] == []


def is_own(node):
    return node.GetAttribute("QPerfusion.Role") is not None
