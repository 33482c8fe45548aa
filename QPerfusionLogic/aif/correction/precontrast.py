"""What the signal before the bolus shows: how well saturation works, and gadolinium left from an earlier injection.

Both lift the pre-contrast signal, which short saturation times make small, so a few per cent of either are a large
share of it. Blood and myocardium, and sequences of different saturation time, distinguish them: imperfect saturation
lifts all alike, left-over gadolinium lifts long saturation times and blood more.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.conversion_physics import Precontrast
from QPerfusionLogic.settings.schema import ConversionSettings
from QPerfusionLogic.signal_model.response import SignalResponse

MYOCARDIAL_SHARE = 0.47
"""Gadolinium per litre of myocardium over that of blood at equilibrium: ECV 0.27 / (1 - 0.42)."""
EFFICIENCY_RANGE = (0.85, 1.0)
EFFICIENCY_SD = 0.03
"""Prior: saturation pulses reach 95 to 100 % (Kim et al., adiabatic and hybrid trains, JCMR 2005 and later)."""
RESIDUAL_GRID_MMOL_L = np.arange(0.0, 1.501, 0.01)
RESIDUAL_SD_MMOL_L = 0.3
LEVEL_SD = 0.01
"""Uncertainty of a pre-contrast level, as a share of the fully recovered signal: noise floor and native T1."""


@dataclass(frozen=True)
class Observation:
    """A pre-contrast level: signal over S0 (M0 = 1), response of its tissue, that tissue's share of gadolinium."""

    level: float
    response: SignalResponse
    share: float = 1.0


def estimate_precontrast(observations: list[Observation]) -> Precontrast | None:
    """Return the most probable efficiency and residual gadolinium, or None without any usable level.

    The signal is linear in the efficiency, so for each residual on a grid the best efficiency is a weighted mean.
    """
    usable = [item for item in observations if np.isfinite(item.level) and item.level > 0]
    if not usable:
        return None
    cost, loss = _costs(usable)
    best = int(np.argmin(cost))
    return Precontrast(float(1.0 - loss[best]), float(RESIDUAL_GRID_MMOL_L[best]))


def level_cost(observations: list[Observation]) -> float:
    """Return minus twice the logarithm of how probable the levels are at best; 0 without any usable level."""
    usable = [item for item in observations if np.isfinite(item.level) and item.level > 0]
    return float(np.min(_costs(usable)[0])) if usable else 0.0


def _costs(usable: list[Observation]) -> tuple[FloatArray, FloatArray]:
    """Return cost and best loss of saturation (1 - efficiency) on the grid of residuals."""
    weight = np.zeros_like(RESIDUAL_GRID_MMOL_L) + EFFICIENCY_SD**-2
    moment = np.zeros_like(weight)
    parts = [_lift(item) for item in usable]
    for excess, gain in parts:
        weight += (gain / LEVEL_SD) ** 2
        moment += gain * excess / LEVEL_SD**2
    low, high = EFFICIENCY_RANGE
    loss = np.clip(moment / weight, 1.0 - high, 1.0 - low)
    cost = (loss / EFFICIENCY_SD) ** 2 + (RESIDUAL_GRID_MMOL_L / RESIDUAL_SD_MMOL_L) ** 2
    for excess, gain in parts:
        cost += ((excess - gain * loss) / LEVEL_SD) ** 2
    return cost, loss


def with_efficiency(settings: ConversionSettings, found: Precontrast | None) -> ConversionSettings:
    """Return the settings with the efficiency that was found, unless the user fixed one."""
    if found is None or settings.saturation_efficiency is not None:
        return settings
    return dataclasses.replace(settings, saturation_efficiency=found.saturation_efficiency)


def _lift(item: Observation) -> tuple[FloatArray, FloatArray]:
    """Return, on the grid of residuals, the level's excess over perfect saturation and its rise per unit of loss.

    Both are shares of the fully recovered signal.
    """
    gadolinium = item.share * RESIDUAL_GRID_MMOL_L
    perfect = _at_efficiency(item.response, 1.0).signal(gadolinium)
    none = _at_efficiency(item.response, 0.0).signal(gadolinium)
    full = float(none[0])
    return (item.level - perfect) / full, (none - perfect) / full


def _at_efficiency(response: SignalResponse, efficiency: float) -> SignalResponse:
    sequence = dataclasses.replace(response.sequence, saturation_efficiency=efficiency)
    return SignalResponse(sequence, response.tissue, maximum_gd_mmol_l=0.1)
