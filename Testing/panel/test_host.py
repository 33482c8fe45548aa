"""The host itself refuses what Slicer would swallow: wrong names, classes, signals and attributes."""

from __future__ import annotations

import pytest
from host import python_qt, slicer_host
from host.ui_loader import UnknownInUiError, load_ui

UI = """<ui version="4.0"><class>X</class><widget class="QWidget" name="X"><layout class="QVBoxLayout" name="l"><item>
<widget class="{kind}" name="w"><property name="{name}"><bool>true</bool></property></widget>
</item></layout></widget></ui>"""


def test_properties_are_attributes_and_setters_stay(a_panel):
    label = a_panel.ui.messageLabel
    label.text = "one"
    assert label.text == "one"
    label.setText("two")
    assert label.text == "two"
    assert label.isEnabled()


def test_an_attribute_that_does_not_exist_is_refused(a_panel):
    with pytest.raises(AttributeError, match="no property 'tooltip'"):
        a_panel.ui.applyButton.tooltip = "typing error"


def test_a_signal_that_does_not_exist_is_refused(a_panel):
    with pytest.raises(ValueError, match=r"no signal 'pressed\(bool\)'"):
        a_panel.ui.applyButton.connect("pressed(bool)", print)


def test_a_slot_gets_as_many_arguments_as_it_takes(a_panel):
    heard = []
    a_panel.ui.overlaySlider.connect("valueChanged(int)", lambda: heard.append("none"))
    a_panel.ui.overlaySlider.connect("valueChanged(int)", heard.append)
    a_panel.ui.overlaySlider.value = 40
    assert heard == ["none", 40]


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [("ctkMagicButton", "enabled", "widget class ctkMagicButton"), ("QPushButton", "enabld", "property enabld")],
)
def test_an_unknown_class_or_property_in_a_ui_file_is_refused(kind, name, message):
    with pytest.raises(UnknownInUiError, match=message):
        load_ui(UI.format(kind=kind, name=name).encode())


def test_an_exception_in_a_slot_is_remembered(a_panel):
    def fail():
        raise RuntimeError("in a slot")

    a_panel.ui.overlaySlider.connect("valueChanged(int)", fail)
    a_panel.ui.overlaySlider.value = 41
    slicer_host.process_events()
    assert "in a slot" in python_qt.failures[0]
    python_qt.failures.clear()


def test_an_exception_in_an_observer_is_remembered(a_scene):
    def fail(caller, event):
        raise RuntimeError("in an observer")

    tag = a_scene.AddObserver(a_scene.NodeAddedEvent, fail)
    a_scene.AddNewNodeByClass("vtkMRMLTableNode")
    a_scene.RemoveObserver(tag)
    assert "in an observer" in python_qt.failures[0]
    python_qt.failures.clear()


def test_the_self_test_of_the_module_passes(a_scene, the_module):
    the_module.QPerfusionTest("runTest").runTest()
