"""A study result made by hand: an oblique stack, a round heart, known curves and flows."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.protocol import Protocol
from QPerfusionLogic.data.results import (
    ArterialInput,
    Concentration,
    Mapped,
    Registered,
    Segmented,
    SegmentFlow,
    StateResult,
    StudyResult,
)
from QPerfusionLogic.data.series import PerfusionSeries, Quantity, SeriesKind, SeriesSource, State
from QPerfusionLogic.data.study import Acquisition, LabelMap, PerfusionStudy

FRAMES, SLICES, ROWS, COLUMNS = 12, 3, 40, 48


def oblique_geometry():
    """Three slices of a double-oblique stack with unequal pixel spacing."""
    along_columns = np.array([0.8, 0.6, 0.0])
    along_rows = np.array([0.0, 0.0, -1.0])
    normal = np.cross(along_columns, along_rows)
    matrices = np.zeros((SLICES, 4, 4))
    for item in range(SLICES):
        matrices[item, :3, 0] = along_columns * 1.5
        matrices[item, :3, 1] = along_rows * 2.0
        matrices[item, :3, 2] = normal * 8.0
        matrices[item, :3, 3] = np.array([-20.0, 35.0, 60.0]) + normal * 10.0 * item
        matrices[item, 3, 3] = 1.0
    return Geometry(matrices)


def hand_made_result():
    """A study of stress and rest with every stage done."""
    geometry = oblique_geometry()
    generator = np.random.default_rng(7)
    states = {state: _state_result(state, geometry, generator) for state in (State.STRESS, State.REST)}
    reserve = states[State.STRESS].mapped.maps["mbf"] / states[State.REST].mapped.maps["mbf"]
    notice = Notice(
        "aif-saturated", "the AIF peaks at 4.1 mmol/L", "use a dual-sequence AIF", stage="aif", state="stress"
    )
    return StudyResult(states, {"software": "test"}, (notice,), np.zeros((SLICES, 2)), reserve)


def _state_result(state, geometry, generator):
    time_s = 0.7004 * np.arange(FRAMES)[:, None] + 0.2 * np.arange(SLICES)
    signal = generator.uniform(50, 100, (FRAMES, SLICES, ROWS, COLUMNS)).astype(np.float32)
    series = PerfusionSeries(
        signal,
        time_s,
        geometry,
        Protocol(vendor="Digital", field_strength_t=3.0, saturation_time_s=0.1),
        state=state,
        source=SeriesSource(description="made by hand", time_source="AcquisitionTime"),
    )
    aif = PerfusionSeries(
        signal[:, :1, ::2, ::2], time_s[:, :1], Geometry.axis_aligned(1), kind=SeriesKind.AIF, state=state
    )
    kept = np.ones((FRAMES, SLICES), bool)
    kept[4, 1] = False
    reason = tuple(tuple("breathing" if (f, s) == (4, 1) else "" for s in range(SLICES)) for f in range(FRAMES))
    registered = Registered(series, np.zeros((FRAMES, SLICES, 1, 1, 2)), kept, reason, np.full((SLICES, 2), 20.0))
    segmented = _segmented()
    blood = 5.0 * np.exp(-(((time_s[:, 0] - 3.0) / 1.5) ** 2))
    arterial = ArterialInput(time_s[:, 0], blood * 0.7, blood, blood, "dual_sequence")
    concentration = Concentration(signal / 100, time_s, np.zeros((SLICES, ROWS, COLUMNS), bool), "look_up_table")
    return StateResult(
        state,
        Acquisition(series, aif),
        registered=registered,
        segmented=segmented,
        arterial_input=arterial,
        concentration=concentration,
        mapped=_mapped(segmented, time_s, state),
    )


def _segmented():
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    radius = np.hypot(rows - 20, columns - 26)
    plane = np.zeros((ROWS, COLUMNS), np.uint8)
    plane[radius < 11] = 1
    plane[radius < 7] = 2
    plane[(np.hypot(rows - 20, columns - 10) < 6) & (plane == 0)] = 3
    labels = np.stack([plane] * SLICES)
    angle = np.floor((np.arctan2(rows - 20, columns - 26) + np.pi) / (2 * np.pi) * 6).clip(0, 5).astype(np.uint8)
    offsets = (1, 7, 13)
    segments = np.stack([np.where(plane == 1, np.minimum(angle + offset, 16), 0) for offset in offsets]).astype(
        np.uint8
    )
    layers = np.where(labels == 1, np.where(radius < 9, 1, 2), 0).astype(np.uint8)
    points = np.full((SLICES, 2, 2), np.nan)
    points[:, 0] = (12.25, 17.5)
    points[0, 1] = (28.0, 17.0)
    peaks = {"right_ventricle": 3, "left_ventricle": 5, "myocardium": 8}
    return Segmented(labels, segments, layers, labels == 2, points, peaks, (5, 5, 35, 40), np.full(SLICES, 0.8))


def _mapped(segmented, time_s, state):
    flow = 3.0 if state is State.STRESS else 0.9
    inside = segmented.labels == 1
    maps = {
        "mbf": np.where(inside, flow + 0.02 * np.arange(COLUMNS), np.nan),
        "mbf_se": np.where(inside, 0.2, np.nan),
        "delay": np.where(inside, 1.2, np.nan),
        "status": np.where(inside, 0.0, np.nan),
    }
    keys = [(segment, layer) for segment in range(1, 17) for layer in ("all", "endo", "epi")]
    flows = tuple(SegmentFlow(segment, layer, flow + 0.01 * segment, 0.1, 40) for segment, layer in keys)
    times = dict.fromkeys(keys, time_s[:, 0])
    curves = {(segment, layer): 0.1 * segment + 0.0 * time_s[:, 0] for segment, layer in keys}
    return Mapped(maps, flows, times, curves, {key: value + 0.01 for key, value in curves.items()}, "fermi")


def quick_study(states=("stress", "rest"), frames=40):
    """A study in mmol/L with a mask, small enough that the whole pipeline takes a few seconds.

    Tissue is the convolution of the blood curve with a Fermi residue of 2.4 (stress) and 0.9 (rest) mL/min/g.
    """
    geometry = Geometry.axis_aligned(1, (2.5, 2.5))
    time_s = np.arange(frames) * 0.8
    fine_s = np.arange(frames * 80) * 0.01
    shifted = np.clip(fine_s - 8.0, 0.0, None)
    fine_blood = 4.0 * (shifted / 4.0) ** 2 * np.exp(2.0 * (1.0 - shifted / 4.0))
    blood = fine_blood[::80]
    rows, columns = np.mgrid[:48, :48]
    radius = np.hypot(rows - 24, columns - 28)
    labels = np.zeros((1, 48, 48), np.uint8)
    labels[0, radius < 13] = 1
    labels[0, radius < 8] = 2
    labels[0, (np.hypot(rows - 24, columns - 9) < 6) & (labels[0] == 0)] = 3
    found = {}
    for state, flow in (("stress", 2.4), ("rest", 0.9)):
        residue = 1.1 / (1.0 + 0.1 * np.exp(0.15 * flow * fine_s))
        tissue = (flow / 60.0 * 1.05 * 0.01 * np.convolve(fine_blood, residue)[: len(fine_s)])[::80]
        curves = np.stack([np.zeros(frames), tissue, blood, np.roll(blood, -4)])
        noise = np.random.default_rng(3).normal(0.0, 0.01, (frames, 1, 48, 48))
        signal = (curves[labels[0]].transpose(2, 0, 1)[:, None] + noise).astype(np.float32)
        series = PerfusionSeries(signal, time_s[:, None], geometry, state=State(state), quantity=Quantity.GADOLINIUM)
        found[state] = Acquisition(series, mask=LabelMap(labels, geometry))
    return PerfusionStudy(**{state: found[state] for state in states})


QUICK_CHANGES = {
    "registration.mode": "none",
    "conversion.mode": "concentration",
    "aif.mode": "concentration",
    "kinetics.model": "fermi",
}
"""Settings that suit `quick_study`."""
