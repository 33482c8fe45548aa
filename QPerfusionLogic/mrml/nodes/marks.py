"""How QPerfusion recognises its own nodes: attributes that travel with the scene."""

from __future__ import annotations

import json
from typing import Any

from QPerfusionLogic.data.series import State

ROLE, STATE, STUDY = "QPerfusion.Role", "QPerfusion.State", "QPerfusion.Study"
"""Attributes of every node that QPerfusion makes: what it is, stress or rest, and the study it belongs to."""


def mark(node: Any, role: str, state: State | None = None, study: str = "") -> None:
    """Write on a node what it is, of which state and of which study."""
    node.SetAttribute(ROLE, role)
    node.SetAttribute(STATE, state.value if state is not None else "")
    node.SetAttribute(STUDY, study)


def marked_nodes(scene: Any, role: str, state: State | None = None, study: str = "") -> list[Any]:
    """Return the nodes of one role, optionally of one state and one study, in the order of the scene."""
    found = []
    for index in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(index)
        if node.GetAttribute(ROLE) != role:
            continue
        if state is not None and node.GetAttribute(STATE) != state.value:
            continue
        if study and node.GetAttribute(STUDY) != study:
            continue
        found.append(node)
    return found


def marked_studies(scene: Any) -> list[str]:
    """Return the names of the studies in a scene, in the order they were added."""
    names = (scene.GetNthNode(index).GetAttribute(STUDY) for index in range(scene.GetNumberOfNodes()))
    return list(dict.fromkeys(name for name in names if name))


def new_study_name(scene: Any, wanted: str) -> str:
    """Return `wanted`, with a number when a study of the scene, perhaps loaded from a file, has this name already."""
    taken, number = set(marked_studies(scene)), 1
    while (name := wanted if number == 1 else f"{wanted} {number}") in taken:
        number += 1
    return name


def write_note(node: Any, name: str, content: Any) -> None:
    """Keep a JSON value on a node under `QPerfusion.name`."""
    node.SetAttribute(f"QPerfusion.{name}", json.dumps(content))


def read_note(node: Any, name: str) -> Any:
    """Return the JSON value kept under `QPerfusion.name`, None when there is none or it cannot be read."""
    return as_json(node.GetAttribute(f"QPerfusion.{name}"))


def as_json(text: str | None) -> Any:
    """Return the JSON value of a text, None when there is none or it cannot be read."""
    if not text:
        return None
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None
