"""The nodes of a scene that may be inputs, as the panel's guess sees them."""

from __future__ import annotations

from typing import Any

from QPerfusionLogic.mrml.nodes.marks import ROLE, read_note

from .input_guesses import Candidate

_CLASSES = ("vtkMRMLSequenceNode", "vtkMRMLTableNode", "vtkMRMLScalarVolumeNode")
_INPUT_ROLES = ("tissue", "aif", "pre_bolus", "t1_map")


def input_candidates(scene: Any) -> list[Candidate]:
    """Return the nodes that a user may mean as inputs, without results and volumes that show a sequence."""
    found = []
    for index in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(index)
        if node.GetClassName() not in _CLASSES or node.GetHideFromEditors():
            continue
        role = node.GetAttribute(ROLE) or ""
        if role and role not in _INPUT_ROLES:
            continue
        described = read_note(node, "Series") or {}
        kind, state = described.get("kind", role), described.get("state", "")
        found.append(Candidate(node, node.GetClassName(), node.GetName(), kind, "" if state == "unknown" else state))
    return found
