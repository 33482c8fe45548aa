"""The stand-ins of the host and Slicer's own Python answer alike, in everything that the product relies on."""

from __future__ import annotations

import gc
import inspect
import logging
import sys
import types
from pathlib import Path
from typing import Annotated

import pytest
import slicer
import vtk

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def wrapper(side):
    return sys.modules["slicer.parameterNodeWrapper"]


@pytest.fixture
def a_node(a_scene):
    return a_scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")


@pytest.fixture
def since_5_12(side):
    if "slicer.packaging" not in sys.modules:
        pytest.skip("this Slicer is older than the extension supports")


def make(wrapper, hint, **default):
    """Return a wrapper class with the one parameter `value`."""
    return wrapper.parameterNodeWrapper(type("Parameters", (), {"__annotations__": {"value": hint}, **default}))


TWO_NODES = slicer.vtkMRMLSequenceNode | slicer.vtkMRMLTableNode | None


@pytest.mark.parametrize(
    ("hint", "default"),
    [(int, 0), (float, 0.0), (str, ""), (bool, False), (slicer.vtkMRMLSequenceNode, None), (TWO_NODES, None)],
)
def test_the_default_of_a_kind(wrapper, a_node, hint, default):
    assert make(wrapper, hint)(a_node).value == default


def test_a_union_of_nodes_without_none_is_refused(wrapper, a_node):
    kind = make(wrapper, slicer.vtkMRMLSequenceNode | slicer.vtkMRMLTableNode)
    with pytest.raises(TypeError):
        kind(a_node)


def test_an_unused_annotation_does_not_pass_in_silence(wrapper, side, caplog):
    with caplog.at_level(logging.WARNING):
        try:
            make(wrapper, Annotated[float, "two decimals"])
        except TypeError as error:
            caplog.clear()
            logging.warning(str(error))
    assert "nused annotations" in caplog.text


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (int, None),
        (int, 1.5),
        (int, "1"),
        (float, None),
        (float, "1.5"),
        (str, None),
        (str, 1),
        (bool, None),
        (bool, 1),
        (Annotated[str, "one of"], "three"),
        (Annotated[float, "range"], 0.61),
    ],
)
def test_a_value_of_another_kind_is_refused_and_the_old_one_stays(wrapper, a_node, hint, value):
    start = {}
    if hint == Annotated[str, "one of"]:
        hint, start = Annotated[str, wrapper.Choice(["one", "two"])], {"value": "one"}
    elif hint == Annotated[float, "range"]:
        hint, start = Annotated[float, wrapper.WithinRange(0.2, 0.6)], {"value": 0.6}
    parameters = make(wrapper, hint, **start)(a_node)
    before = parameters.value
    with pytest.raises((TypeError, ValueError)):
        parameters.value = value
    assert parameters.value == before


@pytest.mark.parametrize("hint", [slicer.vtkMRMLSequenceNode, TWO_NODES])
def test_a_node_of_another_class_is_refused(wrapper, a_node, a_scene, hint):
    parameters = make(wrapper, hint)(a_node)
    with pytest.raises(TypeError):
        parameters.value = a_scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    assert parameters.value is None


@pytest.mark.parametrize(
    ("hint", "value", "text"),
    [(int, 3, "3"), (float, 0.25, "0.25"), (float, 2, "2"), (str, "ü", "ü"), (bool, True, "True")],
)
def test_values_live_as_the_same_text(wrapper, a_node, hint, value, text):
    make(wrapper, hint)(a_node).value = value
    assert a_node.GetParameter("value") == text


def test_nodes_live_under_the_same_names(wrapper, a_node, a_scene):
    node, table = (a_scene.AddNewNodeByClass(name) for name in ("vtkMRMLSequenceNode", "vtkMRMLTableNode"))
    parameters = make(wrapper, TWO_NODES)(a_node)
    assert a_node.HasParameter("value.2")
    parameters.value = node
    assert a_node.GetNodeReference("value.0") is node
    parameters.value = table
    assert a_node.GetNodeReference("value.1") is table
    assert [a_node.HasParameter(f"value.{index}") for index in range(3)] == [0, 1, 0]
    assert a_node.GetNodeReference("value.0") is None


