"""Boluses for training: what passes the left ventricle after an injection, for many circulations at once.

The model is that of the digital patients (phantom/physiology/circulation.py): vein, lungs and body as
gamma-distributed transits,
the loop through the body closed in the frequency domain. The transforms are the expensive part, so a pool of boluses is
drawn once; every batch stretches, mixes and disturbs its members afresh, which also gives double and irregular peaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

STEP_S = 0.2
POINTS = 512
"""Length of a pool curve on its grid, about 100 s; the transform is four times as long."""
DAMPING_PER_S = 0.03
"""All curves are damped by it inside the transform, so that what still circulates at its end does not wrap round."""
DOUBLE_SHARE, IRREGULAR_SHARE = 0.4, 0.4
"""Shares of the boluses that come in two parts, and that a smooth disturbance makes irregular."""
USUAL_SHARE = 0.65
"""Share of the peaks and recirculations that are drawn as in the digital patients; the rest is wide."""
PEAK_RANGE_MMOL_L = (1.0, 14.0)


@dataclass(frozen=True)
class BolusPool:
    """Boluses (n, POINTS) with a peak of 1 on a grid of `STEP_S`, and the time (n, 1) at which each arrives.

    `area_s` (n, 1) is the area of the first pass alone: dose over flow, for a peak of 1. NaN where it is not known.
    """

    curves: Any
    arrival_s: Any
    area_s: Any


@dataclass(frozen=True)
class Boluses:
    """A batch of boluses, each a sum of two pool curves with its own clock.

    Parameters
    ----------
    parts : (2, n, POINTS)
        Pool curves.
    weights, delays_s : (2, n, 1)
        Height and delay of each part.
    stretch : (n, 1)
        How much slower than the pool curve it runs.
    waves : (n, 3, 3)
        Amplitude, period (s) and phase of the disturbances; amplitude 0 for regular boluses.
    arrival_s : (n, 1)
        When the first part arrives.
    """

    parts: Any
    weights: Any
    delays_s: Any
    stretch: Any
    waves: Any
    arrival_s: Any

    def at(self, time_s: Any) -> Any:
        """Return gadolinium (n, m) in mmol/L at times (n, m)."""
        total = 0.0
        for part, weight, delay in zip(self.parts, self.weights, self.delays_s, strict=True):
            total = total + weight * at_steps((time_s - delay) / self.stretch / STEP_S, part)
        return total * self._disturbance(time_s)

    def _disturbance(self, time_s: Any) -> Any:
        import torch

        amplitude, period, phase = (self.waves[:, :, i, None] for i in range(3))
        since = (time_s - self.arrival_s)[:, None]
        return torch.exp((amplitude * torch.sin(6.2832 * since / period + phase)).sum(dim=1))


def uniform(count: int, low: float, high: float) -> Any:
    """Return (count, 1) random numbers between low and high."""
    import torch

    return low + (high - low) * torch.rand(count, 1)


def draw_pool(count: int) -> BolusPool:
    """Draw boluses with torch's random state; injection, cardiac output and transits are wide."""
    import torch

    parts = [_circulated(min(500, count - start)) for start in range(0, count, 500)]
    curves, area = (torch.cat(part) for part in zip(*parts, strict=True))
    above = (curves > 0.1).float()
    return BolusPool(curves, torch.argmax(above, dim=1, keepdim=True).float() * STEP_S - 1.0, area)


