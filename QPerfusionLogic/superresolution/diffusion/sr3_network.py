"""The published denoiser: SR3's U-Net with 64-128-256-512-512 channels and attention at the bottleneck (imports torch).

Source: Sun et al., Front Cardiovasc Med 2025;12:1499593, section 2.2.3; Saharia et al., IEEE TPAMI 2023;45:4713-4726.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

WIDTHS = (64, 128, 256, 512, 512)
BLOCKS = 2
DROPOUT = 0.2
GROUPS = 32
MULTIPLE = 2 ** (len(WIDTHS) - 1)
"""Rows and columns must be multiples of it."""


class Sr3Network(nn.Module):
    """Predict the noise in a noisy frame, given the zero-filled one.

    Parameters
    ----------
    widths : tuple of int
        Channels of each level; the published ones give about 92 million weights.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS, blocks: int = BLOCKS, dropout: float = DROPOUT) -> None:
        super().__init__()
        told = widths[0]
        self.told = nn.Sequential(nn.Linear(told, 4 * told), nn.SiLU(), nn.Linear(4 * told, told))
        self.first = nn.Conv2d(2, widths[0], 3, padding=1)
        self.down, skips = _descent(widths, blocks, told, dropout)
        deepest = widths[-1]
        self.middle = nn.ModuleList(
            [_Block(deepest, deepest, told, dropout, attention=True), _Block(deepest, deepest, told, dropout)]
        )
        self.up = _ascent(widths, blocks, told, dropout, skips)
        self.last = nn.Sequential(nn.GroupNorm(_groups(widths[0]), widths[0]), nn.SiLU())
        self.out = nn.Conv2d(widths[0], 1, 3, padding=1)

    def forward(self, low: torch.Tensor, noisy: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        """Return the predicted noise (n, 1, rows, columns).

        Parameters
        ----------
        low, noisy : (n, 1, rows, columns) tensors
        level : (n,) tensor
            Square root of gamma, the share of signal in `noisy`.
        """
        told = self.told(waves(level, self.first.out_channels))
        value = self.first(torch.cat([low, noisy], dim=1))
        skipped = [value]
        for layer in self.down:
            value = layer(value, told)
            skipped.append(value)
        for layer in self.middle:
            value = layer(value, told)
        for layer in self.up:
            value = layer(torch.cat([value, skipped.pop()], dim=1) if isinstance(layer, _Block) else value, told)
        return torch.as_tensor(self.out(self.last(value)))


def _descent(widths: tuple[int, ...], blocks: int, told: int, dropout: float) -> tuple[nn.ModuleList, list[int]]:
    layers: list[nn.Module] = []
    skips, before = [widths[0]], widths[0]
    for index, width in enumerate(widths):
        for _ in range(blocks):
            layers.append(_Block(before, width, told, dropout))
            skips.append(width)
            before = width
        if index < len(widths) - 1:
            layers.append(_Resampled(width, down=True))
            skips.append(width)
    return nn.ModuleList(layers), skips


def _ascent(widths: tuple[int, ...], blocks: int, told: int, dropout: float, skips: list[int]) -> nn.ModuleList:
    layers: list[nn.Module] = []
    remaining, before = list(skips), widths[-1]
    for index, width in enumerate(reversed(widths)):
        for _ in range(blocks + 1):
            layers.append(_Block(before + remaining.pop(), width, told, dropout))
            before = width
        if index < len(widths) - 1:
            layers.append(_Resampled(width, down=False))
    return nn.ModuleList(layers)


class _Block(nn.Module):
    """Two normalised convolutions with a shortcut, shifted by the noise level, and attention where asked for."""

    def __init__(self, before: int, after: int, told: int, dropout: float, attention: bool = False) -> None:
        super().__init__()
        self.one = nn.Sequential(
            nn.GroupNorm(_groups(before), before), nn.SiLU(), nn.Conv2d(before, after, 3, padding=1)
        )
        self.shift = nn.Linear(told, after)
        self.two = nn.Sequential(
            nn.GroupNorm(_groups(after), after),
            nn.SiLU(),
            nn.Dropout(dropout),
            nn.Conv2d(after, after, 3, padding=1),
        )
        self.shortcut = nn.Conv2d(before, after, 1) if before != after else nn.Identity()
        self.attention = Attention(after) if attention else nn.Identity()

    def forward(self, value: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        inner = self.one(value) + self.shift(told)[:, :, None, None]
        return torch.as_tensor(self.attention(self.two(inner) + self.shortcut(value)))


class _Resampled(nn.Module):
    """Half or double the matrix."""

    def __init__(self, width: int, down: bool) -> None:
        super().__init__()
        self.down = down
        self.conv = nn.Conv2d(width, width, 3, stride=2 if down else 1, padding=1)

    def forward(self, value: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.conv(value if self.down else functional.interpolate(value, scale_factor=2.0)))


class Attention(nn.Module):
    """Self-attention over all pixels, queries, keys and values from 1 x 1 convolutions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(_groups(width), width)
        self.joint = nn.Conv2d(width, 3 * width, 1, bias=False)
        self.out = nn.Conv2d(width, width, 1)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        query, key, content = self.joint(self.norm(value)).flatten(2).transpose(1, 2).chunk(3, dim=-1)
        mixed = functional.scaled_dot_product_attention(query, key, content)
        return torch.as_tensor(value + self.out(mixed.transpose(1, 2).reshape(value.shape)))


def _groups(width: int) -> int:
    return math.gcd(GROUPS, width)


def waves(level: torch.Tensor, width: int) -> torch.Tensor:
    """Return (n, width) sines and cosines of the noise level."""
    step = torch.arange(width // 2, device=level.device, dtype=torch.float32) / (width // 2)
    phase = level[:, None] * 1000.0 * torch.exp(-math.log(1e4) * step)[None]
    return torch.cat([phase.sin(), phase.cos()], dim=1)
