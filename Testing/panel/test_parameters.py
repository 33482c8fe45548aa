"""The choices of the panel live in a node of the scene, as strictly as Slicer's own wrapper keeps them."""

from __future__ import annotations

from typing import Annotated

import pytest
import slicer
from host.parameter_node import Choice, UnusedAnnotationError, parameterNodeWrapper


@pytest.fixture
def a_node(a_scene):
    return a_scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")


@pytest.fixture
def parameters(a_scene, the_module):
    return the_module.QPerfusionLogic().getParameterNode()


def test_a_choice_between_node_classes_must_name_none(a_node):
    @parameterNodeWrapper
    class Parameters:
        chosen: slicer.vtkMRMLSequenceNode | slicer.vtkMRMLTableNode

    with pytest.raises(TypeError, match="no member of the union takes None"):
        Parameters(a_node)


def test_an_annotation_that_nobody_uses_is_an_error(a_node):
    with pytest.raises(UnusedAnnotationError, match="decimals"):

        @parameterNodeWrapper
        class Parameters:
            number: Annotated[float, "two decimals"] = 0.5


def test_a_node_that_is_none_of_the_classes_is_refused(parameters, a_scene):
    with pytest.raises(TypeError):
        parameters.stressAif = a_scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    with pytest.raises(TypeError):
        parameters.stressSeries = a_scene.AddNewNodeByClass("vtkMRMLTableNode")
    assert parameters.stressAif is parameters.stressSeries is None


def test_a_choice_that_does_not_exist_is_refused(a_node):
    @parameterNodeWrapper
    class Parameters:
        mode: Annotated[str, Choice(["one", "two"])] = "one"

    with pytest.raises(ValueError, match="three"):
        Parameters(a_node).mode = "three"


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("stressSeries", ["vtkMRMLSequenceNode"]),
        ("restSeries", ["vtkMRMLSequenceNode"]),
        ("stressPreBolus", ["vtkMRMLSequenceNode"]),
        ("restPreBolus", ["vtkMRMLSequenceNode"]),
        ("t1Map", ["vtkMRMLScalarVolumeNode"]),
        ("stressAif", ["vtkMRMLSequenceNode", "vtkMRMLTableNode"]),
        ("restAif", ["vtkMRMLSequenceNode", "vtkMRMLTableNode"]),
        ("stressMask", ["vtkMRMLSegmentationNode", "vtkMRMLLabelMapVolumeNode"]),
        ("restMask", ["vtkMRMLSegmentationNode", "vtkMRMLLabelMapVolumeNode"]),
    ],
)
def test_an_input_takes_nodes_of_its_classes_and_nothing(parameters, the_module, a_scene, name, kinds):
    assert getattr(parameters, name) is None
    for kind in kinds:
        node = a_scene.AddNewNodeByClass(kind)
        setattr(parameters, name, node)
        assert getattr(parameters, name) is node
        assert getattr(the_module.QPerfusionLogic().getParameterNode(), name) is node
    setattr(parameters, name, None)
    assert getattr(parameters, name) is None


def test_a_node_that_leaves_the_scene_leaves_the_choice(parameters, a_scene):
    for kind in ("vtkMRMLSequenceNode", "vtkMRMLTableNode"):
        node = a_scene.AddNewNodeByClass(kind)
        parameters.stressAif = node
        a_scene.RemoveNode(node)
        assert parameters.stressAif is None


def test_the_spin_box_of_the_hematocrit_goes_in_hundredths(a_panel):
    box = a_panel.ui.hematocritBox
    assert (box.decimals, box.singleStep, box.minimum, box.maximum) == (2, 0.01, 0.2, 0.6)
