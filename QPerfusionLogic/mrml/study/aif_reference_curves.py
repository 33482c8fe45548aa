"""Curves to see an arterial input against: what was measured, in its unit, and a population's."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.results import ArterialInput
from QPerfusionLogic.data.series import State

LOW = 0.3
"""Below this share of the peak signal is taken as proportional to gadolinium: there saturation is small."""


def measured_as_gadolinium(arterial_input: ArterialInput) -> FloatArray:
    """Return the measured curve (n,) scaled to mmol/L where it is low; what it lacks at the peak is saturation.

    NaN where nothing was measured.

    Examples
    --------
    >>> gd = np.array([0.0, 0.0, 0.5, 1.0, 4.0, 1.0])
    >>> curve = ArterialInput(np.arange(6.0), np.minimum(gd, 2.0) * 100 + 7, gd, gd, "model")
    >>> measured_as_gadolinium(curve).tolist()
    [0.0, 0.0, 0.5, 1.0, 2.0, 1.0]
    """
    gadolinium, measured = arterial_input.gd_mmol_l, np.asarray(arterial_input.measured, dtype=float)
    nothing = np.full(gadolinium.shape, np.nan)
    known = np.isfinite(gadolinium) & np.isfinite(measured)
    if not known.any() or not gadolinium[known].max() > 0:
        return nothing
    share = gadolinium / gadolinium[known].max()
    before = known & (np.arange(share.size) < np.argmax(np.where(known, share, -1.0))) & (share < 0.02)
    risen = measured - (np.median(measured[before]) if before.any() else 0.0)
    low = known & (share > 0.02) & (share < LOW)
    if not low.any() or not np.sum(risen[low] ** 2) > 0:
        return nothing
    return np.asarray(risen * np.sum(gadolinium[low] * risen[low]) / np.sum(risen[low] ** 2))


def population_at(arterial_input: ArterialInput, state: State) -> FloatArray | None:
    """Return the population curve (n,) in mmol/L placed at the arrival of this bolus, None without an arrival."""
    from QPerfusionLogic.aif.methods.population import population_curve
    from QPerfusionLogic.aif.scaling.peak_prior import PEAK_MMOL_L

    bolus_arrival_time_s = arterial_input.features.get("bolus_arrival_time_s", float("nan"))
    if not np.isfinite(bolus_arrival_time_s) or arterial_input.mode == "population":
        return None
    return population_curve(arterial_input.time_s - bolus_arrival_time_s, PEAK_MMOL_L[state])
