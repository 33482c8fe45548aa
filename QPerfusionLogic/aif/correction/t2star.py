"""Undo T2* decay of a two-echo blood curve: R2* = ln(S1/S2)/(TE2 - TE1), S0 = S1 exp(TE1 R2*)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from QPerfusionLogic.aif.curves.blood_curve import BloodCurve
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.protocol import Protocol

HIGHEST_RATE_PER_S = 500.0
"""R2* of a T2* of 2 ms; blood at the peak of a bolus is near 100 /s."""
ITERATIONS = 4
"""Enhancement depends on the decay that is sought; it settles in two rounds."""


@dataclass(frozen=True)
class DecayCorrection:
    """The signal at echo time zero, R2* per frame (1/s), and whether it could be done."""

    signal: FloatArray
    proton_density: float
    rate_per_s: FloatArray
    done: bool
    constants: dict[str, str] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


def undo_decay(curve: BloodCurve, protocol: Protocol, native_rate_per_s: float) -> DecayCorrection:
    """Return the blood curve as it would be at echo time zero; unchanged, with a notice, where echoes are missing.

    Parameters
    ----------
    curve : BloodCurve
        With the mean signal of both echoes over the same region.
    protocol : Protocol
        With both echo times.
    native_rate_per_s : float
        R2* of blood without contrast.
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
    rate = _fitted_rate(curve, first, second, native_rate_per_s)
    constants = {
        "aif echo times": f"{1e3 * first:g} and {1e3 * second:g} ms (header)",
        "aif shortest T2*": f"{1e3 / max(float(rate.max()), 1e-3):.1f} ms (measured, two echoes)",
    }
    return DecayCorrection(
        _at_echo_zero(curve, rate, first, second),
        curve.proton_density * float(np.exp(first * native_rate_per_s)),
        rate,
        True,
        constants,
    )


def _at_echo_zero(curve: BloodCurve, rate_per_s: FloatArray, first_s: float, second_s: float) -> FloatArray:
    """Return the signal at echo time zero, the mean of what both echoes show, weighted by their noise."""
    grown = [np.exp(echo * rate_per_s) for echo in (first_s, second_s)]
    echoes = curve.signal, np.asarray(curve.second_echo, dtype=float)
    weights = [factor**-2.0 for factor in grown]
    parts = [weight * factor * echo for weight, factor, echo in zip(weights, grown, echoes, strict=True)]
    return np.asarray(sum(parts) / sum(weights))


def _fitted_rate(curve: BloodCurve, first_s: float, second_s: float, native_rate_per_s: float) -> FloatArray:
    """Return R2* (1/s) as a smooth function of enhancement, fitted to the ratio of the echoes in all frames at once.

    Frame by frame the ratio is useless before contrast, where a short saturation time leaves little signal; weighted by
    the signal, two coefficients (linear and quadratic in enhancement) are well determined by the bolus itself.
    """
    second = np.asarray(curve.second_echo, dtype=float)
    usable = (curve.signal > 0) & (second > 0)
    measured = np.zeros(len(usable))
    measured[usable] = np.log(curve.signal[usable] / second[usable]) / (second_s - first_s) - native_rate_per_s
    weight = np.where(usable, np.minimum(curve.signal, second), 0.0)
    rate = np.full(len(usable), native_rate_per_s)
    bolus = curve.bolus
    baseline = float(np.mean(curve.signal[bolus.baseline_frames])) if bolus else float(np.min(curve.signal))
    for _ in range(ITERATIONS):
        enhancement = (curve.signal * np.exp(first_s * rate) - baseline) / max(float(np.max(curve.signal)), 1e-12)
        design = np.column_stack((enhancement, enhancement**2))
        solution, *_ = np.linalg.lstsq(design * weight[:, None], measured * weight, rcond=None)
        rate = np.clip(native_rate_per_s + design @ solution, 0.0, HIGHEST_RATE_PER_S)
    return rate


def _no_second_echo() -> Notice:
    return Notice.of(
        code="aif-echo-missing",
        message="the AIF series has one echo, so T2* decay at the peak is corrected by the relaxivity r2 of the table "
        "instead of being measured; without any correction flow reads about 10 % high",
        action="acquire two echoes where the sequence allows it",
    )


def _no_times(first: float | None, second: float | None) -> Notice:
    return Notice.of(
        code="aif-echo-missing",
        message=f"the echo times of the two-echo AIF series are {first} and {second} s, which cannot be used; T2* "
        "decay is corrected by the relaxivity r2 of the table",
        action="give a series whose headers hold both echo times",
    )


def _dark_echo() -> Notice:
    return Notice.of(
        code="aif-echo-missing",
        message="one echo of the AIF series is zero in many frames, so T2* was not measured",
        action="check that both echoes were exported",
    )
