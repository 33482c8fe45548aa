"""The diffusion of PerfGen: schedule, training loss, DDPM and DDIM samplers (imports torch).

The paper gives 2000 steps and an L1 loss on the noise; its variances are not stated and are SR3's here: linear from
1e-6 to 1e-2. The network is given sqrt(gamma), drawn between two steps in training, as SR3 does.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

STEPS = 2000
FIRST_VARIANCE, LAST_VARIANCE = 1e-6, 1e-2
NoiseOf = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""(low, noisy, level) -> noise, see `Sr3Network.forward`."""


def signal_shares(steps: int = STEPS) -> torch.Tensor:
    """Return gamma (steps + 1,), the share of signal power left after each step; 1 before the first.

    Examples
    --------
    >>> shares = signal_shares()
    >>> float(shares[0]), bool(shares[-1] < 1e-4)
    (1.0, True)
    """
    variance = torch.linspace(FIRST_VARIANCE, LAST_VARIANCE, steps, dtype=torch.float64)
    return torch.cat([torch.ones(1, dtype=torch.float64), torch.cumprod(1.0 - variance, dim=0)])


def noise_loss(network: NoiseOf, low: torch.Tensor, full: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """Return the L1 error of the predicted noise (equation 9); frames (n, 1, rows, columns) in -1 to 1."""
    step = torch.randint(1, len(shares), (len(low),))
    mixed = torch.rand(len(low), dtype=shares.dtype)
    level = (mixed * shares[step - 1].sqrt() + (1.0 - mixed) * shares[step].sqrt()).to(low)
    noise = torch.randn_like(full)
    wide = level[:, None, None, None]
    return (network(low, wide * full + (1.0 - wide**2).sqrt() * noise, level) - noise).abs().mean()


def sample_ddpm(network: NoiseOf, low: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """Return frames sampled with all steps (equation 8), clipped to the range of the training frames at each."""
    value = torch.randn_like(low)
    for step in range(len(shares) - 1, 0, -1):
        now, before = float(shares[step]), float(shares[step - 1])
        alpha = now / before
        clean = _clean(network, low, value, now)
        mean = (before**0.5 * (1.0 - alpha) * clean + alpha**0.5 * (1.0 - before) * value) / (1.0 - now)
        value = mean + (1.0 - alpha) ** 0.5 * torch.randn_like(value) if step > 1 else mean
    return value


def sample_ddim(network: NoiseOf, low: torch.Tensor, shares: torch.Tensor, steps: int) -> torch.Tensor:
    """Return frames sampled without noise in `steps` steps (Song, Meng and Ermon, ICLR 2021)."""
    chosen = torch.linspace(len(shares) - 1, 0, steps + 1).round().long()
    value = torch.randn_like(low)
    for step, following in zip(chosen[:-1].tolist(), chosen[1:].tolist(), strict=True):
        now, after = float(shares[step]), float(shares[following])
        clean = _clean(network, low, value, now)
        noise = (value - now**0.5 * clean) / (1.0 - now) ** 0.5
        value = after**0.5 * clean + (1.0 - after) ** 0.5 * noise
    return value


def _clean(network: NoiseOf, low: torch.Tensor, value: torch.Tensor, share: float) -> torch.Tensor:
    """Return the frame without noise that the network sees in `value`."""
    level = torch.full((len(low),), share**0.5, dtype=low.dtype, device=low.device)
    noise = network(low, value, level)
    return ((value - (1.0 - share) ** 0.5 * noise) / share**0.5).clamp(-1.0, 1.0)
