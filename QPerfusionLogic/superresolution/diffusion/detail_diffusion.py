"""Conditional diffusion of the missing detail: training loss, DDPM and DDIM samplers (imports torch).

With detail x over its standard deviation, noise e, and share of signal g(t) falling over T = 2000 steps as in SR3,
    z(t) = sqrt(g) x + sqrt(1 - g) e,    velocity v = sqrt(g) e - sqrt(1 - g) x,    x = sqrt(g) z - sqrt(1 - g) v.
Detail and noise lie in the phase-encoding lines that were not measured: what was measured is kept at every step.

Source: Sun et al., Front Cardiovasc Med 2025;12:1499593 (PerfGen: steps, condition); Salimans and Ho, ICLR 2022
(velocity); Song, Meng and Ermon, ICLR 2021 (few steps).
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from QPerfusionLogic.networks.device import fast_precision
from QPerfusionLogic.superresolution.bridge.bridge_network import only_missing

from .diffusion_network import DETAIL_SD
from .sr3_diffusion import STEPS, signal_shares

VelocityOf = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""(noisy, low, level, fraction) -> velocity, see `DiffusionNetwork.forward`."""
LARGEST_DETAIL = 25.0
"""Detail beyond so many standard deviations is cut off at every step, as SR3 clips its images."""


def velocity_loss(
    network: VelocityOf, low: torch.Tensor, full: torch.Tensor, kept: torch.Tensor, fraction: torch.Tensor
) -> torch.Tensor:
    """Return the mean squared error of the velocity in the lines that were not measured.

    Parameters
    ----------
    low, full : (n, 1, rows, columns) tensors
    kept : (n, rows) bool tensor
    fraction : (n,) tensor
    """
    shares = signal_shares().to(low.device)
    step = torch.randint(1, len(shares), (len(low),), device=low.device)
    share = shares[step].float()[:, None, None, None]
    detail = only_missing(full - low, kept) / DETAIL_SD
    noise = only_missing(torch.randn_like(low), kept)
    noisy = share.sqrt() * detail + (1.0 - share).sqrt() * noise
    with fast_precision(low.device):
        found = network(noisy, low, share.flatten().sqrt(), fraction)
    error = only_missing(found, kept) - (share.sqrt() * noise - (1.0 - share).sqrt() * detail)
    return error.square().mean() / (~kept).float().mean()


def sampled_details(
    network: VelocityOf, low: torch.Tensor, kept: torch.Tensor, fraction: torch.Tensor, steps: int
) -> torch.Tensor:
    """Return one sample of the detail (n, 1, rows, columns) of each frame.

    Parameters
    ----------
    low, kept, fraction : tensors
        As in `velocity_loss`.
    steps : int
        All `STEPS`: DDPM, as published; fewer: DDIM over equal parts of them.
    """
    shares = signal_shares()
    chosen = torch.linspace(STEPS, 0, min(steps, STEPS) + 1).round().long()
    noisy = only_missing(torch.randn_like(low), kept)
    for step, following in zip(chosen[:-1].tolist(), chosen[1:].tolist(), strict=True):
        now, after = float(shares[step]), float(shares[following])
        level = torch.full_like(fraction, now**0.5)
        velocity = only_missing(network(noisy, low, level, fraction), kept)
        detail = (now**0.5 * noisy - (1.0 - now) ** 0.5 * velocity).clamp(-LARGEST_DETAIL, LARGEST_DETAIL)
        noise = (1.0 - now) ** 0.5 * noisy + now**0.5 * velocity
        fresh = _fresh_share(now, after) if steps >= STEPS and following > 0 else 0.0
        old = (1.0 - after - fresh) ** 0.5
        noisy = after**0.5 * detail + old * noise
        if fresh > 0.0:
            noisy = noisy + fresh**0.5 * only_missing(torch.randn_like(low), kept)
    return DETAIL_SD * only_missing(noisy, kept)


def _fresh_share(now: float, after: float) -> float:
    """Return the variance of the noise that DDPM draws anew in a step."""
    return (1.0 - after) / (1.0 - now) * (1.0 - now / after)
