"""Blood signal to gadolinium by the signal equation: shared by the methods that read images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.aif.curves.blood_curve import BloodCurve
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.settings.schema import ConversionSettings
from QPerfusionLogic.signal_model.physics import SeriesPhysics

PLAUSIBLE_RESIDUAL_MMOL_L = (-0.2, 1.0)
"""Blood gadolinium before the bolus: zero within its uncertainty, or what an earlier full dose leaves."""


@dataclass(frozen=True)
class InvertedCurve:
    """Gadolinium (n,) with its baseline at 0, the linear-response signal (n,) and what has to be said."""

    gd_mmol_l: FloatArray
    linear_signal: FloatArray
    normalisation: str
    notices: tuple[Notice, ...] = ()


def invert_blood_curve(curve: BloodCurve, physics: SeriesPhysics, settings: ConversionSettings) -> InvertedCurve:
    """Return gadolinium from a blood curve by the look-up table of its sequence.

    The signal is normalised by the proton-density frames where there are any (or as the settings say), else by its
    baseline; frames above the table take its last value and are reported.

    Raises
    ------
    InputError
        When the curve has no positive reference signal.
    """
    blood = physics.blood
    baseline_level, frames, notices = _baseline(curve)
    by_density = settings.normalisation != "baseline" and np.isfinite(curve.proton_density)
    reference = curve.proton_density if by_density else baseline_level
    if not reference > 0:
        raise InputError(
            f"a reference signal of {reference:g} in the blood pool",
            expected="a positive pre-contrast or proton-density signal",
            action="check the series and the segmentation, or give the arterial input as a CSV curve",
        )
    invert = blood.gadolinium_from_proton_density if by_density else blood.gadolinium_from_enhancement
    gadolinium, above = invert(curve.signal / reference)
    top = blood.highest_gadolinium
    gadolinium = np.where(above, top, gadolinium)
    if by_density:
        native = float(np.mean(gadolinium[frames]))
        notices += _density_contradicts_baseline(native)
        gadolinium = gadolinium - native
    if above.any():
        notices += (_out_of_range(int(above.sum()), top),)
    linear = linear_signal(gadolinium, baseline_level, physics)
    return InvertedCurve(gadolinium, linear, "proton_density" if by_density else "baseline", notices)


def linear_signal(gd_mmol_l: FloatArray, baseline_level: float, physics: SeriesPhysics) -> FloatArray:
    """Return the signal that gadolinium would give if it rose all the way as it does near zero: saturation undone."""
    blood = physics.blood
    relative_slope = blood.slope() / float(blood.signal(np.zeros(1))[0])
    return np.asarray(baseline_level * (1.0 + relative_slope * gd_mmol_l))


def apparent_gadolinium(curve: BloodCurve, physics: SeriesPhysics) -> FloatArray:
    """Return what the curve would mean if signal rose linearly with gadolinium, as it does near zero (mmol/L)."""
    blood = physics.blood
    relative_slope = blood.slope() / float(blood.signal(np.zeros(1))[0])
    level, _, _ = _baseline(curve)
    return np.asarray((curve.signal / level - 1.0) / relative_slope)


def _baseline(curve: BloodCurve) -> tuple[float, slice, tuple[Notice, ...]]:
    bolus = curve.bolus
    frames = slice(0, 1) if bolus is None else bolus.baseline_frames
    return float(np.mean(curve.signal[frames])), frames, ()


def _density_contradicts_baseline(native_gd: float) -> tuple[Notice, ...]:
    """Look at what the PD frames and the native T1 make of the blood before contrast: near zero, or a residual dose."""
    low, high = PLAUSIBLE_RESIDUAL_MMOL_L
    if low <= native_gd <= high:
        return ()
    return (
        Notice.of(
            code="proton-density-inconsistent",
            message=f"by the proton-density frames and the native T1, blood before the bolus would hold "
            f"{native_gd:.2f} mmol/L, so flip angle, saturation time, efficiency or the proton-density frames are not "
            "as assumed",
            action="check the protocol values, or set conversion.normalisation=baseline",
        ),
    )


def _out_of_range(frames: int, top: float) -> Notice:
    return Notice.of(
        code="aif-out-of-range",
        message=f"{frames} frame(s) of the arterial input are brighter than the signal equation allows below "
        f"{top:.1f} mmol/L; they were set to that value, so the peak is a lower bound",
        action="check the protocol values; prefer a dual-sequence or dual-bolus arterial input",
    )
