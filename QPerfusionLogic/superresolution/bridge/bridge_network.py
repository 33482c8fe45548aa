"""The network of the residual bridge: a U-Net on pixel-unshuffled frames (imports torch)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

WIDTHS = (64, 96, 160)
BLOCKS = 2
CHANNELS = 2
"""The frame on its way from low to full resolution, and the zero-filled frame."""
MULTIPLE = 2 ** len(WIDTHS)
"""Rows and columns must be multiples of it."""


class BridgeNetwork(nn.Module):
    """Predict the missing detail of frames.

    No normalisation over the image: the answer for a heart must not depend on how much of the chest is in view.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS, blocks: int = BLOCKS) -> None:
        super().__init__()
        told = 4 * widths[0]
        self.told = nn.Sequential(nn.Linear(2, told), nn.SiLU(), nn.Linear(told, told), nn.SiLU())
        self.first = nn.Conv2d(4 * CHANNELS, widths[0], 3, padding=1)
        self.down_blocks = nn.ModuleList(_Blocks(width, told, blocks) for width in widths)
        self.up_blocks = nn.ModuleList(_Blocks(width, told, blocks) for width in widths[-2::-1])
        steps = list(pairwise(widths))
        self.down = nn.ModuleList(nn.Conv2d(fine, coarse, 2, stride=2) for fine, coarse in steps)
        self.up = nn.ModuleList(nn.ConvTranspose2d(coarse, fine, 2, stride=2) for fine, coarse in steps[::-1])
        self.bottleneck: nn.Module = nn.Identity()
        self.last = nn.Conv2d(widths[0], 4, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(torch.as_tensor(self.last.bias))

    def forward(
        self, current: torch.Tensor, low: torch.Tensor, level: torch.Tensor, fraction: torch.Tensor
    ) -> torch.Tensor:
        """Return the detail (n, 1, rows, columns) that takes `low` to full resolution.

        Parameters
        ----------
        current : (n, 1, rows, columns) tensor
            The frame at noise level `level`, phase encoding along the rows axis; `low` itself at level 1.
        low : (n, 1, rows, columns) tensor
            The zero-filled frame, bright tissue near 1.
        level : (n,) tensor
            1 at the zero-filled frame, 0 at full resolution.
        fraction : (n,) tensor
            Share of the phase-encoding lines that was measured.
        """
        return self.answer(torch.cat([current, low], dim=1), self.condition(level, fraction))

    def condition(self, level: torch.Tensor, fraction: torch.Tensor) -> torch.Tensor:
        """Return what scales and shifts every block (n, 4 widths[0])."""
        return torch.as_tensor(self.told(torch.stack([level, 5.0 * (fraction - 0.4)], dim=1)))

    def answer(self, images: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        """Return the output (n, 1, rows, columns) for images (n, 2, rows, columns) under a condition."""
        value = self.first(functional.pixel_unshuffle(images, 2))
        skipped = []
        for index, blocks in enumerate(self.down_blocks):
            value = blocks(value, told)
            if index < len(self.down):
                skipped.append(value)
                value = self.down[index](value)
        value = self.bottleneck(value)
        for up, blocks in zip(self.up, self.up_blocks, strict=True):
            value = up(value) + skipped.pop()
            value = blocks(value, told)
        return functional.pixel_shuffle(self.last(value), 2)


class _Block(nn.Module):
    """Two convolutions with a shortcut, scaled and shifted by what the network is reported; the identity at first."""

    def __init__(self, width: int, told: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(width, width, 3, padding=1)
        self.two = nn.Conv2d(width, width, 3, padding=1)
        self.film = nn.Linear(told, 2 * width)
        for layer in (self.two, self.film):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(torch.as_tensor(layer.bias))

    def forward(self, value: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        scale, shift = self.film(told)[:, :, None, None].chunk(2, dim=1)
        inner = functional.silu(self.one(value) * (1.0 + scale) + shift)
        return value + self.two(inner)


class _Blocks(nn.ModuleList):
    """Blocks one after the other."""

    def __init__(self, width: int, told: int, count: int) -> None:
        super().__init__(_Block(width, told) for _ in range(count))

    def forward(self, value: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        for block in self:
            value = block(value, told)
        return value


def only_missing(detail: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    """Return the part of a detail (n, 1, rows, columns) that lies in lines not measured; `kept` is (n, rows) bool."""
    spectrum = torch.fft.fft(detail.float(), dim=-2)
    return torch.fft.ifft(spectrum * ~kept[:, None, :, None], dim=-2).real
