"""Stacks of slices of either handedness, and a study result of which no two slices are alike."""

from __future__ import annotations

import dataclasses

import numpy as np

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.results import StudyResult
from QPerfusionLogic.data.series import PerfusionSeries, SeriesKind, State
from QPerfusionLogic.data.study import T1Map

from .hand_made import SLICES, hand_made_result

_ROWS = {"axial": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)), "oblique": ((0.8, 0.6, 0.0), (0.0, 0.0, -1.0))}


def stack(plane, steps_mm):
    """Slices in a plane at distances along its normal; distances that fall make the stack left-handed."""
    along_columns, along_rows = (np.array(axis) for axis in _ROWS[plane])
    normal = np.cross(along_columns, along_rows)
    matrices = np.zeros((len(steps_mm), 4, 4))
    for matrix, step in zip(matrices, steps_mm, strict=True):
        matrix[:3, :3] = np.column_stack([1.5 * along_columns, 2.0 * along_rows, 8.0 * normal])
        matrix[:3, 3] = np.array([-20.0, 35.0, 60.0]) + step * normal
        matrix[3, 3] = 1.0
    return Geometry(matrices)


STACKS = {
    "right-handed": stack("axial", (0.0, 10.0, 20.0)),
    "left-handed": stack("axial", (0.0, -10.0, -20.0)),
    "oblique right-handed": stack("oblique", (0.0, 10.0, 20.0)),
    "oblique left-handed": stack("oblique", (0.0, -9.0, -21.0)),
}
"""Name -> three slices, the last ones not evenly spaced. The digital patient is a left-handed stack."""


def uneven_result(geometry):
    """The hand-made study on a stack, with other images, labels, times, points and motion in every slice."""
    result = hand_made_result()
    states = {state: _on(found, geometry, seed) for seed, (state, found) in enumerate(result.states.items())}
    reserve = states[State.STRESS].mapped.maps["mbf"] / states[State.REST].mapped.maps["mbf"]
    shift = np.arange(2.0 * SLICES).reshape(SLICES, 2)
    return StudyResult(states, result.provenance, result.notices, shift, reserve)


def native_t1(geometry):
    """A T1 map of two slices between those of the study, in the opposite order."""
    matrices = np.array(geometry.index_to_lps[[2, 1]])
    matrices[:, :3, 3] += 1.0
    values = 1.2 + 0.1 * np.arange(2)[:, None, None] + 0.001 * np.arange(30 * 20).reshape(30, 20)
    return T1Map(values, Geometry(matrices))


def _on(found, geometry, seed):
    generator = np.random.default_rng(seed)
    tissue = found.acquisition.tissue
    time_s = tissue.time_s + 0.05 * np.arange(SLICES) ** 2
    tissue = dataclasses.replace(
        tissue, geometry=geometry, time_s=time_s, proton_density=generator.uniform(1, 2, tissue.signal[:1].shape)
    )
    aif = _blood(geometry, found.state, SeriesKind.AIF, generator)
    aif = dataclasses.replace(aif, second_echo=0.5 * aif.signal)
    pre_bolus = _blood(geometry, found.state, SeriesKind.PRE_BOLUS, generator)
    registered, segmented = found.registered, found.segmented
    reason = [list(row) for row in registered.reason]
    kept = registered.kept.copy()
    kept[7, 0], reason[7][0] = False, "breathing"
    displacement = generator.normal(0, 2, registered.displacement_mm.shape).astype(np.float32)
    moved = [np.roll(plane, 2 * index, axis=1) for index, plane in enumerate(segmented.labels)]
    segmented = dataclasses.replace(
        segmented,
        labels=np.stack(moved),
        layers=np.stack([np.roll(plane, 2 * index, axis=1) for index, plane in enumerate(segmented.layers)]),
        segments=np.stack([np.roll(plane, 2 * index, axis=1) for index, plane in enumerate(segmented.segments)]),
        aif_region=np.stack([plane == 2 if index == 0 else plane > 9 for index, plane in enumerate(moved)]),
        insertion_points=segmented.insertion_points + np.arange(SLICES)[:, None, None],
        confidence=np.linspace(0.5, 0.9, SLICES),
    )
    inside = segmented.labels == 1
    maps = {name: np.where(inside, generator.uniform(1, 3, inside.shape), np.nan) for name in found.mapped.maps}
    saturated = np.zeros(inside.shape, bool)
    saturated[2, 5:8] = True
    return dataclasses.replace(
        found,
        acquisition=dataclasses.replace(found.acquisition, tissue=tissue, aif_series=aif, pre_bolus=pre_bolus),
        registered=dataclasses.replace(
            registered,
            series=dataclasses.replace(tissue, signal=tissue.signal + 1),
            displacement_mm=displacement,
            kept=kept,
            reason=tuple(tuple(row) for row in reason),
            heart_centre=registered.heart_centre + np.arange(SLICES)[:, None],
        ),
        segmented=segmented,
        concentration=dataclasses.replace(found.concentration, time_s=time_s, saturated=saturated),
        mapped=dataclasses.replace(found.mapped, maps=maps),
    )


def _blood(geometry, state, kind, generator):
    """A series of the first two slices at a quarter of the matrix."""
    matrices = np.array(geometry.index_to_lps[:2])
    matrices[:, :3, :2] *= 2.0
    time_s = 0.7004 * np.arange(12)[:, None] + np.array([0.03, 0.11])
    signal = generator.uniform(1, 2, (12, 2, 20, 24)).astype(np.float32)
    return PerfusionSeries(signal, time_s, Geometry(matrices), kind=kind, state=state)
