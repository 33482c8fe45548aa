"""Denoiser of the conditional diffusion: the bridge's U-Net with noise level and attention (imports torch)."""

from __future__ import annotations

import torch
from torch import nn

from QPerfusionLogic.superresolution.bridge.bridge_network import WIDTHS, BridgeNetwork

from .sr3_network import Attention, waves

BLOCKS = 3
WAVES = 64
DETAIL_SD = 0.04
"""Standard deviation of the missing detail, in units of the frame's bright tissue, that the diffusion takes as one."""


class DiffusionNetwork(BridgeNetwork):
    """Predict the velocity of the diffusion of the missing detail, given the zero-filled frame.

    Where nothing but noise is seen, the best velocity is minus the expected detail, which is what the residual bridge
    predicts in one step. So the layers of a trained bridge have their place here (`begin_with_bridge`); what is added
    has no effect at first: the noisy detail as input, the noise level, a third block a level, attention at the
    bottleneck.

    Source: Salimans and Ho, ICLR 2022 (velocity); Saharia et al., IEEE TPAMI 2023;45:4713-4726 (conditioning).
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS, blocks: int = BLOCKS) -> None:
        super().__init__(widths, blocks)
        self.bottleneck = Attention(widths[-1])
        self.level = nn.Sequential(nn.Linear(WAVES, 4 * widths[0]), nn.SiLU(), nn.Linear(4 * widths[0], 4 * widths[0]))
        for layer in (self.level[-1], self.bottleneck.out):
            nn.init.zeros_(torch.as_tensor(layer.weight))
            nn.init.zeros_(torch.as_tensor(layer.bias))

    def forward(
        self, noisy: torch.Tensor, low: torch.Tensor, level: torch.Tensor, fraction: torch.Tensor
    ) -> torch.Tensor:
        """Return the velocity (n, 1, rows, columns) of the diffusion.

        Parameters
        ----------
        noisy : (n, 1, rows, columns) tensor
            Detail over `DETAIL_SD` with noise of unit variance, in the lines that were not measured.
        low : (n, 1, rows, columns) tensor
            The zero-filled frame, phase encoding along the rows axis, bright tissue near 1.
        level : (n,) tensor
            Square root of the share of signal power in `noisy`.
        fraction : (n,) tensor
            Share of the phase-encoding lines that was measured.
        """
        condition = self.condition(torch.ones_like(fraction), fraction) + self.level(waves(level, WAVES))
        return self.answer(torch.cat([low, noisy], dim=1), condition)

    def begin_with_bridge(self, bridge: BridgeNetwork) -> None:
        """Take the weights of a trained bridge, so that the answer to pure noise is its expected detail."""
        known = dict(bridge.state_dict())
        current, low = known["first.weight"].chunk(2, dim=1)
        known["first.weight"] = torch.cat([current + low, torch.zeros_like(low)], dim=1)
        for name in ("last.weight", "last.bias"):
            known[name] = -known[name] / DETAIL_SD
        self.load_state_dict(known, strict=False)
