"""Undo T2* decay of a two-echo blood curve: R2* = ln(S1/S2)/(TE2 - TE1), S0 = S1 exp(TE1 R2*)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from QPerfusionLogic.study import FloatArray, Notice, Protocol

from .blood_curve import BloodCurve

HIGHEST_RATE_PER_S = 500.0
"""R2* of a T2* of 2 ms; blood at the peak of a bolus is near 100 /s."""


@dataclass(frozen=True)
class DecayCorrection:
    """The signal at echo time zero, R2* per frame (1/s), and whether it could be done."""

    signal: FloatArray
    proton_density: float
    rate_per_s: FloatArray
    done: bool
    constants: dict[str, str] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


def undo_decay(curve: BloodCurve, protocol: Protocol) -> DecayCorrection:
    """Return the blood curve as it would be at echo time zero; unchanged, with a notice, where echoes are missing.

    Parameters
    ----------
    curve : BloodCurve
        With the mean signal of both echoes over the same region.
    protocol : Protocol
        With both echo times.
    """
    first, second = protocol.echo_time_s, protocol.second_echo_time_s
    untouched = np.zeros_like(curve.signal)
    if curve.second_echo is None:
        return DecayCorrection(curve.signal, curve.proton_density, untouched, False, notices=(_no_second_echo(),))
    if first is None or second is None or not second > first > 0:
        return DecayCorrection(
            curve.signal, curve.proton_density, untouched, False, notices=(_no_times(first, second),)
        )
    usable = (curve.signal > 0) & (curve.second_echo > 0)
    if usable.sum() < 0.8 * len(usable):
        return DecayCorrection(curve.signal, curve.proton_density, untouched, False, notices=(_dark_echo(),))
    rate = np.full(len(usable), np.nan)
    rate[usable] = np.log(curve.signal[usable] / curve.second_echo[usable]) / (second - first)
    rate = np.clip(np.interp(np.arange(len(rate)), np.flatnonzero(usable), rate[usable]), None, HIGHEST_RATE_PER_S)
    bolus = curve.bolus
    native = float(np.median(rate[bolus.baseline_frames])) if bolus is not None else 0.0
    constants = {
        "aif echo times": f"{1e3 * first:g} and {1e3 * second:g} ms (header)",
        "aif shortest T2*": f"{1e3 / max(float(rate.max()), 1e-3):.1f} ms (measured, two echoes)",
    }
    return DecayCorrection(
        curve.signal * np.exp(first * rate), curve.proton_density * np.exp(first * native), rate, True, constants
    )


def _no_second_echo() -> Notice:
    return Notice(
        code="aif-echo-missing",
        message="the AIF series has one echo, so T2* decay at the peak is corrected by the relaxivity r2 of the table "
        "instead of being measured; without any correction flow reads about 10 % high",
        action="acquire two echoes where the sequence allows it",
    )


def _no_times(first: float | None, second: float | None) -> Notice:
    return Notice(
        code="aif-echo-missing",
        message=f"the echo times of the two-echo AIF series are {first} and {second} s, which cannot be used; T2* "
        "decay is corrected by the relaxivity r2 of the table",
        action="give a series whose headers hold both echo times",
    )


def _dark_echo() -> Notice:
    return Notice(
        code="aif-echo-missing",
        message="one echo of the AIF series is zero in many frames, so T2* was not measured",
        action="check that both echoes were exported",
    )