def test_one_change_is_one_event(wrapper, a_node, a_scene):
    parameters = make(wrapper, TWO_NODES)(a_node)
    heard = []
    a_node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: heard.append(parameters.value))
    node = a_scene.AddNewNodeByClass("vtkMRMLSequenceNode")
    parameters.value = node
    assert heard == [node]


def test_a_value_that_another_wrapper_sets_is_seen(wrapper, a_node):
    kind = make(wrapper, float)
    one, two = kind(a_node), kind(a_node)
    one.value = 0.5
    assert two.value == 0.5


def test_a_node_that_leaves_the_scene_is_no_value(wrapper, a_node, a_scene):
    for hint in (slicer.vtkMRMLSequenceNode, TWO_NODES):
        parameters = make(wrapper, hint)(a_node)
        parameters.value = a_scene.AddNewNodeByClass("vtkMRMLSequenceNode")
        a_scene.RemoveNode(parameters.value)
        assert parameters.value is None


def test_the_node_does_not_keep_the_wrapper(wrapper, a_node):
    parameters = make(wrapper, str)(a_node)
    parameters.value = "text"
    del parameters
    gc.collect()
    assert not a_node.HasObserver(vtk.vtkCommand.ModifiedEvent)


def test_parameters_survive_their_scene_being_closed(wrapper, a_scene):
    logic = type("SomethingLogic", (sys.modules["slicer.ScriptedLoadableModule"].ScriptedLoadableModuleLogic,), {})()
    parameters = make(wrapper, str, value="first")(logic.getParameterNode())
    parameters.value = "second"
    a_scene.Clear(False)
    assert logic.getParameterNode().GetAttribute("ModuleName") == "Something"
    assert make(wrapper, str, value="first")(logic.getParameterNode()).value == "first"
    assert parameters.value == "first"


def test_a_wrapper_from_before_a_scene_was_loaded_does_not_see_its_nodes(wrapper, a_scene, tmp_path):
    """Values come with the node, references are resolved after its last event: the product makes a new wrapper."""
    logic = type("SomethingLogic", (sys.modules["slicer.ScriptedLoadableModule"].ScriptedLoadableModuleLogic,), {})()
    kind = make(wrapper, TWO_NODES)
    before = kind(logic.getParameterNode())
    before.value = a_scene.AddNewNodeByClass("vtkMRMLTableNode", "curve")
    path = str(tmp_path / "scene.mrml")
    a_scene.Commit(path)
    a_scene.Clear(False)
    a_scene.SetURL(path)
    a_scene.Import()
    assert before.value is None
    assert kind(logic.getParameterNode()).value.GetName() == "curve"


def widgets(**made):
    """Return named widgets as the loader of .ui files hands them over."""
    for name, widget in made.items():
        widget.setProperty("SlicerParameterName", name)
        widget.setObjectName(name)
    return types.SimpleNamespace(**made)


def test_a_check_box_follows_and_leads(wrapper, a_node):
    import qt

    gui = widgets(value=qt.QCheckBox())
    parameters = make(wrapper, bool, value=True)(a_node)
    tag = parameters.connectGui(gui)
    assert gui.value.checked
    gui.value.checked = False
    assert parameters.value is False
    parameters.value = True
    assert gui.value.checked
    parameters.disconnectGui(tag)
    gui.value.checked = False
    assert parameters.value is True


def test_a_spin_box_takes_the_range_and_keeps_its_digits(wrapper, a_node):
    import qt

    gui = widgets(value=qt.QDoubleSpinBox())
    gui.value.decimals, gui.value.singleStep = 3, 0.5
    parameters = make(wrapper, Annotated[float, wrapper.WithinRange(0.2, 0.6)], value=0.45)(a_node)
    parameters.connectGui(gui)
    box = gui.value
    assert (box.minimum, box.maximum, box.value, box.decimals, box.singleStep) == (0.2, 0.6, 0.45, 3, 0.5)
    box.value = 0.4
    assert parameters.value == 0.4


def test_a_combo_box_is_emptied_and_filled_with_the_choices(wrapper, a_node):
    import qt

    gui = widgets(value=qt.QComboBox())
    gui.value.addItems(["a name for people"])
    parameters = make(wrapper, Annotated[str, wrapper.Choice(["one", "two"])], value="two")(a_node)
    parameters.connectGui(gui)
    assert [gui.value.itemText(index) for index in range(gui.value.count)] == ["one", "two"]
    assert gui.value.currentText == "two"
    gui.value.setItemText(0, "First")
    gui.value.currentIndex = 0
    assert parameters.value == "one"


