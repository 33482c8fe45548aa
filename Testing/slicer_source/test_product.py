"""The extension on Slicer's own Python: parameter node, panel, sample data, DICOM plugin and packages."""

from __future__ import annotations

import logging
import sys
import types
from pathlib import Path

import pytest
import slicer
from host import slicer_host
from host.dicom_series import write_files
from originals import connecting

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def the_module(on_the_originals):
    if on_the_originals.modules["packaging"] is None:
        slicer.app.minorVersion = 10
    yield slicer_host.load_module_file()
    vars(slicer.app).pop("minorVersion", None)


@pytest.fixture
def a_supported_slicer(on_the_originals):
    if on_the_originals.modules["packaging"] is None:
        pytest.skip("this Slicer is older than the extension supports")


@pytest.fixture
def a_panel(a_supported_slicer, a_scene, the_module):
    widget = slicer_host.open_panel(the_module)
    yield widget
    widget.cleanup()
    widget.parent.deleteLater()
    slicer_host.process_events()


NODES = {
    "stressSeries": ["vtkMRMLSequenceNode"],
    "restSeries": ["vtkMRMLSequenceNode"],
    "stressPreBolus": ["vtkMRMLSequenceNode"],
    "restPreBolus": ["vtkMRMLSequenceNode"],
    "t1Map": ["vtkMRMLScalarVolumeNode"],
    "stressAif": ["vtkMRMLSequenceNode", "vtkMRMLTableNode"],
    "restAif": ["vtkMRMLSequenceNode", "vtkMRMLTableNode"],
    "stressMask": ["vtkMRMLSegmentationNode", "vtkMRMLLabelMapVolumeNode"],
    "restMask": ["vtkMRMLSegmentationNode", "vtkMRMLLabelMapVolumeNode"],
}
VALUES = {
    "superresolutionMode": "residual_bridge",
    "registrationMode": "none",
    "aifMode": "concentration",
    "conversionMode": "concentration",
    "kineticModel": "btex",
    "hematocrit": 0.38,
    "changes": '{"kinetics.btex_mixing_cells": "3"}',
    "outputFolder": "somewhere",
    "studyName": "Perfusion 2",
    "keepEarlier": False,
}


def test_the_module_file_warns_of_nothing(on_the_originals, caplog):
    with caplog.at_level(logging.WARNING):
        slicer_host.load_module_file()
    assert caplog.text == ""


def test_a_new_parameter_node_holds_the_defaults(a_scene, the_module):
    parameters = the_module.QPerfusionLogic().getParameterNode()
    assert set(parameters.allParameters) == {*NODES, *VALUES}
    assert [getattr(parameters, name) for name in NODES] == [None] * len(NODES)
    assert the_module.QPerfusionLogic().settings(parameters) == the_module.Settings()


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, kinds in NODES.items() for kind in kinds])
def test_every_input_is_kept_read_back_and_cleared(a_scene, the_module, name, kind):
    logic = the_module.QPerfusionLogic()
    parameters = logic.getParameterNode()
    node = a_scene.AddNewNodeByClass(kind)
    setattr(parameters, name, node)
    assert getattr(logic.getParameterNode(), name) is node
    setattr(parameters, name, None)
    assert getattr(logic.getParameterNode(), name) is None


def fill(parameters, scene):
    """Set every parameter to something that is not its default; returns the expected values and names of nodes."""
    for name, value in VALUES.items():
        setattr(parameters, name, value)
    for name, kinds in NODES.items():
        setattr(parameters, name, scene.AddNewNodeByClass(kinds[-1], f"{name} node"))
    return VALUES | {name: f"{name} node" for name in NODES}


def content_of(parameters):
    nodes = {name: getattr(parameters, name) for name in NODES}
    values = {name: getattr(parameters, name) for name in VALUES}
    return values | {name: None if node is None else node.GetName() for name, node in nodes.items()}


def save_and_load(scene, path):
    scene.SetURL(str(path))
    assert scene.Commit(str(path))
    scene.Clear(False)
    scene.SetURL(str(path))
    scene.Import()


def test_every_choice_is_saved_and_loaded_with_the_scene(a_scene, the_module, tmp_path):
    logic = the_module.QPerfusionLogic()
    expected = fill(logic.getParameterNode(), a_scene)
    save_and_load(a_scene, tmp_path / "choices.mrml")
    assert content_of(logic.getParameterNode()) == expected


def test_an_open_panel_shows_the_choices_of_a_loaded_scene(a_panel, a_scene, tmp_path):
    expected = fill(a_panel._parameters, a_scene)
    expected["studyName"] = a_panel._parameters.studyName = ""
    save_and_load(a_scene, tmp_path / "choices.mrml")
    assert content_of(a_panel._parameters) == expected
    assert a_panel.ui.stressAifSelector.currentNode().GetName() == "stressAif node"
    assert a_panel.ui.restMaskSelector.currentNode().GetName() == "restMask node"
    assert a_panel.ui.hematocritBox.value == 0.38


def test_the_panel_opens_and_its_widgets_follow_and_lead(a_panel, a_scene):
    parameters = a_panel._parameters
    assert a_panel.ui.applyButton.toolTip == "Choose a stress or a rest series."
    table = a_scene.AddNewNodeByClass("vtkMRMLTableNode", "curve")
    a_panel.ui.stressAifSelector.setCurrentNode(table)
    assert parameters.stressAif is table
    parameters.stressAif = None
    assert a_panel.ui.stressAifSelector.currentNode() is None
    a_panel.ui.hematocritBox.value = 0.38
    assert parameters.hematocrit == 0.38
    assert (a_panel.ui.hematocritBox.decimals, a_panel.ui.hematocritBox.singleStep) == (2, 0.01)
    parameters.keepEarlier = False
    bound = [widget for widget in vars(a_panel.ui).values() if widget.property("SlicerParameterName") == "keepEarlier"]
    assert not bound[0].checked


