"""The studies that a scene holds, found by what QPerfusion wrote on their nodes; also in reopened scenes."""

from __future__ import annotations

from typing import Any

from .filling import SceneStudy
from .hierarchy import folder_named
from .marks import ROLE, STATE, STUDY


def study_names(scene: Any) -> list[str]:
    """Return the names of the studies in a scene, in the order they were added."""
    names = (scene.GetNthNode(index).GetAttribute(STUDY) for index in range(scene.GetNumberOfNodes()))
    return list(dict.fromkeys(name for name in names if name))


def study_named(scene: Any, name: str) -> SceneStudy | None:
    """Return a study of a scene with the nodes that are still there, None when there is none of this name."""
    nodes = {}
    for index in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(index)
        if name and node.GetAttribute(STUDY) == name:
            nodes[node.GetAttribute(STATE) or "", node.GetAttribute(ROLE) or ""] = node
    if not nodes:
        return None
    return SceneStudy(name, folder_named(scene, name) or 0, nodes)
