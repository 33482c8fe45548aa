"""Training pairs: blood curves as a saturated tissue sequence shows them, and the gadolinium behind them.

Everything that a header does not show varies: B1+, saturation efficiency, native T1, T2* decay, contrast
left from an earlier injection, irregular heartbeats, noise. What it may show is handed to the network, or withheld.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from QPerfusionLogic.aif.networks.curve_input import (
    AREA_MMOL_S_L,
    DOSE_SHARE,
    GADOLINIUM_UNIT_MMOL_L,
    INTERVAL_S,
    LEAD_S,
    LOSS_UNIT,
    RESIDUAL_UNIT_MMOL_L,
    SAMPLES,
    network_input_of_curve,
)
from QPerfusionLogic.aif.networks.inverted_family import Protocols, blood_signal

from .boluses import BolusPool, draw_boluses, uniform

ARRIVAL_JITTER_S = 1.5
AREA_LOG_SD, WRONG_SHARE, WRONG_LOG_SD = 0.28, 0.1, 0.7
"""Spread of cardiac output about what is expected of it; the same for the share of doses that are reported wrong."""
SERIES_BEATS = 80
WIDE_FIELD_SHARE, WIDE_FIELD = 0.4, (0.6, 1.25)
"""Share of the B1+ that are anything in this range of nominal; the rest is 0.97 +- 0.09."""
MYOCARDIUM = (0.0, 0.04)
"""Share of the pool's signal that is myocardium."""
UPTAKE_PER_S, MYOCARDIUM_SHARE_OF_BLOOD = (0.005, 0.04), 0.35
"""Flow and extraction of myocardium, 0.3 to 2.4 mL/min/mL, and the most it holds, over the peak in blood."""
MYOCARDIUM_T1_SHARE, MYOCARDIUM_DECAY_L_MMOL_S = 0.65, 6.0
"""Native T1 of myocardium over that of blood; its transverse relaxivity."""
SMALL_MMOL_L = 0.05
"""Step of the slope of the signal near zero gadolinium."""


@dataclass(frozen=True)
class Shift:
    """A change of protocol for testing: what is fixed; None draws as in training."""

    saturation_time_s: float | None = None
    flip_scale: float | None = None
    protocol_known: bool | None = None
    density_known: bool | None = None
    dose_known: bool | None = None
    regular: bool = False
    """Boluses in one part and undisturbed."""


@dataclass(frozen=True)
class Pairs:
    """A batch; tensors.

    Parameters
    ----------
    signal : (n, 64)
        Saturated curve divided by its maximum; 0 where the series has ended.
    valid : (n, 64)
        1 where there is data.
    family : (n, 7, 64)
        Candidate curves of the nominal signal equation, in units of 5 mmol/L.
    conditions : (n, 11)
        Scaled protocol values and expected area, and the flags that they, and a proton density, are known.
    gadolinium : (n, 64)
        True blood gadolinium above baseline, in units of 5 mmol/L.
    state : (n, 2)
        Loss of saturation (1 - efficiency) and residual gadolinium, scaled.
    linear : (n, 64)
        The signal over the same maximum if it rose with gadolinium all the way as it does near zero.
    """

    signal: Any
    valid: Any
    family: Any
    conditions: Any
    gadolinium: Any
    state: Any
    linear: Any

    def chosen(self, index: Any) -> Pairs:
        """Return the pairs of some rows."""
        return Pairs(*(getattr(self, item.name)[index] for item in fields(self)))


def joined_pairs(parts: list[Pairs]) -> Pairs:
    """Return several batches as one."""
    import torch

    return Pairs(*(torch.cat([getattr(part, item.name) for part in parts]) for item in fields(Pairs)))


def draw_pairs(count: int, pool: BolusPool, shift: Shift | None = None) -> Pairs:
    """Return a batch of pairs drawn with torch's random state; boluses come from a pool, all else is drawn afresh."""
    import torch

    shift = shift or Shift()
    known_area, area = _areas(count, shift)
    bolus = draw_boluses(count, pool, area, shift.regular)
    played, nominal = _protocols(count, shift)
    loss = 0.03 * torch.randn(count, 1).abs().clamp(max=4.0)
    residual = (torch.rand(count, 1) < 0.3) * uniform(count, 0.0, 0.4)
    usual = (0.97 + 0.09 * torch.randn(count, 1)).clamp(0.65, 1.3)
    scale = torch.where(torch.rand(count, 1) < WIDE_FIELD_SHARE, uniform(count, *WIDE_FIELD), usual)
    if shift.flip_scale is not None:
        scale = torch.full_like(scale, shift.flip_scale)
    decay = uniform(count, 6.0, 19.0)
    beats = _heartbeats(count, bolus.arrival_s)
    blood = bolus.at(beats)
    measured = blood_signal(blood + residual, played, decay, loss, scale)
    measured = measured + _myocardium_share(count) * (_myocardium_signal(blood, beats, played, loss, scale) - measured)
    noise = torch.exp(uniform(count, -6.2, -3.9)) * measured.amax(dim=1, keepdim=True)
    measured = measured + noise * torch.randn_like(measured)
    start = bolus.arrival_s - LEAD_S + uniform(count, -ARRIVAL_JITTER_S, ARRIVAL_JITTER_S)
    grid = start + torch.arange(SAMPLES) * INTERVAL_S
    last = beats.gather(1, torch.randint(28, SERIES_BEATS, (count, 1)))
    valid = (grid <= last).float()
    signal = _interpolated(grid, beats, measured) * valid
    top = signal.amax(dim=1, keepdim=True).clamp(min=1e-9)
    known = torch.rand(count, 1) < (0.8 if shift.protocol_known is None else float(shift.protocol_known))
    with_density = torch.rand(count, 1) < (0.4 if shift.density_known is None else float(shift.density_known))
    plain = blood_signal(residual, played, decay, flip_scale=scale, density=True)
    density = plain * (1.0 + 0.015 * torch.randn(count, 1)) / top
    density = torch.where(with_density, density, torch.nan)
    family, conditions = network_input_of_curve(signal / top, valid, nominal, known, density, known_area)
    gadolinium = bolus.at(grid) / GADOLINIUM_UNIT_MMOL_L
    state = torch.cat([loss / LOSS_UNIT, residual / RESIDUAL_UNIT_MMOL_L], dim=1)
    low, more = (blood_signal(residual + step, played, decay, loss, scale) / top for step in (0.0, SMALL_MMOL_L))
    linear = low + (more - low) / SMALL_MMOL_L * GADOLINIUM_UNIT_MMOL_L * gadolinium
    return Pairs(signal / top, valid, family, conditions, gadolinium, state, linear)


