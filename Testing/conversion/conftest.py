"""A small perfusion series with known gadolinium: LV, RV and myocardium in one slice, no motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.protocol import Protocol
from QPerfusionLogic.data.results import Registered, Segmented, StateResult
from QPerfusionLogic.data.series import PerfusionSeries, State
from QPerfusionLogic.data.study import Acquisition
from QPerfusionLogic.signal_model.response import SignalResponse, Tissue
from QPerfusionLogic.signal_model.sequence import SaturationRecovery

TIME_S = np.arange(50) * 0.8
PROTOCOL = Protocol(
    field_strength_t=1.5,
    sequence="flash",
    repetition_time_s=0.0022,
    echo_time_s=0.001,
    flip_angle_deg=15.0,
    saturation_time_s=0.1,
    pulses_to_centre=20,
    proton_density_flip_angle_deg=5.0,
    agent="gadobutrol",
)
MYOCARDIUM = Tissue(1.1, 0.045, 4.6, 5.78)
BLOOD = Tissue(1.7, 0.22, 4.6, 10.5)


@dataclass(frozen=True)
class KnownHeart:
    """A state with its true gadolinium (frames, slices, rows, columns)."""

    state: StateResult
    gd_mmol_l: np.ndarray


def bolus(height, arrival_s, width_s):
    since = np.clip(TIME_S - arrival_s, 0.0, None) / width_s
    return height * since**2 * np.exp(2.0 * (1.0 - since))


def labels_of_one_slice():
    rows, columns = np.mgrid[:40, :40]
    radius = np.hypot(rows - 20, columns - 24)
    labels = np.zeros((1, 40, 40), np.uint8)
    labels[0][(radius < 12)] = 1
    labels[0][(radius < 7)] = 2
    labels[0][np.hypot(rows - 20, columns - 6) < 5] = 3
    return labels


def segmented_as(labels):
    empty = np.zeros_like(labels)
    return Segmented(
        labels=labels,
        segments=empty,
        layers=empty,
        aif_region=labels == 2,
        insertion_points=np.full((len(labels), 2, 2), np.nan),
        peak_frames={},
        heart_box=(0, 0, *labels.shape[1:]),
        confidence=np.ones(len(labels)),
        source="given",
    )


@pytest.fixture
def make_heart():
    """Build a heart; the options change the truth or what is acquired."""

    def make(t1_myocardium_s=1.1, noise=0.0, proton_density=True, protocol=PROTOCOL):
        labels = labels_of_one_slice()
        gadolinium = np.zeros((len(TIME_S), 1, 40, 40))
        gadolinium[:, labels == 1] = bolus(0.9, 11.0, 6.0)[:, None]
        gadolinium[:, labels == 2] = bolus(4.0, 9.0, 4.0)[:, None]
        gadolinium[:, labels == 3] = bolus(5.0, 6.0, 3.0)[:, None]
        sequence = SaturationRecovery(
            protocol.sequence, 0.0022, 0.001, protocol.flip_angle_deg, 0.1, protocol.pulses_to_centre
        )
        blood = SignalResponse(sequence, BLOOD)
        myocardium = SignalResponse(sequence, Tissue(t1_myocardium_s, 0.045, 4.6, 5.78))
        is_blood = labels > 1
        coil = 800.0 + 10.0 * np.arange(40)[None, None, :] + np.zeros(labels.shape)
        signal = coil * np.where(is_blood, blood.signal(gadolinium), myocardium.signal(gadolinium))
        density = coil * np.where(is_blood, blood.proton_density_signal(), myocardium.proton_density_signal())
        real, imaginary = np.random.default_rng(0).normal(0.0, noise, (2, *signal.shape))
        signal = np.hypot(signal + real, imaginary)
        series = PerfusionSeries(
            signal=signal.astype(np.float32),
            time_s=TIME_S[:, None],
            geometry=Geometry.axis_aligned(1),
            protocol=protocol,
            state=State.REST,
            proton_density=density[None].astype(np.float32) if proton_density else None,
        )
        registered = Registered(
            series,
            np.zeros((len(TIME_S), 1, 1, 1, 2)),
            np.ones((len(TIME_S), 1), dtype=bool),
            (("",),) * len(TIME_S),
            np.full((1, 2), np.nan),
        )
        state = StateResult(State.REST, Acquisition(series), registered=registered, segmented=segmented_as(labels))
        return KnownHeart(state, gadolinium)

    return make
