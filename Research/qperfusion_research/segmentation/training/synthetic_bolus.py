"""Random first-pass signal curves of the tissues of a training slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray

from .synthetic_anatomy import TISSUES

FRAMES = 36
NATIVE_T1_S = {
    "lung": (0.9, 1.6),
    "left_blood": (1.4, 2.0),
    "right_blood": (1.4, 2.0),
    "myocardium": (0.95, 1.4),
    "right_wall": (0.95, 1.4),
    "fat": (0.22, 0.45),
    "liver": (0.45, 0.9),
    "chest": (0.5, 1.2),
    "other": (0.3, 1.8),
}
PROTON_DENSITY = {
    "lung": (0.02, 0.25),
    "left_blood": (0.9, 1.2),
    "right_blood": (0.9, 1.2),
    "myocardium": (0.7, 1.0),
    "right_wall": (0.7, 1.0),
    "fat": (0.5, 1.2),
    "liver": (0.5, 1.1),
    "chest": (0.4, 1.1),
    "other": (0.05, 1.2),
}
UPTAKE = {"lung": (0.02, 0.5), "liver": (0.0, 0.5), "chest": (0.0, 0.25), "fat": (0.0, 0.05), "other": (0.0, 0.6)}
"""Share of the blood's concentration that a tissue behind the heart reaches, with its own delay."""


@dataclass(frozen=True)
class SyntheticBolus:
    """Signal (tissues, FRAMES) of each tissue, the last frame before the bolus, the peaks of RV and LV."""

    signal: FloatArray
    onset: int
    right_frame: int
    left_frame: int


def random_bolus(random: np.random.Generator) -> SyntheticBolus:
    """Return curves from gamma-variate boluses, exponential residues and the saturation-recovery signal equation."""
    fine = 0.25
    time = np.arange(0.0, 90.0, fine)
    arrival = random.uniform(6.0, 9.0)
    right = _gamma(time, arrival, random.uniform(2.5, 6.0), random.uniform(1.5, 4.0))
    transit, spread = random.uniform(3.0, 8.0), random.uniform(0.7, 2.5)
    left = _delayed(right, time, transit, spread)
    recirculation = random.uniform(0.05, 0.35)
    tail = 1.0 - np.exp(-np.clip(time - random.uniform(14.0, 24.0), 0.0, None) / random.uniform(4.0, 12.0))
    right, left = right / right.max(), left / left.max()
    right, left = right + recirculation * tail, left + recirculation * tail * random.uniform(0.8, 1.2)
    peak = random.uniform(2.0, 9.0)
    blood = {"right_blood": peak * random.uniform(0.9, 1.5) * right, "left_blood": peak * left}

    concentration = dict(blood)
    concentration["myocardium"] = _uptake(random, blood["left_blood"], time, random.uniform(0.08, 0.45))
    concentration["defect"] = concentration["myocardium"] * random.uniform(0.15, 0.8)
    concentration["right_wall"] = concentration["myocardium"] * random.uniform(0.7, 1.2)
    for name, (low, high) in UPTAKE.items():
        source = blood["right_blood"] if name == "lung" else blood["left_blood"]
        late = random.uniform(0.0, 3.0) if name == "lung" else random.uniform(0.0, 20.0)
        concentration[name] = _uptake(random, source, time, random.uniform(low, high), late)

    saturation_time = random.uniform(0.06, 0.2)
    relaxivity = random.uniform(3.5, 5.5)
    native = {name: random.uniform(*limits) for name, limits in NATIVE_T1_S.items()}
    density = {name: random.uniform(*limits) for name, limits in PROTON_DENSITY.items()}
    native["defect"], density["defect"] = native["myocardium"], density["myocardium"]
    curves = {
        name: density[name] * (1.0 - np.exp(-saturation_time * (1.0 / native[name] + relaxivity * concentration[name])))
        for name in TISSUES
    }
    left_peak = float(time[int(np.argmax(blood["left_blood"][: int(40.0 / fine)]))])
    right_peak = float(time[int(np.argmax(blood["right_blood"][: int(left_peak / fine)]))])
    before, after = random.integers(3, 7), left_peak + random.uniform(2.0, 3.0) * (left_peak - right_peak)
    interval = max(random.uniform(0.5, 1.2), (after - arrival) / (FRAMES - before))
    moments = arrival + interval * (np.arange(FRAMES) - before) + random.normal(0.0, 0.05 * interval, FRAMES)
    signal = np.stack([np.interp(moments, time, curves[name]) for name in TISSUES])
    right_frame, left_frame = (int(np.argmin(np.abs(moments - moment))) for moment in (right_peak, left_peak))
    return SyntheticBolus(signal.astype(np.float32), int(before), right_frame, max(left_frame, right_frame + 2))


def _gamma(time: FloatArray, start: float, rise: float, shape: float) -> FloatArray:
    """Return a gamma-variate with its peak `rise` seconds after its start."""
    own = np.clip(time - start, 0.0, None) / rise
    return np.asarray(own**shape * np.exp(shape * (1.0 - own)))


def _delayed(curve: FloatArray, time: FloatArray, delay: float, spread: float) -> FloatArray:
    kernel = np.exp(-time / spread)
    dispersed = np.convolve(curve, kernel / kernel.sum())[: len(time)]
    return np.asarray(np.interp(time - delay, time, dispersed, left=0.0))


def _uptake(
    random: np.random.Generator, source: FloatArray, time: FloatArray, share: float, late: float = 0.0
) -> FloatArray:
    """Return a tissue curve: the source through an exponential residue, its peak a share of the source's."""
    curve = _delayed(source, time, late + random.uniform(0.0, 1.5), random.uniform(4.0, 30.0))
    return np.asarray(curve / max(float(curve.max()), 1e-9) * share * float(source.max()))
