"""Whether an arterial input from another series or a file fits the tissue series in time: length, clock, heart rate."""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np

from QPerfusionLogic.aif.correction.method_curve import MethodCurve
from QPerfusionLogic.aif.curves.blood_curve import BloodCurve
from QPerfusionLogic.aif.curves.bolus_alignment import bolus_shift
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.signal_model.response import SignalResponse

LARGEST_LAG_BEATS = 1.0
"""Clocks of interleaved series agree within a beat; a larger lag means that they start at different moments."""
RATE_TOLERANCE = 0.1


def on_tissue_clock(
    curve: MethodCurve,
    tissue: BloodCurve | None,
    tissue_time_s: FloatArray,
    response: SignalResponse | None,
    clock: Literal["shared", "moved", "kept"],
) -> MethodCurve:
    """Return the curve with its clock checked against the tissue series' own view of the same bolus.

    Parameters
    ----------
    clock : str
        "shared" with the tissue series; "moved" onto it where its bolus lies beats away (an AIF series, whose frames
        have to come in the same heartbeats); "kept" where its file puts it.
    """
    notices = _length(curve.time_s, tissue_time_s)
    if clock == "moved":
        notices.extend(_heart_rate(curve.time_s, tissue_time_s))
    if tissue is not None and response is not None and clock != "shared":
        lag = bolus_shift(curve.time_s, curve.gd_mmol_l, tissue, response)
        beat = float(np.median(np.diff(tissue_time_s)))
        if np.isfinite(lag) and abs(lag) > LARGEST_LAG_BEATS * beat:
            moved = clock == "moved"
            notices.append(_lagging(lag, moved))
            curve = dataclasses.replace(curve, time_s=curve.time_s + (lag if moved else 0.0))
    return dataclasses.replace(curve, notices=(*curve.notices, *notices))


def _lagging(lag: float, moved: bool) -> Notice:
    done = "the arterial input was moved onto it" if moved else "it was left where its file puts it"
    return Notice.of(
        code="aif-clock",
        message=f"the bolus of the arterial input lies {-lag:+.1f} s from the same bolus in the tissue series, so the "
        f"two clocks start at different moments; {done}",
        action="check the times of both",
        severity=Severity.WARNING if moved else Severity.SERIOUS,
    )


def _length(time_s: FloatArray, tissue_time_s: FloatArray) -> list[Notice]:
    notices = []
    beat = float(np.median(np.diff(tissue_time_s)))
    if time_s[-1] < tissue_time_s[-1] - 2.0 * beat:
        notices.append(
            Notice.of(
                code="aif-shorter",
                message=f"the arterial input ends at {time_s[-1]:.1f} s, the tissue series at "
                f"{tissue_time_s[-1]:.1f} s; later tissue frames have no arterial input and are not used",
                action="fit the first pass only, or give the whole arterial input",
            )
        )
    if time_s[0] > tissue_time_s[0] + 2.0 * beat:
        notices.append(
            Notice.of(
                code="aif-starts-late",
                message=f"the arterial input starts at {time_s[0]:.1f} s, "
                f"the tissue series at {tissue_time_s[0]:.1f} s",
                action="give the arterial input from before the bolus on",
            )
        )
    return notices


def _heart_rate(time_s: FloatArray, tissue_time_s: FloatArray) -> list[Notice]:
    own, tissue = float(np.median(np.diff(time_s))), float(np.median(np.diff(tissue_time_s)))
    if abs(own / tissue - 1.0) <= RATE_TOLERANCE:
        return []
    return [
        Notice.of(
            code="aif-heart-rate",
            message=f"frames of the AIF series come every {own:.2f} s, those of the tissue series every "
            f"{tissue:.2f} s: they were not taken in the same heartbeats",
            action="check that both series belong to the same injection",
        )
    ]