def test_a_line_edit_follows_and_leads(wrapper, a_node):
    import qt

    gui = widgets(value=qt.QLineEdit())
    parameters = make(wrapper, str)(a_node)
    parameters.connectGui(gui)
    gui.value.text = "typed"
    assert parameters.value == "typed"


def test_a_node_selector_gets_the_classes_of_the_parameter(wrapper, a_node, a_scene):
    gui = widgets(value=slicer.qMRMLNodeComboBox())
    gui.value.noneEnabled = True
    gui.value.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    gui.value.setMRMLScene(a_scene)
    table = a_scene.AddNewNodeByClass("vtkMRMLTableNode")
    parameters = make(wrapper, TWO_NODES)(a_node)
    parameters.connectGui(gui)
    assert list(gui.value.nodeTypes) == ["vtkMRMLSequenceNode", "vtkMRMLTableNode"]
    gui.value.setCurrentNode(table)
    assert parameters.value is table
    gui.value.setCurrentNode(None)
    assert parameters.value is None


def test_a_widget_that_is_disconnected_is_let_go_of(since_5_12, wrapper, a_node):
    import qt

    gui = widgets(value=qt.QLineEdit())
    parameters = make(wrapper, str)(a_node)
    tag = parameters.connectGui(gui)
    parameters.disconnectGui(tag)
    parameters.value = "set by a script"
    assert gui.value.text == ""
    del parameters
    gc.collect()
    assert not a_node.HasObserver(vtk.vtkCommand.ModifiedEvent)


def test_what_cannot_be_connected_is_refused(wrapper, a_node):
    import ctk
    import qt

    with pytest.raises(RuntimeError):
        make(wrapper, str)(a_node).connectGui(widgets(value=ctk.ctkPathLineEdit()))
    with pytest.raises(RuntimeError):
        make(wrapper, str)(a_node).connectGui(widgets(value=qt.QComboBox()))
    with pytest.raises(ValueError):
        make(wrapper, str)(a_node).connectGui(widgets(unknown=qt.QLineEdit()))


def test_a_parameter_node_is_made_with_the_same_marks(side, a_scene):
    module = sys.modules["slicer.ScriptedLoadableModule"]
    node = type("SomethingLogic", (module.ScriptedLoadableModuleLogic,), {})().getParameterNode()
    assert node.GetSingletonTag() == node.GetName() == node.GetAttribute("ModuleName") == "Something"
    node.SetAttribute("ModuleName", None)
    again = type("SomethingLogic", (module.ScriptedLoadableModuleLogic,), {})().getParameterNode()
    assert again is node
    assert node.GetAttribute("ModuleName") == "Something"


def test_a_module_finds_its_icon_and_its_test(side):
    module = sys.modules["slicer.ScriptedLoadableModule"]
    parent = types.SimpleNamespace(path=str(ROOT / "QPerfusion" / "QPerfusion.py"))
    made = type("QPerfusion", (module.ScriptedLoadableModule,), {})(parent)
    assert not parent.icon.isNull()
    assert slicer.selfTests["QPerfusion"] == made.runTest
    with pytest.raises(AttributeError):
        type("Other", (module.ScriptedLoadableModule,), {})(types.SimpleNamespace())


def test_a_widget_without_a_parent_sets_itself_up(side, a_scene):
    module = sys.modules["slicer.ScriptedLoadableModule"]
    done = []
    kind = type("QPerfusionWidget", (module.ScriptedLoadableModuleWidget,), {"setup": lambda self: done.append(self)})
    widget = kind()
    assert done == [widget]
    assert widget.moduleName == "QPerfusion"
    assert Path(widget.resourcePath("UI/QPerfusion.ui")).is_file()
    assert widget.parent.mrmlScene() is a_scene
    slicer.app.moduleManager().listeners.clear()


