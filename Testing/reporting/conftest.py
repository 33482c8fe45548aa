"""A made-up study with every stage filled in, small enough to build in a moment."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.data import results as s

SHAPE = (3, 72, 72)
FRAMES = 60
TRUE_STRESS, TRUE_REST, ISCHAEMIC = 2.8, 0.8, 1.0


def _radius_and_angle() -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.indices(SHAPE[1:]).astype(float)
    row, column = rows - 36.0, columns - 38.0
    return np.hypot(row, column), np.degrees(np.arctan2(-row, column)) % 360.0


def _segmented() -> s.Segmented:
    radius, angle = _radius_and_angle()
    labels = np.zeros(SHAPE, np.uint8)
    segments = np.zeros(SHAPE, np.uint8)
    layers = np.zeros(SHAPE, np.uint8)
    for index, (inner, outer) in enumerate(((10.0, 17.0), (9.0, 16.0), (6.0, 12.0))):
        wall = (radius >= inner) & (radius < outer)
        labels[index][wall] = s.MYOCARDIUM
        labels[index][radius < inner] = s.LEFT_VENTRICLE
        labels[index][(radius > outer + 1) & (radius < outer + 9) & (np.abs(angle - 190.0) < 42.0)] = s.RIGHT_VENTRICLE
        if index < 2:
            number = 1 + 6 * index + (((angle - 60.0) % 360.0) // 60.0).astype(int)
        else:
            number = 13 + (((angle - 45.0) % 360.0) // 90.0).astype(int)
        segments[index][wall] = number[wall]
        middle = (inner + outer) / 2
        layers[index][wall] = np.where(radius[wall] < middle, 1, 2)
    aif_region = (labels == s.LEFT_VENTRICLE) & (radius < 5.0)
    points = np.tile(np.array([[24.0, 26.0], [48.0, 26.0]]), (3, 1, 1))
    peaks = {"right_ventricle": 10, "left_ventricle": 16, "myocardium": 24}
    return s.Segmented(labels, segments, layers, aif_region, points, peaks, (14, 8, 58, 60), np.array([0.9, 0.8, 0.6]))


def _bolus(time_s: np.ndarray, peak: float) -> np.ndarray:
    shape = np.clip(time_s - 9.0, 0.0, None) / 6.0
    first_pass = peak * (shape * np.exp(1.0 - shape)) ** 2.4
    recirculation = 0.22 * peak / (1.0 + np.exp(-(time_s - 24.0) / 2.0))
    return first_pass + recirculation


def _state_result(state: s.State, normal_mbf: float) -> s.StateResult:
    rng = np.random.default_rng(7 if state is s.State.STRESS else 8)
    segmented = _segmented()
    time_s = np.arange(FRAMES) * (0.62 if state is s.State.STRESS else 0.85)
    times = np.stack([time_s + 0.1 * index for index in range(SHAPE[0])], axis=1)
    blood = _bolus(time_s, 4.6)
    ischaemic = np.isin(segmented.segments, (7, 8, 13, 14)) & (state is s.State.STRESS)
    flow = np.where(ischaemic, ISCHAEMIC, normal_mbf) * np.where(segmented.layers == 1, 0.93, 1.06)
    tissue = np.cumsum(blood) * (time_s[1] - time_s[0]) / 60.0 * np.exp(-time_s / 70.0)
    contrast = np.zeros((FRAMES, *SHAPE))
    contrast[:, segmented.labels == s.LEFT_VENTRICLE] = blood[:, None]
    contrast[:, segmented.labels == s.RIGHT_VENTRICLE] = _bolus(time_s + 4.0, 5.0)[:, None]
    myocardium = segmented.labels == s.MYOCARDIUM
    contrast[:, myocardium] = tissue[:, None] * flow[myocardium]
    radius, angle = _radius_and_angle()
    body = 26.0 + 14.0 * np.sin(angle / 31.0) * (radius > 24.0)
    signal = body + 60.0 * contrast / (contrast + 2.5) * 3.0 + rng.normal(0.0, 2.0, contrast.shape)
    breathing = np.round(3.0 * np.sin(np.arange(FRAMES) / 4.0)).astype(int)
    moving = np.stack([np.roll(frame, step, axis=1) for frame, step in zip(signal, breathing, strict=True)])
    protocol = s.Protocol(
        "Siemens", "Aera", 1.5, "flash", 0.0022, 0.001, None, 12.0, 0.1, 30, agent="gadobutrol", dose_mmol_kg=0.075
    )
    geometry = s.Geometry.axis_aligned(SHAPE[0], (2.2, 2.2), 12.0)
    acquired = s.PerfusionSeries(moving.astype(np.float32), times, geometry, protocol, state=state)
    kept = np.ones((FRAMES, SHAPE[0]), dtype=bool)
    kept[[31, 47]] = False
    reason = tuple(tuple("" if kept[f, i] else "breath" for i in range(SHAPE[0])) for f in range(FRAMES))
    displacement = np.zeros((FRAMES, SHAPE[0], 1, 1, 2))
    displacement[..., 0] = breathing[:, None, None, None] * 2.2
    registered = s.Registered(
        dataclasses.replace(acquired, signal=signal.astype(np.float32)),
        displacement,
        kept,
        reason,
        np.tile([36.0, 38.0], (3, 1)),
        {"residual_motion_mm": 0.8},
    )
    apparent = blood / (1.0 + blood / 5.0)
    features = {"bolus_arrival_time_s": 10.2, "peak_mmol_l": float(blood.max()), "time_to_peak_s": 5.8, "fwhm_s": 7.1}
    features |= {"first_pass_end_s": 26.0, "apparent_peak_mmol_l": float(apparent.max())}
    arterial = s.ArterialInput(
        time_s, apparent * 40.0, blood * 40.0, blood, "dual_sequence", features, 0.93 * blood, 1.07 * blood
    )
    constants = {"r1": "4.6 L/mmol/s (gadobutrol, whole blood 37 C, 1.5 T; Shen 2015)"}
    physics = s.ConversionPhysics(relaxivity_l_mmol_s=4.6)
    concentration = s.Concentration(
        contrast.astype(np.float32), times, np.zeros(SHAPE, dtype=bool), "look_up_table", constants, physics
    )
    mapped = _mapped(segmented, flow, myocardium, tissue, time_s, rng)
    return s.StateResult(state, s.Acquisition(acquired), registered, segmented, arterial, concentration, mapped)


def _mapped(
    segmented: s.Segmented,
    flow: np.ndarray,
    myocardium: np.ndarray,
    tissue: np.ndarray,
    time_s: np.ndarray,
    rng: np.random.Generator,
) -> s.Mapped:
    noisy = np.where(myocardium, flow * rng.normal(1.0, 0.09, flow.shape), np.nan)
    flows, curves, fits, clock = [], {}, {}, {}
    for segment in range(1, 17):
        for layer, values in (("all", (1, 2)), ("endo", (1,)), ("epi", (2,))):
            part = (segmented.segments == segment) & np.isin(segmented.layers, values)
            mbf = float(flow[part].mean())
            flags = ("at_bound",) if segment == 12 else ()
            flows.append(
                s.SegmentFlow(
                    segment, layer, mbf, 0.04 + 0.06 * mbf, int(part.sum()), 0.97, float(np.median(noisy[part])), flags
                )
            )
            fits[segment, layer] = tissue * mbf
            curves[segment, layer] = tissue * mbf + rng.normal(0.0, 0.02, tissue.shape)
            clock[segment, layer] = time_s
    maps = {
        "mbf": noisy.astype(np.float32),
        "mbf_se": (0.1 * noisy).astype(np.float32),
        "status": np.where(myocardium, 0.0, np.nan).astype(np.float32),
    }
    return s.Mapped(maps, tuple(flows), clock, curves, fits, "fermi", (10.0, 28.0))


@pytest.fixture(scope="session")
def a_stress_state() -> s.StateResult:
    """Stress, 2.8 mL/min/g, with 1.0 mL/min/g in mid and apical LAD segments."""
    return _state_result(s.State.STRESS, TRUE_STRESS)


@pytest.fixture(scope="session")
def a_rest_state() -> s.StateResult:
    """Rest, 0.8 mL/min/g everywhere."""
    return _state_result(s.State.REST, TRUE_REST)


@pytest.fixture(scope="session")
def a_study(a_stress_state: s.StateResult, a_rest_state: s.StateResult) -> s.StudyResult:
    """Stress and rest with notices and provenance."""
    notices = (
        s.Notice(
            "no-t1-map",
            "no native T1 map: blood 1.70 s and myocardium 1.10 s were taken from the table",
            "give --t1-map when one was acquired",
            s.Severity.WARNING,
            "conversion",
            "stress",
        ),
        s.Notice("pulses-estimated", "pulses before the centre of k-space were estimated as 30", "", s.Severity.NOTE),
    )
    provenance = {
        "software": {"qperfusion": "0.1.0", "numpy": "2.4.6"},
        "settings": {"kinetics": {"model": "fermi", "hematocrit": 0.42}, "aif": {"mode": "automatic"}},
        "constants": {"stress": {"r1": "4.6 L/mmol/s (Shen 2015)"}},
    }
    states = {s.State.STRESS: a_stress_state, s.State.REST: a_rest_state}
    displacement = np.zeros((SHAPE[0], 2))
    study = s.StudyResult(states, provenance, notices, displacement)
    from QPerfusionLogic.pipeline.reserve import mpr_map

    return dataclasses.replace(study, mpr_map=mpr_map(a_stress_state, a_rest_state))