def _areas(count: int, shift: Shift) -> tuple[Any, Any]:
    """Return the first-pass areas (n, 1) that doses let expect, and those there are, mmol s/L; NaN without a dose."""
    import torch

    low, high = AREA_MMOL_S_L
    reported = low * (high / low) ** torch.rand(count, 1)
    known = torch.rand(count, 1) < (DOSE_SHARE if shift.dose_known is None else float(shift.dose_known))
    reported = torch.where(known, reported, torch.nan)
    spread = torch.where(torch.rand(count, 1) < WRONG_SHARE, WRONG_LOG_SD, AREA_LOG_SD)
    return reported, reported * torch.exp(spread * torch.randn(count, 1))


def _protocols(count: int, shift: Shift) -> tuple[Protocols, Protocols]:
    """Return the protocols as played out, and as headers and tables show them: native T1 and pulses are off."""
    import torch

    time = torch.exp(uniform(count, -2.8, -1.65))
    if shift.saturation_time_s is not None:
        time = torch.full_like(time, shift.saturation_time_s)
    repetition = torch.exp(uniform(count, -6.3, -4.9))
    pulses = torch.floor(torch.rand(count, 1) * torch.clamp(0.85 * time / repetition, max=60.0))
    table_t1 = uniform(count, 1.6, 2.05)
    shared = (uniform(count, 8.0, 28.0), repetition)
    rest = (uniform(count, 0.0007, 0.0022), uniform(count, 3.4, 6.2))
    density_flip = uniform(count, 3.0, 10.0)
    error = (1.0 + 0.04 * torch.randn(count, 1)).clamp(0.85, 1.15)
    reported = torch.where(torch.rand(count, 1) < 0.5, pulses, torch.round(pulses * uniform(count, 0.7, 1.4)))
    reported = torch.minimum(reported, torch.floor(time / repetition))
    played = Protocols(time, *shared, pulses, *rest, table_t1 * error, density_flip)
    return played, Protocols(time, *shared, reported, *rest, table_t1, density_flip)


def _myocardium_share(count: int) -> Any:
    """Return how much of the blood pool's signal is myocardium (n, 1): trabeculae, and the wall through the point
    spread.

    Against the ideal blood signal of ten digital patients without noise the pool of their images read 0.5 to 2 % low
    at its peak and right before it.
    """
    return uniform(count, *MYOCARDIUM)


def _myocardium_signal(blood: Any, beats: Any, played: Protocols, loss: Any, scale: Any) -> Any:
    """Return the signal (n, beats) of myocardium that takes contrast up from blood (n, beats) in mmol/L."""
    import torch

    interval = torch.diff(beats, dim=1, prepend=beats[:, :1])
    taken = uniform(len(blood), *UPTAKE_PER_S) * torch.cumsum(blood * interval, dim=1)
    gadolinium = torch.minimum(taken, MYOCARDIUM_SHARE_OF_BLOOD * blood.amax(dim=1, keepdim=True))
    myocardium = replace(played, native_t1=MYOCARDIUM_T1_SHARE * played.native_t1)
    return blood_signal(gadolinium, myocardium, MYOCARDIUM_DECAY_L_MMOL_S, loss, scale)


def _heartbeats(count: int, arrival: Any) -> Any:
    """Return times (n, beats) of irregular heartbeats that begin before arrival; some beats are missed."""
    import torch

    beat = uniform(count, 0.45, 1.2)
    length = beat * (1.0 + 0.04 * torch.randn(count, SERIES_BEATS)).clamp(0.7, 1.3)
    length = length * (1.0 + (torch.rand(count, SERIES_BEATS) < 0.02).float())
    start = arrival - LEAD_S - ARRIVAL_JITTER_S - 1.5
    return start + torch.cumsum(length, dim=1) - length[:, :1] * torch.rand(count, 1)


def _interpolated(times: Any, known_times: Any, values: Any) -> Any:
    """Return values (n, m) of curves known at irregular times (n, k), linearly interpolated, constant outside."""
    import torch

    upper = torch.searchsorted(known_times.contiguous(), times.contiguous()).clamp(1, known_times.shape[1] - 1)
    low_time, high_time = known_times.gather(1, upper - 1), known_times.gather(1, upper)
    share = ((times - low_time) / (high_time - low_time)).clamp(0.0, 1.0)
    return values.gather(1, upper - 1) * (1.0 - share) + values.gather(1, upper) * share
