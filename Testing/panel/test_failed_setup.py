"""A panel whose setup failed reports it once, and neither leaving it nor ending Slicer adds to that."""

from __future__ import annotations

import pytest
import slicer
from host import slicer_host
from PySide6 import QtWidgets

from QPerfusionLogic.errors import QPerfusionError


def broken(*_arguments, **_options):
    raise RuntimeError("broken on purpose")


def break_loading(module, monkeypatch):
    monkeypatch.setattr(slicer.util, "loadUI", broken)


def break_logic(module, monkeypatch):
    monkeypatch.setattr(module.QPerfusionLogic, "__init__", broken)


def break_parts(module, monkeypatch):
    monkeypatch.setattr(module, "RunPart", broken)


def break_parameter_node(module, monkeypatch):
    monkeypatch.setattr(module.QPerfusionLogic, "getParameterNode", broken)


def break_connecting(module, monkeypatch):
    monkeypatch.setattr(module.QPerfusionParameterNode, "connectGui", broken)


def break_first_look(module, monkeypatch):
    monkeypatch.setattr(module.FramesPart, "update", broken)


@pytest.mark.parametrize(
    "break_it",
    [break_loading, break_logic, break_parts, break_parameter_node, break_connecting, break_first_look],
    ids=lambda function: function.__name__,
)
def test_a_failed_setup_is_the_only_error(a_scene, the_module, monkeypatch, break_it):
    break_it(the_module, monkeypatch)
    held = slicer.modules.qperfusion
    held.forget_widget()
    with pytest.raises(RuntimeError, match="broken on purpose"):
        held.widgetRepresentation()
    held.widgetRepresentation().enter()
    a_scene.Clear(False)
    held.widgetRepresentation().exit()
    a_scene.Clear(False)
    a_scene.AddNewNodeByClass("vtkMRMLTableNode")
    a_scene.RemoveNode(a_scene.GetFirstNodeByClass("vtkMRMLTableNode"))
    slicer_host.process_events()
    the_module.makeSample()
    slicer.util.getModuleWidget("QPerfusion").cleanup()


def test_a_panel_that_nobody_looks_at_leaves_a_new_scene_alone(a_panel, a_scene):
    a_panel.parent.exit()
    a_scene.Clear(False)
    assert a_panel._parameters is None
    a_panel.parent.enter()
    assert a_panel._parameters is not None


def test_an_old_slicer_is_named_in_the_panel_instead_of_a_traceback(a_scene, the_module, monkeypatch):
    monkeypatch.setattr(type(slicer.app), "minorVersion", 10)
    panel = slicer_host.open_panel(the_module)
    (label,) = panel.parent.findChildren(QtWidgets.QLabel)
    assert "This is Slicer 5.10. QPerfusion needs Slicer 5.12 or later" in label.text
    panel.parent.exit()
    panel.cleanup()
    with pytest.raises(QPerfusionError, match=r"needs Slicer 5\.12"):
        the_module.QPerfusionLogic().ensurePackages()
