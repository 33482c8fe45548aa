"""Series, curves, masks and T1 maps as they were acquired, put into a scene so that a user can choose them."""

from __future__ import annotations

from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.results import StudyResult
from QPerfusionLogic.data.series import PerfusionSeries, State
from QPerfusionLogic.data.study import PerfusionStudy, T1Map
from QPerfusionLogic.mrml.nodes.marks import mark
from QPerfusionLogic.mrml.nodes.segmentations import add_segmentation
from QPerfusionLogic.mrml.nodes.sequences import (
    add_browser,
    add_sequence,
    companion_node,
    refer_to_companion,
    write_description,
)
from QPerfusionLogic.mrml.nodes.tables import add_arterial_curve
from QPerfusionLogic.mrml.nodes.volumes import add_volume, set_units

Key = tuple[str, str]
"""(state or "", role) of a node."""
T1_CODES = (("t1", "99QPERFUSION", "Native T1"), ("s", "UCUM", "second"))
"""Quantity and unit of a T1 map."""


def add_study_inputs(scene: Any, study: PerfusionStudy) -> dict[Key, Any]:
    """Put the series, curves, masks and T1 map of a study that was loaded from files into a scene.

    Returns
    -------
    dict
        (state or "", role) -> node, with the roles tissue, aif, table:given_aif, pre_bolus, mask and t1_map.
    """
    nodes: dict[Key, Any] = {}
    for state in study.states:
        acquisition, prefix = study.acquisition(state), state.value.capitalize()
        for role, series in (
            ("tissue", acquisition.tissue),
            ("aif", acquisition.aif_series),
            ("pre_bolus", acquisition.pre_bolus),
        ):
            if series is not None:
                text = "series" if role == "tissue" else f"{role.replace('_', '-')} series"
                nodes[state.value, role] = add_input(scene, f"{prefix} {text}", series)
        if acquisition.aif_curve is not None:
            nodes[state.value, "table:given_aif"] = add_arterial_curve(scene, f"{prefix} AIF", acquisition.aif_curve)
        if acquisition.mask is not None:
            geometry = acquisition.mask.geometry or acquisition.tissue.geometry
            nodes[state.value, "mask"] = add_segmentation(scene, f"{prefix} mask", acquisition.mask.labels, geometry)
    if study.t1_map is not None:
        nodes["", "t1_map"] = add_input(scene, "T1 map", study.t1_map)
    return nodes


def add_acquisitions(scene: Any, result: StudyResult) -> dict[Key, Any]:
    """Put what was acquired for a result into a scene, as `add_study_inputs` does."""
    acquired = {state: found.acquisition for state, found in result.states.items()}
    return add_study_inputs(scene, PerfusionStudy(acquired.get(State.STRESS), acquired.get(State.REST)))


def add_input(scene: Any, name: str, content: PerfusionSeries | T1Map) -> Any:
    """Put one series, with a player, or a T1 map into a scene and return its node."""
    if isinstance(content, T1Map):
        node = add_volume(scene, name, content.t1_s, content.geometry)
        mark(node, "t1_map")
        set_units(node, *T1_CODES)
        return node
    node = add_sequence(scene, name, content.signal, content.time_s, content.geometry)
    write_description(node, content)
    for text, images, times in companions(content):
        companion = add_sequence(scene, f"{node.GetName()} {text}", images, times, content.geometry)
        mark(companion, text.replace(" ", "_"))
        refer_to_companion(node, text, companion)
    add_browser(scene, f"{name} player", [node], [name])
    return node


def helpers_of(scene: Any, node: Any) -> list[Any]:
    """Return what `add_input` added with a series: its player, the volume that it shows, and companions."""
    found = []
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLSequenceBrowserNode")):
        browser = scene.GetNthNodeByClass(index, "vtkMRMLSequenceBrowserNode")
        if browser.GetMasterSequenceNode() is node:
            found += [browser, browser.GetProxyNode(node)]
    found += [companion_node(node, name) for name in ("proton density", "second echo")]
    return [helper for helper in found if helper is not None]


def companions(series: PerfusionSeries) -> list[tuple[str, FloatArray, FloatArray]]:
    """Return name, images and times of what was acquired together with a series."""
    found = []
    if series.proton_density is not None:
        count = len(series.proton_density)
        found.append(("proton density", series.proton_density, np.arange(count, dtype=float)[:, None]))
    if series.second_echo is not None:
        found.append(("second echo", series.second_echo, series.time_s))
    return found
