"""Input of a kinetic fit, and its checks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.errors import InputError

LONGEST_FRAME_S = 30.0
LONGEST_SERIES_S = 3600.0


@dataclass(frozen=True)
class KineticInput:
    """Tissue curves and the arterial input that fed them.

    Parameters
    ----------
    curves : (n, frames) array
        Tissue gadolinium, mmol/L, baseline at 0; NaN where a frame is missing.
    time_s : (frames,) array
        When the frames were taken.
    aif_mmol_l, aif_time_s : (m,) arrays
        Arterial gadolinium and its times, on the same clock; NaN where a sample is missing.
    weights : (n, frames) array, optional
        How much each frame counts, 0 to 1.
    """

    curves: FloatArray
    time_s: FloatArray
    aif_mmol_l: FloatArray
    aif_time_s: FloatArray
    weights: FloatArray | None = None


def check_times(time_s: FloatArray, what: str) -> None:
    """Raise `InputError` unless times are finite, increasing, at least four, and plausible as seconds."""
    times = np.asarray(time_s, dtype=float)
    if times.ndim != 1 or times.size < 4:
        raise InputError(f"{times.size} {what}", expected="at least 4", action="give the whole dynamic series")
    if not np.isfinite(times).all():
        raise InputError(f"a {what[:-1]} that is not a number", expected="seconds, increasing")
    steps = np.diff(times)
    if not (steps > 0).all():
        where = int(np.flatnonzero(steps <= 0)[0]) + 1
        raise InputError(
            f"{what} not increasing: {times[where]:g} s after {times[where - 1]:g} s (number {where + 1})",
            expected="seconds, increasing",
            action="sort the frames by time and drop repeated ones",
        )
    if np.median(steps) > LONGEST_FRAME_S or times[-1] - times[0] > LONGEST_SERIES_S:
        raise InputError(
            f"{what} with {np.median(steps):g} between samples",
            expected=f"seconds, less than {LONGEST_FRAME_S:g} apart",
            action="divide by 1000 if they are in milliseconds",
        )
    if np.median(steps) < 0.01:
        raise InputError(
            f"{what} with {np.median(steps):g} between samples",
            expected="seconds, more than 0.01 apart",
            action="multiply by 60 if they are in minutes, or by 1000 if they are in kiloseconds",
        )


def check_input(given: KineticInput) -> None:
    """Raise `InputError` where the shapes or times of an input do not fit together."""
    curves = np.asarray(given.curves)
    if curves.ndim != 2:
        raise InputError(f"curves of shape {curves.shape}", expected="(curves, frames)")
    check_times(given.time_s, "frame times")
    if curves.shape[1] != np.size(given.time_s):
        raise InputError(f"{curves.shape[1]} frames in the curves and {np.size(given.time_s)} frame times")
    if np.size(given.aif_mmol_l) != np.size(given.aif_time_s):
        raise InputError(f"{np.size(given.aif_mmol_l)} arterial samples and {np.size(given.aif_time_s)} arterial times")
    check_times(given.aif_time_s, "arterial times")
    if given.weights is not None and np.shape(given.weights) != curves.shape:
        raise InputError(f"weights of shape {np.shape(given.weights)}", expected=f"{curves.shape}, as the curves")
    frame_s = float(np.median(np.diff(given.time_s)))
    if given.aif_time_s[-1] < given.time_s[-1] - 1.5 * frame_s:
        raise InputError(
            f"an arterial input that ends at {given.aif_time_s[-1]:g} s, before the curves at {given.time_s[-1]:g} s",
            expected="an arterial input as long as the curves",
            action="cut the curves or give the whole arterial input",
        )
    if given.aif_time_s[0] > given.time_s[-1] or given.aif_time_s[-1] < given.time_s[0]:
        raise InputError("arterial times and frame times that do not overlap", expected="one clock for both")


def arterial_notices(
    time_s: FloatArray, finite: FloatArray, baseline_samples: int | None, state: str = "", has_baseline: bool = True
) -> tuple[Notice, ...]:
    """Return what the reader has to know about the arterial input: no bolus, gaps, no baseline."""
    found = []
    if baseline_samples is None:
        found.append(
            Notice.of(
                "aif-without-bolus",
                "the arterial input is zero, constant or missing, or does not rise above its noise; no flow was fitted",
                "check the arterial input",
                stage="kinetics",
                state=state,
            )
        )
    missing = int(np.size(finite) - np.count_nonzero(finite))
    if missing:
        found.append(
            Notice.of(
                "aif-gaps",
                f"{missing} of {np.size(finite)} arterial samples are missing and were bridged by a straight line",
                "check the arterial input",
                stage="kinetics",
                state=state,
            )
        )
    if not has_baseline:
        found.append(
            Notice.of(
                "aif-without-baseline",
                "the arterial input is up already in its first sample; no flow was fitted",
                "give the series from before the injection, with the baseline taken off",
                stage="kinetics",
                state=state,
            )
        )
    elif baseline_samples is not None and baseline_samples < 2:
        found.append(
            Notice.of(
                "no-baseline",
                f"the arterial input has {baseline_samples} samples before the bolus; its baseline was taken as 0",
                "start the acquisition a few heart beats before the injection",
                stage="kinetics",
                state=state,
                severity=Severity.WARNING,
            )
        )
    return tuple(found)
