"""Whether the peak of a blood curve is lost to saturation, from how little it falls after the first pass."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.signal_model.bolus import Bolus, find_bolus

from .blood_curve import BloodCurve

HIGHEST_TAIL = 0.6
"""Blood after the first pass holds 0.1 to 0.3 of the peak; a saturated curve compresses the peak, not what follows."""
TAIL_AFTER_S = 10.0
"""The tail begins so long after the peak."""


def peak_is_lost(values: FloatArray, time_s: FloatArray) -> bool:
    """Return whether a curve (n,) hardly falls after its first pass, as saturation leaves it."""
    return whole_tail_share(values, time_s) > HIGHEST_TAIL


def whole_tail_share(values: FloatArray, time_s: FloatArray) -> float:
    """Return `tail_share` of the bolus of a curve (n,), NaN without one."""
    bolus = find_bolus(values, time_s)
    return float("nan") if bolus is None else tail_share(values, time_s, bolus)


def guessed_peak(curve: BloodCurve, who: str) -> tuple[Notice, ...]:
    """Return a notice where the peak of a saturated curve is lost, so that what stands there is a guess."""
    share = whole_tail_share(curve.signal, curve.time_s)
    if not share > HIGHEST_TAIL:
        return ()
    return (
        Notice.of(
            code="aif-peak-lost",
            message=f"the blood signal stays at {100 * share:.0f} % of its peak after the first pass, so the peak is "
            f"lost to saturation and what {who} there is a guess",
            action="acquire a dual sequence or a dual bolus, or give a curve as CSV",
        ),
    )


def tail_share(values: FloatArray, time_s: FloatArray, bolus: Bolus) -> float:
    """Return the level after the first pass relative to the peak, both above baseline; NaN where it is not seen."""
    tail = values[time_s > time_s[bolus.peak_frame] + TAIL_AFTER_S]
    if len(tail) < 4:
        return float("nan")
    return float((np.median(tail) - bolus.baseline) / (values[bolus.peak_frame] - bolus.baseline))
