"""Batches of boluses: what passes the left ventricle after an injection, for thousands of circulations at once.

The model is that of the digital patients (phantom/circulation.py): vein, lungs and body as gamma-distributed transits,
the loop through the body closed in the frequency domain.
"""

from __future__ import annotations

from typing import Any

STEP_S = 0.1
POINTS = 1024
"""Length of a curve on the fine grid, about 100 s; the transform is twice as long."""
DAMPING_PER_S = 0.045
"""All curves are damped by it inside the transform, so that what still circulates at its end does not wrap round."""


def uniform(count: int, low: float, high: float, device: Any) -> Any:
    """Return (count, 1) random numbers between low and high."""
    import torch

    return low + (high - low) * torch.rand(count, 1, device=device)


def left_ventricular_boluses(count: int, device: Any) -> Any:
    """Return gadolinium (count, POINTS) in mmol/L on a grid of `STEP_S`, arriving some 15 to 30 s after its start.

    Dose, injection, cardiac output and transits are drawn wide; a quarter of the boluses comes in two parts; peaks are
    spread evenly in their logarithm from 1.5 to 12 mmol/L, so that no dose is preferred.
    """
    import torch

    size = 2 * POINTS
    grid = (torch.arange(size, device=device) * STEP_S)[None]
    damping = torch.exp(-DAMPING_PER_S * grid)

    def transit(mean: Any, dispersion: Any) -> Any:
        shape = dispersion**-2.0
        scaled = torch.clamp(grid, min=1e-6) / (mean / shape)
        density = torch.exp((shape - 1.0) * torch.log(scaled) - scaled - torch.lgamma(shape)) / (mean / shape)
        density[:, 0] = 0.0
        return torch.fft.rfft(damping * density / density.sum(dim=1, keepdim=True))

    vein = transit(uniform(count, 1.0, 5.0, device), uniform(count, 0.25, 0.55, device))
    lungs = transit(uniform(count, 2.5, 9.0, device), uniform(count, 0.2, 0.5, device))
    body = transit(uniform(count, 11.0, 30.0, device), uniform(count, 0.4, 0.7, device))
    returned = uniform(count, 0.45, 0.88, device)
    injected = torch.fft.rfft(damping * _injection(count, grid, device))
    whole = torch.fft.irfft(injected * vein * lungs / (1.0 - returned * lungs * body), size)
    left = (whole / damping)[:, :POINTS].clamp(min=0.0)
    peak = torch.exp(uniform(count, 0.405, 2.485, device))
    return left / left.amax(dim=1, keepdim=True) * peak


def _injection(count: int, grid: Any, device: Any) -> Any:
    import torch

    duration = uniform(count, 0.8, 5.0, device)
    second = (torch.rand(count, 1, device=device) < 0.25) * uniform(count, 0.1, 0.5, device)
    delay = uniform(count, 2.0, 7.0, device) + duration
    start = 8.0

    def box(begin: Any, length: Any) -> Any:
        return ((grid >= begin) & (grid < begin + length)).float() / torch.clamp(length / STEP_S, min=1.0)

    return (1.0 - second) * box(start, duration) + second * box(start + delay, duration)
