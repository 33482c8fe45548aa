"""Times that replace those of the files, and what to say where two series share no clock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.dicom.dicom_series import SAME_BEAT_S
from QPerfusionLogic.io.dicom.frame_clock import FIXED_INTERVAL, NOMINAL

LARGEST_CONTRADICTION = 0.1
"""Share by which given times may differ from the clock of the files without a word."""
_CLOCK_NOTICES = {
    *("clocks-disagree", "content-time", "whole-second-times", "nominal-times"),
    *("constant-interval", "interval-unused"),
}


def with_given_times(series: PerfusionSeries, times_s: FloatArray, path: Path) -> PerfusionSeries:
    """Return the series on times (frames,) read from a file; these may count the leading proton-density frames or not.

    Raises
    ------
    InputError
        When the number of times is not that of the frames.
    """
    leading = 0 if series.proton_density is None else len(series.proton_density)
    times = times_s[leading:] if len(times_s) == series.frames + leading else times_s
    if len(times) != series.frames:
        raise InputError(
            f"{len(times_s)} times in {path}",
            expected=f"{series.frames}, one for each frame of the {series.state} series",
        )
    return replace(
        series,
        time_s=np.repeat((times - times[0])[:, None], series.slices, axis=1),
        notices=(
            *(notice for notice in series.notices if notice.code not in _CLOCK_NOTICES),
            *_contradiction(series, times, path),
        ),
        source=replace(series.source, time_source=f"times given in {path.name}"),
    )


def _contradiction(series: PerfusionSeries, times: FloatArray, path: Path) -> tuple[Notice, ...]:
    """Return a notice when given times span much more or less than the clock that the files carry."""
    if series.source.time_source in (NOMINAL, FIXED_INTERVAL):
        return ()
    own, given = float(np.ptp(series.time_s[:, 0])), float(np.ptp(times))
    if own <= 0 or abs(given / own - 1.0) <= LARGEST_CONTRADICTION:
        return ()
    share = f"{100 * abs(given / own - 1.0):.0f} % {'more' if given > own else 'less'}"
    message = (
        f"the times in {path.name} span {given:.1f} s, {share} than those of the {series.state} series itself: "
        f"{own:.1f} s by {series.source.time_source}"
    )
    return (Notice.of("given-times-contradicted", message, "check the unit and the rows of --times"),)


def same_beats_notice() -> Notice:
    """Return what to say of an AIF series whose beats were matched by when its images were stored."""
    message = (
        "AIF and perfusion series share no clock but ContentTime, which shows them in the same beats; their delay "
        "inside a beat is taken as 0"
    )
    return Notice.of("aif-clock", message, severity=Severity.NOTE)


def clock_notice(tissue: PerfusionSeries, aif: PerfusionSeries) -> Notice:
    """Return what to say of an AIF series whose times cannot be subtracted from those of the perfusion series."""
    steps = [np.diff(series.time_s[:, 0]) for series in (tissue, aif)]
    if len(steps[0]) == len(steps[1]) and np.abs(steps[0] - steps[1]).max() < SAME_BEAT_S:
        message = "AIF and perfusion series share no clock but the same beats; their delay inside a beat is taken as 0"
        return Notice.of("aif-clock", message, severity=Severity.NOTE)
    message = "AIF and perfusion series share no clock; both were taken to start in the same beat"
    return Notice.of("aif-clock", message, "check the delay between the two curves", severity=Severity.WARNING)
