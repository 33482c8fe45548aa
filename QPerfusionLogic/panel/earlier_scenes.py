"""Choices in the parameter node of a scene that an earlier version saved, adopted into those of today."""

from __future__ import annotations

from typing import Any

from QPerfusionLogic.mrml.study.input_guesses import Candidate, state_of

PRE_BOLUS = "preBolus"
"""Parameter of version 0.1: one pre-bolus, that of the stress series."""


def take_over_pre_bolus(node: Any, parameters: Any) -> None:
    """Move the one pre-bolus of an earlier scene to its state: the one that its name shows, else stress.

    Parameters
    ----------
    node : vtkMRMLScriptedModuleNode
        The parameter node itself.
    parameters : QPerfusionParameterNode
        Its wrapper.
    """
    diluted = node.GetNodeReference(PRE_BOLUS)
    if diluted is None:
        return
    state = state_of(Candidate(diluted, diluted.GetClassName(), diluted.GetName()))
    name = "restPreBolus" if state == "rest" else "stressPreBolus"
    if getattr(parameters, name) is None:
        setattr(parameters, name, diluted)
    node.RemoveNodeReferenceIDs(PRE_BOLUS)
    node.UnsetParameter(PRE_BOLUS)
