"""Blood signal to gadolinium by the signal equation: shared by the routes that read images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.settings import ConversionSettings
from QPerfusionLogic.signal_model.physics import SeriesPhysics
from QPerfusionLogic.study import FloatArray, Notice, Severity

from .blood_curve import BloodCurve

INCONSISTENCY = 0.35
"""Relative difference between measured and predicted pre-contrast signal above which PD frames are doubted."""


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
    baseline; frames above the table take its last value and are told.

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
    top = settings.maximum_gd_mmol_l if not above.any() else _table_end(physics)
    gadolinium = np.where(above, top, gadolinium)
    if by_density:
        notices += _density_contradicts_baseline(curve, baseline_level, physics)
        gadolinium = gadolinium - np.mean(gadolinium[frames])
    if above.any():
        notices += (_out_of_range(int(above.sum()), top),)
    relative_slope = blood.slope() / float(blood.signal(np.zeros(1))[0])
    linear = baseline_level * (1.0 + relative_slope * gadolinium)
    return InvertedCurve(gadolinium, linear, "proton density" if by_density else "baseline", notices)


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


def _table_end(physics: SeriesPhysics) -> float:
    tissue = physics.blood.tissue
    return (physics.blood.table.highest_abscissa - 1.0 / tissue.t1_s) / tissue.r1_l_mmol_s


def _density_contradicts_baseline(curve: BloodCurve, level: float, physics: SeriesPhysics) -> tuple[Notice, ...]:
    """Compare the pre-contrast signal with what the PD frames and native T1 predict: a check of flip, TS and PD."""
    native = physics.blood
    predicted = curve.proton_density * float(native.signal(np.zeros(1))[0]) / float(native.proton_density_signal())
    if abs(level / predicted - 1.0) <= INCONSISTENCY:
        return ()
    return (
        Notice(
            code="proton-density-inconsistent",
            message=f"blood before contrast gives {level / predicted:.2f} times the signal that the proton-density "
            "frames and the native T1 predict, so flip angle, saturation time or the proton-density frames are not as "
            "assumed",
            action="check the protocol values, or set conversion.normalisation=baseline",
            severity=Severity.SERIOUS,
        ),
    )


def _out_of_range(frames: int, top: float) -> Notice:
    return Notice(
        code="aif-out-of-range",
        message=f"{frames} frame(s) of the arterial input are brighter than the signal equation allows below "
        f"{top:.1f} mmol/L; they were set to that value, so the peak is a lower bound",
        action="check the protocol values; prefer a dual-sequence or dual-bolus arterial input",
        severity=Severity.SERIOUS,
    )
