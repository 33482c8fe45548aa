"""The studies that a scene holds, found by what QPerfusion wrote on their nodes; also in reopened scenes."""

from __future__ import annotations

from typing import Any

from QPerfusionLogic.mrml.nodes import marks
from QPerfusionLogic.mrml.nodes.marks import ROLE, STATE, STUDY
from QPerfusionLogic.mrml.nodes.study_folders import separate_studies, study_folder
from QPerfusionLogic.settings.old_names import RENAMED_ROLES

from .filling import SceneStudy


def study_names(scene: Any) -> list[str]:
    """Return the names of the studies in a scene, in the order they were added; two of one name get a name each."""
    separate_studies(scene)
    return marks.marked_studies(scene)


def study_named(scene: Any, name: str) -> SceneStudy | None:
    """Return a study of a scene with the nodes that are still there, None when there is none of this name."""
    nodes: dict[tuple[str, str], Any] = {}
    for index in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(index)
        if name and node.GetAttribute(STUDY) == name:
            # A copy that a user made of a node carries its marks, too.
            role = node.GetAttribute(ROLE) or ""
            nodes.setdefault((node.GetAttribute(STATE) or "", RENAMED_ROLES.get(role, role)), node)
    if not nodes:
        return None
    nodes |= _shown_volumes(nodes)
    return SceneStudy(name, study_folder(scene, name) or 0, nodes)


def _shown_volumes(nodes: dict[tuple[str, str], Any]) -> dict[tuple[str, str], Any]:
    """Return the volumes that show the sequences of a study: they lose their marks whenever a sequence is changed."""
    found = {}
    for (state, role), browser in nodes.items():
        if role.split(":")[0] != "browser":
            continue
        for (of, name), sequence in nodes.items():
            if of != state or not sequence.IsA("vtkMRMLSequenceNode"):
                continue
            proxy = browser.GetProxyNode(sequence)
            if proxy is not None:
                found[state, f"volume:{name}"] = proxy
    return found
