"""What cannot be super-resolved, and what has to be said about a series that was."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import Superresolved
from QPerfusionLogic.data.series import PerfusionSeries, Quantity
from QPerfusionLogic.errors import InputError

from .acquired import Acquired

SMALLEST = 24
"""Rows and columns below which there is nothing to learn the missing lines from."""
NEGATIVE_SHARE = 0.02
"""Share of pixels clearly below zero above which a series is no magnitude."""
FRACTIONS = (0.25, 0.6)
"""Shares of measured lines the networks were made for, with a little margin round the paper's 0.3 to 0.5."""
ADDED_DETAIL_LIMIT = 0.75
"""Added detail over the outer half of the measured lines; 0.66 was the most in synthetic and real frames."""
UNCERTAINTY_LIMIT = 2.75
"""Spread over added detail, where samples alone differ as much as they add; frames of pure noise come above it."""
RESIDUAL_LIMIT = 1e-4
"""Change of a measured line over the largest line; float32 rounding stays below it."""
ENHANCEMENT = 0.05
"""Change over time (standard deviation over the mean) that the first pass of a bolus exceeds somewhere."""
STAGE = "superresolution"


def check_series(series: PerfusionSeries) -> None:
    """Refuse what is not a dynamic magnitude series of a usable size.

    Raises
    ------
    InputError
    """
    values = series.signal
    if np.iscomplexobj(values):
        raise InputError(
            "complex values", expected="magnitude images", action="take the magnitude before super-resolution"
        )
    if series.quantity is not Quantity.SIGNAL:
        raise InputError(
            f"a series in {series.quantity}", expected="signal", action="super-resolve before the conversion"
        )
    if min(values.shape[-2:]) < SMALLEST:
        rows, columns = values.shape[-2:]
        raise InputError(
            f"{rows} x {columns} pixels", expected=f"at least {SMALLEST} x {SMALLEST} for super-resolution"
        )
    if clearly_negative(values) > NEGATIVE_SHARE:
        raise InputError(
            f"{100 * clearly_negative(values):.0f} % of the pixels clearly below zero",
            expected="magnitude images",
            action="choose the magnitude series, not phase or real part",
        )


def clearly_negative(values: FloatArray) -> float:
    """Return the share of pixels more than 2 % of the brightest tissue below zero."""
    finite = values[np.isfinite(values)]
    return float((finite < -0.02 * np.percentile(np.abs(finite), 99.5)).mean()) if finite.size else 0.0


def check_resolution(acquired: Acquired, accept_full: bool) -> None:
    """Refuse a series that holds signal out to the edge of k-space, unless the user asked for it.

    Raises
    ------
    InputError
    """
    if acquired.fraction >= 1.0:
        raise InputError(
            "signal in all phase-encoding lines: the series has its full resolution already",
            expected="a low-resolution series, zero-padded or with long pixels along the phase encoding",
            action="leave superresolution.mode at none, or say with superresolution.fraction what was measured",
        )
    low, high = FRACTIONS
    if not low <= acquired.fraction <= high and not accept_full:
        raise InputError(
            f"{100 * acquired.fraction:.0f} % of the phase-encoding lines measured",
            expected=f"{100 * low:.0f} to {100 * high:.0f} %, which the network was trained for",
            action="set superresolution.accept_full_resolution=true to go on all the same",
        )


def check_empty_lines(found: Acquired, stated: Acquired, accept_full: bool) -> None:
    """Refuse to throw away outer lines that hold signal, unless the user asked for it.

    Raises
    ------
    InputError
    """
    if found.padded and found.fraction > stated.fraction + 0.05 and not accept_full:
        raise InputError(
            f"signal outside the {100 * stated.fraction:.0f} % of lines of superresolution.fraction",
            expected="no signal there",
            action="set superresolution.accept_full_resolution=true to throw these lines away",
        )


def notices_about(result: Superresolved, untouched: BoolArray) -> tuple[Notice, ...]:
    """Return what the reader has to know; `untouched` (frames, slices) marks frames that could not be used."""
    found = [_applied(result)]
    if untouched.any():
        found.append(
            Notice.of(
                "superresolution-frames-unchanged",
                f"{int(untouched.sum())} frames are constant or not finite and were left as they are",
                "look at these frames",
                stage=STAGE,
            )
        )
    used = ~untouched
    for code, values, limit, meaning in (
        (
            "superresolution-departure",
            result.added_detail_ratio,
            ADDED_DETAIL_LIMIT,
            "more detail was added than the measured lines support",
        ),
        (
            "superresolution-uncertain",
            result.relative_uncertainty,
            UNCERTAINTY_LIMIT,
            "samples do not agree on the detail that was added",
        ),
    ):
        count = int((used & (values > limit)).sum())
        if count:
            found.append(
                Notice.of(
                    code,
                    f"in {count} of {int(used.sum())} frames {meaning}",
                    "compare with the low-resolution frames before you trust small structures",
                    stage=STAGE,
                )
            )
    if (result.residual[used] > RESIDUAL_LIMIT).any():
        found.append(
            Notice.of(
                "superresolution-inconsistent",
                f"measured lines changed by up to {float(result.residual[used].max()):.1e} of the largest line",
                "do not use these frames",
                stage=STAGE,
            )
        )
    found.extend(_input_notices(result.series))
    return tuple(found)


def _applied(result: Superresolved) -> Notice:
    return Notice.of(
        "superresolution-applied",
        f"{100 * result.fraction:.0f} % of the phase-encoding lines (along {result.direction}) were measured; "
        f"the others are estimates of {result.model_name}",
        "",
        stage=STAGE,
    )


def _input_notices(series: PerfusionSeries) -> list[Notice]:
    found = []
    values = np.nan_to_num(series.signal)
    if clearly_negative(series.signal) > 0.0:
        found.append(
            Notice.of(
                "superresolution-negative-values",
                "some pixels are below zero, which a magnitude never is",
                "check that this is the magnitude series",
                stage=STAGE,
            )
        )
    mean = values.mean(axis=0)
    bright = mean > 0.2 * np.percentile(mean, 99.0)
    change = values.std(axis=0)[bright] / np.maximum(mean[bright], 1e-12)
    if series.frames < 8 or np.percentile(change, 95.0) < ENHANCEMENT:
        found.append(
            Notice.of(
                "superresolution-no-first-pass",
                "no bolus passes through these images; the network was trained on first-pass images of the heart",
                "check that this is the perfusion series of a heart",
                stage=STAGE,
            )
        )
    return found
