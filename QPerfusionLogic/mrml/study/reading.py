"""A perfusion study from nodes of a scene: the series, masks, curves and T1 map that a user picked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from QPerfusionLogic.data.series import PerfusionSeries, SeriesKind, SeriesSource, State
from QPerfusionLogic.data.study import Acquisition, Curve, LabelMap, PerfusionStudy, T1Map
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.mrml.nodes.segmentations import labels_of
from QPerfusionLogic.mrml.nodes.sequences import series_of_sequence
from QPerfusionLogic.mrml.nodes.tables import curve_of
from QPerfusionLogic.mrml.nodes.volumes import geometry_of_volume, image_of

_MILLISECONDS_ABOVE = 20.0
"""A T1 map whose median exceeds this holds milliseconds: no tissue has a T1 of 20 s."""


@dataclass(frozen=True)
class StateNodes:
    """The nodes of one state of the patient; None where there is none.

    Parameters
    ----------
    series : vtkMRMLSequenceNode
        Dynamic tissue series.
    aif : vtkMRMLSequenceNode or vtkMRMLTableNode, optional
        AIF series, or table of times and values.
    mask : vtkMRMLSegmentationNode or vtkMRMLLabelMapVolumeNode, optional
    pre_bolus : vtkMRMLSequenceNode, optional
    """

    series: Any = None
    aif: Any = None
    mask: Any = None
    pre_bolus: Any = None


def study_from_scene(
    stress: StateNodes | None = None, rest: StateNodes | None = None, t1_map: Any = None
) -> PerfusionStudy:
    """Return the study that some nodes of a scene hold.

    Raises
    ------
    InputError
        When no series is given or a node cannot be used; the message names the node.
    """
    acquisitions = {
        state: _acquisition(nodes, state)
        for state, nodes in ((State.STRESS, stress), (State.REST, rest))
        if nodes is not None and nodes.series is not None
    }
    if not acquisitions:
        raise InputError("no series", expected="a stress or a rest sequence", action="choose at least one")
    return PerfusionStudy(
        stress=acquisitions.get(State.STRESS),
        rest=acquisitions.get(State.REST),
        t1_map=_t1_map(t1_map) if t1_map is not None else None,
    )


def _acquisition(nodes: StateNodes, state: State) -> Acquisition:
    tissue = series_of_sequence(nodes.series, SeriesKind.TISSUE, state)
    aif = _aif(nodes.aif, state)
    return Acquisition(
        tissue=tissue,
        aif_series=aif if isinstance(aif, PerfusionSeries) else None,
        aif_curve=aif if isinstance(aif, Curve) else None,
        pre_bolus=series_of_sequence(nodes.pre_bolus, SeriesKind.PRE_BOLUS, state)
        if nodes.pre_bolus is not None
        else None,
        mask=_mask(nodes.mask, tissue) if nodes.mask is not None else None,
    )


def _aif(node: Any, state: State) -> PerfusionSeries | Curve | None:
    if node is None:
        return None
    if node.IsA("vtkMRMLTableNode"):
        return curve_of(node)
    return series_of_sequence(node, SeriesKind.AIF, state)


def _mask(node: Any, tissue: PerfusionSeries) -> LabelMap:
    return labels_of(node, tissue.geometry, tissue.image_shape)


def _t1_map(node: Any) -> T1Map:
    values = image_of(node).astype(float)
    values[~(values > 0)] = np.nan
    known = values[np.isfinite(values)]
    if known.size == 0:
        raise InputError(f"no positive value in the T1 map {node.GetName()}", expected="T1 in ms or s")
    if np.median(known) > _MILLISECONDS_ABOVE:
        values = values / 1000.0
    return T1Map(values, geometry_of_volume(node), SeriesSource(description=node.GetName()))
