"""The panel opens quickly, from its real .ui, and says what it needs."""

from __future__ import annotations

import time

import pytest
from host import slicer_host
from PySide6.QtCore import QSize


def test_an_empty_scene_disables_apply_and_says_why(a_panel):
    assert not a_panel.ui.applyButton.enabled
    assert a_panel.ui.applyButton.toolTip == "Choose a stress or a rest series."


def test_the_panel_opens_in_less_than_a_second(a_scene, the_module):
    started = time.perf_counter()
    widget = slicer_host.open_panel(the_module)
    slicer_host.process_events()
    elapsed = time.perf_counter() - started
    widget.cleanup()
    assert elapsed < 1.0


def test_a_script_may_make_the_panel_without_a_parent(a_scene, the_module):
    widget = the_module.QPerfusionWidget()
    assert widget.ui.applyButton.toolTip == "Choose a stress or a rest series."
    widget.cleanup()


def test_every_bound_widget_is_of_a_class_that_slicer_has_a_connector_for(a_panel):
    bound = {widget.property("SlicerParameterName") for widget in vars(a_panel.ui).values()} - {None}
    assert bound == set(a_panel._parameters.allParameters) - {"changes", "outputFolder", "studyName"}


def test_texts_of_the_package_are_translated_under_the_names_of_their_files(a_scene, the_module, monkeypatch):

    asked = []
    monkeypatch.setattr(the_module, "translate", lambda context, text: asked.append((context, text)) or text)
    slicer_host.open_panel(the_module).cleanup()
    assert ("panel.run_part", "Apply") in asked


def test_the_button_of_the_output_folder_asks_for_a_folder(a_panel, tmp_path, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *_: pytest.fail("it asks for a file"))
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *_: pytest.fail("it asks for a file"))
    a_panel.ui.outputFolderEdit.browse()
    assert a_panel._parameters.outputFolder == str(tmp_path)


def test_everything_fits_into_a_narrow_panel(a_panel):
    for name, section in vars(a_panel.ui).items():
        if name.endswith("Button") and hasattr(section, "collapsed"):
            section.collapsed = False
    slicer_host.process_events()
    # Some of Qt's classes have it as a method, on this host.
    hints = {name: getattr(widget, "minimumSizeHint", QSize()) for name, widget in vars(a_panel.ui).items()}
    widths = {name: (hint() if callable(hint) else hint).width() for name, hint in hints.items()}
    assert {name: width for name, width in widths.items() if width > 360} == {}
