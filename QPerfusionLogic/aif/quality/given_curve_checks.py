"""Checks of an arterial input that was given as a table: wrong unit, raw signal, clipped peak."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.signal_model.bolus import bridged, find_bolus

from .curve_checks import plateau_notice

POSSIBLE_PEAK_MMOL_L = (0.3, 40.0)
"""First-pass peaks of blood gadolinium outside this range come from a wrong unit: a double dose peaks at about 15."""
HIGHEST_BASELINE = 0.1
"""Gadolinium before the bolus, as a share of the peak; raw signal starts at 0.1 to 0.5 of its peak."""
EQUAL_SAMPLES = 3
"""So many highest samples of the same value in a row are a limit, not a peak."""


def given_curve_notices(gd_mmol_l: FloatArray, time_s: FloatArray) -> tuple[Notice, ...]:
    """Return what contradicts that a curve (n,) over times (n,) in seconds is blood gadolinium in mmol/L."""
    values = bridged(np.asarray(gd_mmol_l, dtype=float))
    if values is None or not values.max() > 0.0:
        return ()
    time_s = np.asarray(time_s, dtype=float)
    found = (_wrong_unit(values), _raw_signal(values, time_s), _clipped(values) or _flat(values, time_s))
    return tuple(notice for notice in found if notice is not None)


def _wrong_unit(values: FloatArray) -> Notice | None:
    low, high = POSSIBLE_PEAK_MMOL_L
    peak = float(values.max())
    if low <= peak <= high:
        return None
    if peak > high:
        found = "which no injection reaches in blood: it looks like micromol/L or raw signal"
    else:
        found = "far below that of any injection: it looks like mol/L or a relative signal"
    return Notice.of(
        code="aif-unit",
        message=f"the peak of the arterial input that was given is {peak:.3g} mmol/L, {found}",
        action="give the arterial input in mmol/L of blood",
    )


def _raw_signal(values: FloatArray, time_s: FloatArray) -> Notice | None:
    bolus = find_bolus(values, time_s)
    if bolus is None or bolus.bolus_arrival_frame < 2:
        return None
    share = bolus.baseline / values[bolus.peak_frame]
    if abs(share) <= HIGHEST_BASELINE:
        return None
    return Notice.of(
        code="aif-offset",
        message=f"the arterial input that was given stands at {100 * share:.0f} % of its peak before the bolus, where "
        "gadolinium is 0: it looks like raw signal",
        action="give gadolinium in mmol/L with the baseline taken off",
    )


def _clipped(values: FloatArray) -> Notice | None:
    top = np.flatnonzero(values >= values.max() * (1.0 - 1e-6))
    longest = max(len(run) for run in np.split(top, np.flatnonzero(np.diff(top) > 1) + 1))
    if longest < EQUAL_SAMPLES:
        return None
    return Notice.of(
        code="aif-plateau",
        message=f"{longest} samples in a row of the arterial input that was given are {values.max():.3g} mmol/L, its "
        "highest value: its peak is a plateau, as a clipped or saturated signal makes it",
        action="give a curve that is not clipped; its peak and every flow based on it are unreliable",
    )


def _flat(values: FloatArray, time_s: FloatArray) -> Notice | None:
    bolus = find_bolus(values, time_s)
    return None if bolus is None else plateau_notice(values, time_s, bolus)