@pytest.mark.parametrize(
    "given",
    [{}, {"uris": [], "fileNames": None}, {"uris": ["a"], "fileNames": []}, {"uris": ["a"], "fileNames": ["a", "b"]}],
)
def test_a_sample_whose_lists_differ_is_refused(side, given):
    with pytest.raises((TypeError, ValueError)):
        sys.modules["SampleData"].SampleDataSource(sampleName="sample", **given)


@pytest.mark.parametrize(
    ("given", "count"),
    [({"uris": [], "fileNames": []}, 0), ({"uris": "a"}, 1), ({"uris": ["a", "b"], "fileNames": ["a", "b"]}, 2)],
)
def test_a_sample_with_lists_of_one_length_is_taken(side, given, count):
    source = sys.modules["SampleData"].SampleDataSource(sampleName="sample", **given)
    assert source.sampleDescription == "sample"
    lists = (source.uris, source.fileNames, source.nodeNames, source.checksums, source.loadFiles, source.loadFileTypes)
    assert [len(item) for item in lists] == [count] * 6


def test_a_sample_is_registered_once(side):
    module = sys.modules["SampleData"]
    slicer.modules.sampleDataSources = {}
    for _ in range(2):
        module.SampleDataLogic.registerCustomSampleDataSource(
            category="Test", sampleName="sample", uris=[], fileNames=[], customDownloader=print
        )
    (source,) = module.SampleDataLogic.sampleDataSourcesByCategory("Test")
    assert source.customDownloader is print


def test_what_a_plugin_offers_starts_alike(side):
    assert vars(sys.modules["DICOMLib"].DICOMLoadable()) == {
        "files": [],
        "name": "Unknown",
        "tooltip": "No further information available",
        "warning": "",
        "selected": False,
        "confidence": 0.5,
    }


def test_a_plugin_remembers_what_it_found(since_5_12):
    plugin = sys.modules["DICOMLib"].DICOMPlugin()
    assert plugin.loadType == "Generic DICOM"
    assert plugin.tags["modality"] == "0008,0060"
    assert plugin.tags["seriesDescription"] == "0008,103E"
    assert plugin.getCachedLoadables(["a", "b"]) is None
    plugin.cacheLoadables(["a", "b"], [])
    assert plugin.getCachedLoadables(["a", "b"]) == []
    assert plugin.examineForImport([["a", "b"], ["c"]]) == []


def test_requirements_are_read_alike(since_5_12, tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text("# a comment\n\n--index-url nowhere\nnumba>=0.61\n pillow >= 10 ; python_version > '3'\n")
    found = sys.modules["slicer.packaging"].load_requirements(path)
    assert [item.name for item in found] == ["numba", "pillow"]
    assert str(found[0].specifier) == ">=0.61"


def test_packages_are_not_installed_while_tests_run(since_5_12):
    sys.modules["slicer.packaging"].pip_ensure(["no-such-package-at-all>=1"], requester="QPerfusion")


def test_texts_are_found_under_the_name_of_their_file(side):
    module = sys.modules["slicer.i18n"]
    assert module.getContext(str(ROOT / "QPerfusion" / "QPerfusion.py")) == "QPerfusion"
    assert module.getContext(str(ROOT / "QPerfusionLogic" / "panel" / "run_part.py")) == "panel.run_part"
    assert module.tr("Apply") == module.translate("QPerfusion", "Apply") == "Apply"


@pytest.mark.parametrize(
    "name",
    [
        "VTKObservationMixin",
        "childWidgetVariables",
        "errorDisplay",
        "getModuleLogic",
        "getModuleWidget",
        "launchConsoleProcess",
        "loadUI",
        "modulePath",
        "reloadScriptedModule",
        "selectModule",
        "settingsValue",
        "tryWithErrorDisplay",
    ],
)
def test_the_helpers_of_the_wheel_take_what_those_of_slicer_take(originals, name):
    import slicer.util as wheel

    def parameters(module):
        found = getattr(module, name)
        return list(inspect.signature(getattr(found, "__wrapped__", found)).parameters)

    if name == "launchConsoleProcess" and originals.modules["packaging"] is None:
        assert "blocking" not in parameters(originals.modules["util"]), "why Slicer 5.10 is not supported"
    elif name in ("errorDisplay", "selectModule"):
        assert callable(getattr(originals.modules["util"], name))
    else:
        assert parameters(wheel) == parameters(originals.modules["util"])
