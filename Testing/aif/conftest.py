"""A heart whose blood gadolinium is known, seen by a tissue series, a short-saturation AIF series and a pre-bolus."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.protocol import Protocol
from QPerfusionLogic.data.results import Registered, Segmented, StateResult
from QPerfusionLogic.data.series import PerfusionSeries, SeriesKind, State
from QPerfusionLogic.data.study import Acquisition, Curve
from QPerfusionLogic.signal_model.response import SignalResponse, Tissue
from QPerfusionLogic.signal_model.sequence import SaturationRecovery

BLOOD = Tissue(1.7, 0.22, 4.6, 5.78)
MYOCARDIUM = Tissue(1.1, 0.045, 4.6, 5.78)
TISSUE_PROTOCOL = Protocol(
    field_strength_t=1.5,
    repetition_time_s=0.0022,
    echo_time_s=0.001,
    flip_angle_deg=15.0,
    saturation_time_s=0.1,
    pulses_to_centre=20,
    proton_density_flip_angle_deg=5.0,
    agent="gadobutrol",
)
AIF_PROTOCOL = dataclasses.replace(
    TISSUE_PROTOCOL,
    echo_time_s=0.0008,
    second_echo_time_s=0.0018,
    flip_angle_deg=5.0,
    saturation_time_s=0.0235,
    pulses_to_centre=9,
)
MEASURED_R2_STAR_L_MMOL_S = 18.0
"""Makes T2* about 10 ms at 5 mmol/L, as at the peak in the left ventricle."""


def gamma_bolus(time_s, height, arrival_s, width_s):
    since = np.clip(time_s - arrival_s, 0.0, None) / width_s
    first = since**3 * np.exp(3.0 * (1.0 - since))
    passed = 1.0 / (1.0 + np.exp(-(time_s - arrival_s - 3.0 * width_s)))
    return height * (first + 0.15 * passed)


def left_ventricle(time_s, height=5.0):
    return gamma_bolus(time_s, height, 9.0, 5.0)


@dataclass(frozen=True)
class KnownInput:
    """A state and its true blood gadolinium as a function of time on the tissue clock."""

    state: StateResult
    truth: object


def pools(size, left_label=2, right_label=3):
    rows, columns = np.mgrid[:size, :size]
    scale = size / 64
    labels = np.zeros((1, size, size), np.uint8)
    ring = np.hypot(rows - 32 * scale, columns - 38 * scale)
    labels[0][ring < 12 * scale] = 1
    labels[0][ring < 8 * scale] = left_label
    labels[0][np.hypot(rows - 32 * scale, columns - 16 * scale) < 8 * scale] = right_label
    return labels


def imaged(protocol, labels, time_s, blood_height, random, noise, start_s=0.0, second_echo=False, coil=1000.0):
    """Signal (frames, 1, size, size) and proton density of one series whose blood has extra T2* decay."""
    sequence = SaturationRecovery(
        "flash",
        protocol.repetition_time_s,
        protocol.echo_time_s,
        protocol.flip_angle_deg,
        protocol.saturation_time_s,
        protocol.pulses_to_centre,
    )
    clock = time_s + start_s
    left, right = left_ventricle(clock, blood_height), gamma_bolus(clock, 1.3 * blood_height, 5.0, 4.0)
    gadolinium = np.zeros((len(time_s), *labels.shape))
    gadolinium[:, labels == 2] = left[:, None]
    gadolinium[:, labels == 3] = right[:, None]
    gadolinium[:, labels == 1] = 0.15 * left_ventricle(clock - 3.0, blood_height)[:, None]
    blood, myocardium = SignalResponse(sequence, BLOOD, 20.0), SignalResponse(sequence, MYOCARDIUM, 20.0)
    is_blood, is_air = labels > 1, labels == 0

    def with_decay(echo_time_s):
        extra = np.where(is_blood, MEASURED_R2_STAR_L_MMOL_S - BLOOD.r2_l_mmol_s, 0.0)
        shift = echo_time_s - protocol.echo_time_s
        factor = np.exp(-gadolinium * (extra * echo_time_s + BLOOD.r2_l_mmol_s * shift) - shift / 0.22)
        signal = np.where(is_blood, blood.signal(gadolinium), myocardium.signal(gadolinium))
        signal = coil * np.where(is_air, 0.02, signal) * factor
        real, imaginary = random.normal(0.0, noise, (2, *signal.shape))
        return np.hypot(signal + real, imaginary).astype(np.float32)

    density = coil * np.where(is_blood, blood.proton_density_signal(), myocardium.proton_density_signal())
    density = np.repeat(density[None], 2, axis=0) + random.normal(0.0, noise, (2, *labels.shape))
    echoes = with_decay(protocol.second_echo_time_s) if second_echo else None
    return with_decay(protocol.echo_time_s), density.astype(np.float32), echoes


@pytest.fixture
def make_input():
    """Build a state; options choose what was acquired and what went wrong."""

    def make(
        peak=5.0,
        noise=0.5,
        frames=60,
        start_s=0.0,
        proton_density=True,
        aif_series=False,
        second_echo=True,
        aif_frames=None,
        aif_interval_s=0.8,
        aif_clock_s=0.0,
        pre_bolus_ratio=None,
        curve=None,
    ):
        random = np.random.default_rng(3)
        labels = pools(96)
        time = np.arange(frames) * 0.8
        signal, density, _ = imaged(TISSUE_PROTOCOL, labels, time, peak, random, noise, start_s)
        series = PerfusionSeries(
            signal,
            time[:, None],
            Geometry.axis_aligned(1, (2.0, 2.0)),
            TISSUE_PROTOCOL,
            state=State.STRESS,
            proton_density=density if proton_density else None,
        )
        acquisition = Acquisition(series, aif_curve=curve if isinstance(curve, Curve) else None)
        if aif_series:
            own = np.arange(aif_frames or frames) * aif_interval_s
            images = imaged(AIF_PROTOCOL, pools(48), own, peak, random, noise, start_s, second_echo)
            low = PerfusionSeries(
                images[0],
                own[:, None] + aif_clock_s,
                Geometry.axis_aligned(1, (4.0, 4.0)),
                AIF_PROTOCOL,
                kind=SeriesKind.AIF,
                proton_density=images[1] if proton_density else None,
                second_echo=images[2],
            )
            acquisition = dataclasses.replace(acquisition, aif_series=low)
        if pre_bolus_ratio:
            images = imaged(TISSUE_PROTOCOL, labels, time, peak / pre_bolus_ratio, random, noise, 2.0)
            before = dataclasses.replace(series, signal=images[0], proton_density=images[1] if proton_density else None)
            acquisition = dataclasses.replace(acquisition, pre_bolus=before)
        empty = np.zeros_like(labels)
        segmented = Segmented(
            labels, empty, empty, labels == 2, np.full((1, 2, 2), np.nan), {}, (0, 0, 96, 96), np.ones(1)
        )
        registered = Registered(
            series,
            np.zeros((frames, 1, 1, 1, 2)),
            np.ones((frames, 1), dtype=bool),
            (("",),) * frames,
            np.full((1, 2), np.nan),
        )
        state = StateResult(State.STRESS, acquisition, registered=registered, segmented=segmented)
        return KnownInput(state, lambda t: left_ventricle(np.asarray(t) + start_s, peak))

    return make