def test_the_panel_is_left_and_entered_and_follows_a_closed_scene(a_panel, a_scene):
    a_panel.parent.exit()
    a_scene.Clear(False)
    a_panel.parent.enter()
    a_scene.Clear(False)
    assert a_panel._parameters.stressSeries is None
    a_panel.ui.hematocritBox.value = 0.5
    assert a_panel._parameters.hematocrit == 0.5


def test_the_panel_is_reloaded(a_panel):
    kept = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "QPerfusionLogic"}
    try:
        a_panel.onReload()
        new = slicer.util.getModuleWidget("QPerfusion")
        assert new is not a_panel
        assert new.ui.applyButton.toolTip == "Choose a stress or a rest series."
        new.cleanup()
    finally:
        sys.modules.update(kept)


def test_an_unsupported_slicer_is_named_in_the_panel(on_the_originals, a_scene, the_module):
    if on_the_originals.modules["packaging"] is not None:
        pytest.skip("this Slicer is supported")
    from PySide6 import QtWidgets

    panel = slicer_host.open_panel(the_module)
    (label,) = panel.parent.findChildren(QtWidgets.QLabel)
    assert "QPerfusion needs Slicer 5.12 or later" in label.text
    panel.parent.exit()
    panel.cleanup()


def test_the_self_test_of_the_module_runs_as_slicer_runs_it(a_scene, the_module):
    parent = types.SimpleNamespace(path=str(slicer_host.MODULE_FILE))
    the_module.QPerfusion(parent)
    slicer.selfTests["QPerfusion"](msec=0)


def test_the_sample_has_a_button_with_a_picture_that_makes_the_digital_patient(a_panel, the_module, monkeypatch):
    import qt

    data = sys.modules["SampleData"]
    monkeypatch.setattr(data, "qt", connecting(qt, "QToolButton"))
    slicer.modules.sampleDataSources = {}
    slicer.app.at_startup.clear()
    the_module.QPerfusion(types.SimpleNamespace(path=str(slicer_host.MODULE_FILE)))
    for slot in slicer.app.at_startup:
        slot()
        slot()
    logic = data.SampleDataLogic()
    assert len(slicer.modules.sampleDataSources["QPerfusion"]) == 1
    assert logic.downloadSamples("DigitalStressRest") == [], "nothing is looked for on the network"
    box = qt.QWidget()
    layout = qt.QVBoxLayout(box)
    sources = {"QPerfusion": slicer.modules.sampleDataSources["QPerfusion"]}
    data.SampleDataWidget.setCategoriesFromSampleDataSources(layout, sources, logic)
    (button,) = box.findChildren(qt.QToolButton)
    assert button.text == "DigitalStressRest"
    assert not button.icon.isNull()
    made = []
    monkeypatch.setattr(a_panel.logic, "makeDigitalPatient", lambda *arguments: made.append(arguments))
    button.click()
    assert [arguments[0] for arguments in made] == [a_panel._parameters]


def test_the_plugin_loads_a_series_below_patient_and_study(on_the_originals, a_scene, tmp_path):
    module = slicer_host.load_module_file(ROOT / "QPerfusion" / "DICOMQPerfusionPlugin.py")
    plugin = module.DICOMQPerfusionPluginClass()
    files = write_files(tmp_path)
    (loadable,) = plugin.examineForImport([files])
    assert plugin.examineForImport([files]) == [loadable]
    assert plugin.load(loadable)
    node = a_scene.GetFirstNodeByClass("vtkMRMLSequenceNode")
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(a_scene)
    study = tree.GetItemParent(tree.GetItemByDataNode(node))
    assert tree.GetItemName(study) == "No study description"
    assert tree.GetItemName(tree.GetItemParent(study)) == "Digital^Patient (digital)"


def test_slicer_reads_our_requirements(a_supported_slicer, on_the_originals):
    packaging = on_the_originals.modules["packaging"]
    found = packaging.load_requirements(ROOT / "QPerfusion" / "Resources" / "requirements.txt")
    lines = (ROOT / "QPerfusion" / "Resources" / "requirements.txt").read_text().splitlines()
    assert len(found) == sum(bool(line) and not line.startswith("#") for line in lines)
    assert all(">=" in str(item.specifier) for item in found)


def test_a_refusal_to_install_packages_is_an_error_with_a_reason(a_supported_slicer, a_scene, the_module, monkeypatch):
    packaging = sys.modules["slicer.packaging"]
    monkeypatch.setattr(packaging, "pip_check", lambda requirement: False)
    monkeypatch.setattr(slicer.app, "testingEnabled", lambda: False)
    asked = []
    confirm = lambda message, title, **details: asked.append((title, details["detailedText"]))  # noqa: E731
    monkeypatch.setattr(packaging.slicer.util, "confirmOkCancelDisplay", confirm)
    with pytest.raises(RuntimeError, match="declined"):
        the_module.QPerfusionLogic().ensurePackages()
    ((title, packages),) = asked
    assert title == "QPerfusion - Install Python Packages"
    assert "numba" in packages
