"""Which nodes of a scene are stress, rest, AIF and the others: a first guess that the user can change."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from QPerfusionLogic.data.series import State
from QPerfusionLogic.io.dicom.series_words import plain_words, state_of_words, word_of


@dataclass(frozen=True)
class Candidate:
    """A node as the guess sees it: its class, name, and what QPerfusion wrote on it when it did."""

    node: Any
    class_name: str
    name: str
    kind: str = ""
    state: str = ""


_WORDS_OF_NODES = {
    "aif": r"dual.?seq|blood.?pool.?series|\blow.?res",
    "pre_bolus": r"diluted",
    "t1_map": r"t1map|molli|shmolli|sasha",
}
"""What nodes of a role are called beyond the words of series."""


def guess(candidates: list[Candidate]) -> dict[str, Any]:
    """Return a node per input that one was found for.

    Parameters
    ----------
    candidates : list of Candidate
        Sequences, tables, segmentations, label maps and volumes of the scene, in order.

    Returns
    -------
    dict
        Among stressSeries, restSeries, stressAif, restAif, stressMask, restMask, t1Map, stressPreBolus, restPreBolus.
    """
    sequences = [item for item in candidates if item.class_name == "vtkMRMLSequenceNode"]
    found: dict[str, Any] = {}
    for state in ("stress", "rest"):
        _put(
            found, f"{state}Series", [item for item in sequences if _kind(item) == "tissue" and state_of(item) == state]
        )
        blood = [item for item in candidates if item.class_name in ("vtkMRMLSequenceNode", "vtkMRMLTableNode")]
        _put(found, f"{state}Aif", [item for item in blood if _kind(item) == "aif" and state_of(item) == state])
    unnamed = [item for item in sequences if _kind(item) == "tissue" and not state_of(item)]
    for name in ("stressSeries", "restSeries"):
        if name not in found and unnamed:
            found[name] = unnamed.pop(0).node
    diluted = [item for item in sequences if _kind(item) == "pre_bolus"]
    for state in ("stress", "rest"):
        _put(found, f"{state}PreBolus", [item for item in diluted if state_of(item) == state])
    chosen = [state for state in ("stress", "rest") if f"{state}Series" in found]
    if len(chosen) == 1 and f"{chosen[0]}PreBolus" not in found:
        _put(found, f"{chosen[0]}PreBolus", [item for item in diluted if not state_of(item)])
    volumes = [item for item in candidates if item.class_name == "vtkMRMLScalarVolumeNode"]
    _put(found, "t1Map", [item for item in volumes if _kind(item) == "t1_map"])
    return found


def _put(found: dict[str, Any], name: str, items: list[Candidate]) -> None:
    if items:
        found[name] = items[0].node


def _kind(item: Candidate) -> str:
    if item.kind:
        return item.kind
    for kind in ("pre_bolus", "t1_map", "aif"):
        if word_of(kind, plain_words(item.name)) or re.search(_WORDS_OF_NODES[kind], item.name, re.IGNORECASE):
            return kind
    return "tissue" if item.class_name == "vtkMRMLSequenceNode" else ""


def state_of(item: Candidate) -> str:
    """Return the state, stress or rest, that QPerfusion wrote on a node or else that its name shows, or ""."""
    if item.state:
        return item.state
    state = state_of_words(plain_words(item.name))
    return "" if state is State.UNKNOWN else str(state)
