"""What a reader has to know about an arterial input before trusting a flow: each check is a small function."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.aif.correction.signal_inversion import apparent_gadolinium, invert_blood_curve
from QPerfusionLogic.aif.curves.blood_curve import BloodCurve
from QPerfusionLogic.aif.curves.saturated_peak import HIGHEST_TAIL, tail_share
from QPerfusionLogic.aif.scaling.peak_prior import USUAL_HEIGHT, PeakPrior
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings
from QPerfusionLogic.signal_model.bolus import Bolus, find_bolus
from QPerfusionLogic.signal_model.physics import SeriesPhysics

PLATEAU_LEVEL = 0.95
PLATEAU_SHARE = 0.6
"""Share of the time above half the peak spent above 95 % of it: a Gaussian or gamma bolus spends about a quarter."""
FEWEST_BASELINE_FRAMES = 3


def shape_checks(
    gd_mmol_l: FloatArray,
    time_s: FloatArray,
    features: dict[str, float],
    mode: str,
    expected: PeakPrior = USUAL_HEIGHT,
) -> tuple[Notice, ...]:
    """Return notices about the curve itself: bolus, arrival, baseline, cut end, plateau, tail and peak height."""
    bolus = find_bolus(gd_mmol_l, time_s)
    if bolus is None:
        return (_no_bolus(),)
    found = (
        _arrival_missing(bolus),
        _baseline_missing(bolus),
        _cut_at_end(gd_mmol_l, bolus),
        plateau_notice(gd_mmol_l, time_s, bolus),
        _high_tail(gd_mmol_l, time_s, bolus, mode),
        _implausible_peak(features["peak_mmol_l"], expected),
    )
    return tuple(notice for notice in found if notice is not None)


def tissue_saturation_check(
    curve: BloodCurve, physics: SeriesPhysics, settings: AifSettings, conversion: ConversionSettings, of_tissue: bool
) -> tuple[dict[str, float], tuple[Notice, ...]]:
    """Return how saturated the tissue series' own blood curve is.

    The apparent peak takes the signal as linear in gadolinium. A curve is called saturated when its peak exceeds the
    limit of the settings, either apparent or after inverting the signal equation: at saturation times near 100 ms
    the apparent peak cannot pass about 2 mmol/L however much gadolinium there is, so both are looked at. A curve that
    hardly falls after the first pass is saturated too, whatever the protocol values make of it. Where the arterial
    input does not come from this curve (`of_tissue`), that is only a note.
    """
    bolus = curve.bolus
    if bolus is None:
        return {"apparent_peak_mmol_l": float("nan")}, ()
    apparent = float(apparent_gadolinium(curve, physics)[bolus.peak_frame])
    inverted = float(np.max(invert_blood_curve(curve, physics, conversion).gd_mmol_l))
    limit = settings.saturation_warning_mmol_l
    features = {
        "apparent_peak_mmol_l": apparent,
        "tissue_model_peak_mmol_l": inverted,
        "saturation_limit_mmol_l": limit,
    }
    tail = tail_share(curve.signal, curve.time_s, bolus)
    if max(apparent, inverted) <= limit and not tail > HIGHEST_TAIL:
        return features, ()
    reason = (
        f"limit {limit:g}"
        if max(apparent, inverted) > limit
        else f"after the first pass it stays at {100 * tail:.0f} % of the peak, where 10 to 30 % is usual"
    )
    return features, (
        Notice.of(
            code="aif-saturated",
            message=f"the blood signal of the tissue series is saturated: its peak reads {apparent:.1f} mmol/L if "
            f"taken as linear and {inverted:.1f} mmol/L by the signal equation ({reason})",
            action="never use this curve uncorrected: flow would read up to two to three times too high; acquire a "
            "dual sequence or a dual bolus",
            severity=Severity.WARNING if of_tissue else Severity.NOTE,
        ),
    )


def _no_bolus() -> Notice:
    return Notice.of(
        code="aif-no-bolus",
        message="no bolus rises above the noise in the arterial input",
        action="check the series, the blood pool, and that contrast was injected",
    )


def _arrival_missing(bolus: Bolus) -> Notice | None:
    if bolus.bolus_arrival_frame > 0:
        return None
    return Notice.of(
        code="aif-foot-missing",
        message="the arterial input begins inside the bolus: its arrival was not acquired",
        action="start the acquisition before the injection",
    )


def _baseline_missing(bolus: Bolus) -> Notice | None:
    if bolus.bolus_arrival_frame == 0 or bolus.bolus_arrival_frame >= FEWEST_BASELINE_FRAMES:
        return None
    return Notice.of(
        code="aif-no-baseline",
        message=f"only {bolus.bolus_arrival_frame} frame(s) of the arterial input precede the bolus",
        action="start the acquisition earlier",
    )


def _cut_at_end(gd_mmol_l: FloatArray, bolus: Bolus) -> Notice | None:
    if gd_mmol_l[bolus.peak_frame :].min() < 0.5 * gd_mmol_l[bolus.peak_frame]:
        return None
    return Notice.of(
        code="aif-cut",
        message="the arterial input ends before it has fallen to half its peak: the first pass is cut",
        action="acquire longer",
    )


def plateau_notice(gd_mmol_l: FloatArray, time_s: FloatArray, bolus: Bolus) -> Notice | None:
    """Return a notice where the peak of a curve (n,) is flat for most of the time that it is high."""
    peak = gd_mmol_l[bolus.peak_frame]
    width = np.gradient(time_s)
    high = width[_run_above(gd_mmol_l, bolus.peak_frame, 0.5 * peak)].sum()
    top = width[_run_above(gd_mmol_l, bolus.peak_frame, PLATEAU_LEVEL * peak)].sum()
    frames = int(_run_above(gd_mmol_l, bolus.peak_frame, PLATEAU_LEVEL * peak).sum())
    if frames < 4 or top <= PLATEAU_SHARE * high:
        return None
    return Notice.of(
        code="aif-plateau",
        message="the peak of the arterial input is a plateau, as a saturated or clipped signal makes it",
        action="check the AIF sequence; its peak and every flow based on it are unreliable",
    )


def _run_above(values: FloatArray, frame: int, level: float) -> np.ndarray:
    """Mask of the unbroken run of frames around one frame that stay above a level."""
    above = values >= level
    run = np.zeros(len(values), dtype=bool)
    start = frame - int(np.argmax(np.append(~above[frame::-1], True))) + 1
    stop = frame + int(np.argmax(np.append(~above[frame:], True)))
    run[start:stop] = True
    return run


def _high_tail(gd_mmol_l: FloatArray, time_s: FloatArray, bolus: Bolus, mode: str) -> Notice | None:
    share = tail_share(gd_mmol_l, time_s, bolus)
    if not share > HIGHEST_TAIL:
        return None
    return Notice.of(
        code="aif-still-saturated",
        message=f"after the first pass the arterial input ({mode}) stays at {100 * share:.0f} % of its peak, where 10 "
        "to 30 % is usual: its peak is still compressed, so flows based on it are far too high",
        action="check the protocol values; prefer a dual-sequence or dual-bolus arterial input",
    )


def _implausible_peak(peak: float, expected: PeakPrior) -> Notice | None:
    low, high = expected.plausible_peaks_mmol_l
    if low <= peak <= high:
        return None
    word = "below" if peak < low else "above"
    return Notice.of(
        code="aif-peak-implausible",
        message=f"the peak of the arterial input is {peak:.2g} mmol/L, {word} the usual {low:.2g} to {high:.2g}"
        f"{f' after {expected.dose}' if expected.dose else ''}",
        action="check dose, agent, units, protocol values and (dual bolus) the dose ratio",
    )
