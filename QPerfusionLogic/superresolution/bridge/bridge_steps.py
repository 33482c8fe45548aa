"""The residual bridge between a zero-filled frame and full resolution: noise, loss and sampler (imports torch).

At level s the frame lies between low (s = 1) and full resolution (s = 0): low + (1 - s) detail + SPREAD sqrt(s (1 - s))
noise, detail and noise in the lines that were not measured only; cf. Yue, Wang and Loy, ResShift, NeurIPS 2023, and
Liu et al., I2SB, ICML 2023. From level 1 one step gives the expected detail; more steps draw a sample.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from QPerfusionLogic.networks.device import fast_precision

from .bridge_network import only_missing

DetailOf = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""(current, low, level, fraction) -> detail, see `BridgeNetwork.forward`."""
SPREAD = 0.06
"""Noise of the bridge at its middle, doubled, in units of the frame's bright tissue."""
ONE_STEP = 0.8
"""Share of the training at level 1, where the default starts and ends."""


def bridge_loss(
    network: nn.Module, low: torch.Tensor, full: torch.Tensor, kept: torch.Tensor, fraction: torch.Tensor
) -> torch.Tensor:
    """Return the mean over frames of the error of the detail, relative to the error of the zero-filled frame.

    Parameters
    ----------
    low, full : (n, 1, rows, columns) tensors
    kept : (n, rows) bool tensor
    fraction : (n,) tensor
    """
    detail = only_missing(full - low, kept)
    level = torch.where(torch.rand(len(low)) < ONE_STEP, 1.0, 0.1 + 0.85 * torch.rand(len(low))).to(low.device)
    current = _on_bridge(low, detail, level, kept)
    with fast_precision(low.device):
        found = network(current, low, level, fraction)
    error = (only_missing(found, kept) - detail).square().mean(dim=(1, 2, 3))
    reference = detail.square().mean(dim=(1, 2, 3))
    return ((error + 1e-7).sqrt() / (reference.sqrt() + 2e-3)).mean()


def expected_detail(network: DetailOf, low: torch.Tensor, kept: torch.Tensor, fraction: torch.Tensor) -> torch.Tensor:
    """Return the detail (n, 1, rows, columns) of one step from level 1."""
    return only_missing(network(low, low, torch.ones_like(fraction), fraction), kept)


def sampled_detail(
    network: DetailOf,
    low: torch.Tensor,
    kept: torch.Tensor,
    fraction: torch.Tensor,
    steps: int,
    first: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return a sample of the detail in `steps` steps; `first` is the expected detail where it is known already."""
    detail = expected_detail(network, low, kept, fraction) if first is None else first
    for index in range(1, steps):
        level = torch.full_like(fraction, 1.0 - index / steps)
        current = _on_bridge(low, detail, level, kept)
        detail = only_missing(network(current, low, level, fraction), kept)
    return detail


def _on_bridge(low: torch.Tensor, detail: torch.Tensor, level: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    share = level[:, None, None, None]
    noise = only_missing(torch.randn_like(low), kept)
    return low + (1.0 - share) * detail + SPREAD * (share * (1.0 - share)).sqrt() * noise