def draw_boluses(count: int, pool: BolusPool, area_mmol_s_l: Any = None, regular: bool = False) -> Boluses:
    """Draw a batch from a pool: most peaks usual for a dose of 0.05 to 0.1 mmol/kg, the rest from 1.5 to 12 mmol/L.

    Where the area of the first pass is given, (n, 1) and not NaN, it decides the height instead; regular ones
    come in one part and undisturbed.

    Examples
    --------
    >>> import torch
    >>> boluses = draw_boluses(3, draw_pool(4))
    >>> boluses.at(torch.zeros(3, 5)).shape
    torch.Size([3, 5])
    """
    import torch

    chosen = torch.randint(len(pool.curves), (2, count))
    second = (torch.rand(count, 1) < DOUBLE_SHARE * (not regular)) * uniform(count, 0.1, 1.0)
    stretch = torch.exp(_usual_or(count, (-0.25, 0.25), (-0.5, 0.5)))
    arrivals = pool.arrival_s[chosen] * stretch
    delays = torch.stack([torch.zeros(count, 1), arrivals[0] - arrivals[1] + uniform(count, 1.5, 11.0)])
    irregular = (torch.rand(count, 1) < IRREGULAR_SHARE * (not regular)).float()[:, :, None]
    waves = torch.cat(
        [
            irregular * 0.16 * torch.rand(count, 3, 1),
            2.5 + 9.5 * torch.rand(count, 3, 1),
            6.2832 * torch.rand(count, 3, 1),
        ],
        dim=2,
    )
    weights = torch.stack([torch.ones(count, 1), second])
    boluses = Boluses(pool.curves[chosen], weights, delays, stretch, waves, arrivals[0])
    grid = arrivals[0] + torch.arange(0.0, 45.0, 0.4)
    peaks, tops = _peaks(count), boluses.at(grid).amax(dim=1, keepdim=True)
    if area_mmol_s_l is not None:
        area = stretch * (weights * pool.area_s[chosen]).sum(dim=0)
        by_area = (area_mmol_s_l / area * tops).clamp(*PEAK_RANGE_MMOL_L)
        peaks = torch.where(torch.isfinite(by_area), by_area, peaks)
    scale = peaks / tops
    return Boluses(boluses.parts, weights * scale, delays, stretch, waves, arrivals[0])


def at_steps(place: Any, curves: Any) -> Any:
    """Return curves (n, points) at fractional indices (n, m), linearly interpolated; ends are held."""
    place = place.clamp(0.0, curves.shape[1] - 1.001)
    low = place.long()
    first = curves.gather(1, low)
    return first + (place - low) * (curves.gather(1, low + 1) - first)


def _peaks(count: int) -> Any:
    import torch

    usual = torch.exp(1.5 + 0.35 * torch.randn(count, 1))
    wide = torch.exp(uniform(count, 0.405, 2.485))
    return torch.where(torch.rand(count, 1) < USUAL_SHARE, usual, wide).clamp(*PEAK_RANGE_MMOL_L)


def _usual_or(count: int, usual: tuple[float, float], wide: tuple[float, float]) -> Any:
    """Return (count, 1) numbers from the usual range, or for a few from the wide one."""
    import torch

    return torch.where(torch.rand(count, 1) < USUAL_SHARE, uniform(count, *usual), uniform(count, *wide))


def _circulated(count: int) -> tuple[Any, Any]:
    """Return pool curves (count, POINTS) with a peak of 1, and the area (count, 1) of their first pass in s.

    Contrast arrives some 10 to 25 s after their start.
    """
    import torch

    size = 4 * POINTS
    grid = (torch.arange(size) * STEP_S)[None]
    damping = torch.exp(-DAMPING_PER_S * grid)

    def transit(mean: Any, dispersion: Any) -> Any:
        shape = dispersion**-2.0
        scaled = torch.clamp(grid, min=1e-6) / (mean / shape)
        density = torch.exp((shape - 1.0) * torch.log(scaled) - scaled - torch.lgamma(shape))
        density[:, 0] = 0.0
        return torch.fft.rfft(damping * density / density.sum(dim=1, keepdim=True))

    vein = transit(uniform(count, 0.8, 5.5), uniform(count, 0.25, 0.6))
    lungs = transit(uniform(count, 2.5, 9.0), uniform(count, 0.2, 0.5))
    body = transit(_usual_or(count, (12.0, 22.0), (11.0, 32.0)), _usual_or(count, (0.45, 0.65), (0.35, 0.75)))
    returned = _usual_or(count, (0.55, 0.78), (0.3, 0.9))
    injected = ((grid >= 6.0) & (grid < 6.0 + uniform(count, 0.8, 6.0))).float()
    spectrum = torch.fft.rfft(damping * injected) * vein * lungs / (1.0 - returned * lungs * body)
    left = (torch.fft.irfft(spectrum, size) / damping)[:, :POINTS].clamp(min=0.0)
    top = left.amax(dim=1, keepdim=True)
    return left / top, STEP_S * injected.sum(dim=1, keepdim=True) / top
