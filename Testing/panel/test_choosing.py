"""Choosing inputs: guesses, and the reason why Apply is disabled."""

from __future__ import annotations

import dataclasses

import pytest
from host.hand_made import hand_made_result, quick_study

from QPerfusionLogic.data.series import SeriesKind, State
from QPerfusionLogic.data.study import PerfusionStudy
from QPerfusionLogic.mrml.study.study_inputs import add_study_inputs


@pytest.fixture
def a_loaded_scene(a_scene):
    states = hand_made_result().states
    study = PerfusionStudy(states["stress"].acquisition, states["rest"].acquisition)
    return add_study_inputs(a_scene, study)


def test_series_are_guessed_when_the_panel_is_entered(a_panel, a_loaded_scene):
    a_panel.enter()
    chosen = {
        name: getattr(a_panel.ui, name).currentNode()
        for name in ("stressSelector", "restSelector", "stressAifSelector", "restAifSelector")
    }
    assert {name: node.GetName() for name, node in chosen.items()} == {
        "stressSelector": "Stress series",
        "restSelector": "Rest series",
        "stressAifSelector": "Stress aif series",
        "restAifSelector": "Rest aif series",
    }


def test_a_choice_of_the_user_is_not_overruled(a_panel, a_loaded_scene):
    rest = a_loaded_scene["rest", "tissue"]
    a_panel._parameters.stressSeries = rest
    a_panel.ui.guessButton.click()
    assert a_panel._parameters.stressSeries is rest


def test_the_same_series_twice_is_explained(a_panel, a_loaded_scene):
    series = a_loaded_scene["rest", "tissue"]
    a_panel._parameters.stressSeries = series
    a_panel._parameters.restSeries = series
    assert not a_panel.ui.applyButton.enabled
    assert "same series" in a_panel.ui.applyButton.toolTip


def test_an_aif_without_its_series_is_explained(a_panel, a_loaded_scene):
    a_panel._parameters.restSeries = a_loaded_scene["rest", "tissue"]
    a_panel._parameters.stressAif = a_loaded_scene["stress", "aif"]
    assert "stress AIF is chosen without a stress series" in a_panel.ui.applyButton.toolTip


@pytest.fixture
def a_dual_bolus_scene(a_scene):
    study = quick_study()
    acquired = []
    for state in (State.STRESS, State.REST):
        tissue = study.acquisition(state).tissue
        diluted = dataclasses.replace(tissue, kind=SeriesKind.PRE_BOLUS)
        acquired.append(dataclasses.replace(study.acquisition(state), pre_bolus=diluted))
    return add_study_inputs(a_scene, PerfusionStudy(*acquired))


def test_each_state_is_given_its_own_pre_bolus(a_panel, a_dual_bolus_scene):
    a_panel.enter()
    for state in ("stress", "rest"):
        chosen = getattr(a_panel.ui, f"{state}PreBolusSelector").currentNode()
        assert chosen is a_dual_bolus_scene[state, "pre_bolus"]
    study = a_panel.logic.job(a_panel._parameters).study
    assert study.stress.pre_bolus is not None
    assert study.rest.pre_bolus is not None


def test_one_pre_bolus_for_both_states_is_explained(a_panel, a_dual_bolus_scene):
    a_panel.enter()
    a_panel._parameters.restPreBolus = a_dual_bolus_scene["stress", "pre_bolus"]
    assert not a_panel.ui.applyButton.enabled
    assert "same pre-bolus" in a_panel.ui.applyButton.toolTip


@pytest.mark.parametrize(("named", "field"), [("pre-bolus", "stressPreBolus"), ("rest pre-bolus", "restPreBolus")])
def test_the_one_pre_bolus_of_an_earlier_scene_is_still_read(the_module, a_scene, named, field):
    diluted = a_scene.AddNewNodeByClass("vtkMRMLSequenceNode", named)
    logic = the_module.QPerfusionLogic()
    node = logic.getParameterNode().parameterNode
    node.SetParameter("preBolus", "")
    node.SetNodeReferenceID("preBolus", diluted.GetID())
    parameters = logic.getParameterNode()
    assert {name: getattr(parameters, name) for name in ("stressPreBolus", "restPreBolus")}[field] is diluted
    assert node.GetNodeReference("preBolus") is None


def test_too_few_frames_are_explained(a_panel, a_scene):
    nodes = add_study_inputs(a_scene, quick_study(("stress",), frames=5))
    a_panel._parameters.stressSeries = nodes["stress", "tissue"]
    assert "has 5 frames" in a_panel.ui.applyButton.toolTip


def test_deleting_a_chosen_node_disables_apply(a_panel, a_scene):
    nodes = add_study_inputs(a_scene, quick_study(("stress",)))
    a_panel._parameters.stressSeries = nodes["stress", "tissue"]
    assert a_panel.ui.applyButton.enabled
    a_scene.RemoveNode(nodes["stress", "tissue"])
    assert not a_panel.ui.applyButton.enabled


def test_names_of_scanners_are_understood():
    from QPerfusionLogic.mrml.study.input_guesses import Candidate, guess

    names = ["ADENO_perf_sa", "perf REST sa", "perf_rest_AIF", "T1map MOLLI native", "stress AIF lowres"]
    kinds = ["vtkMRMLSequenceNode"] * 3 + ["vtkMRMLScalarVolumeNode", "vtkMRMLSequenceNode"]
    found = guess([Candidate(name, kind, name) for name, kind in zip(names, kinds, strict=True)])
    assert found == {
        "stressSeries": "ADENO_perf_sa",
        "restSeries": "perf REST sa",
        "restAif": "perf_rest_AIF",
        "stressAif": "stress AIF lowres",
        "t1Map": "T1map MOLLI native",
    }
