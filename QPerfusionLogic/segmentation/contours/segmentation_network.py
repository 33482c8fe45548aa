"""The segmentation network: a small 2D U-Net on temporal features (imports torch)."""

from __future__ import annotations

import torch
from torch import nn

from .slice_input import CHANNELS

CLASSES = 4
"""Background, myocardium, LV blood, RV blood; one more output is the heat map of the insertion points."""
WIDTHS = (24, 48, 96, 144)


class SegmentationNetwork(nn.Module):
    """U-Net of four resolutions with group normalisation; (n, CHANNELS, 64, 64) -> (n, CLASSES + 1, 64, 64)."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        inputs = (CHANNELS, *widths[:-1])
        self.down = nn.ModuleList(_block(before, after) for before, after in zip(inputs, widths, strict=True))
        self.up = nn.ModuleList(
            _block(deep + shallow, shallow) for deep, shallow in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.head = nn.Conv2d(widths[0], CLASSES + 1, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return class logits and, as last channel, the logit of the heat map."""
        skipped: list[torch.Tensor] = []
        value = images
        for block in self.down:
            if skipped:
                value = nn.functional.max_pool2d(value, 2)
            value = block(value)
            skipped.append(value)
        for block, skip in zip(self.up, skipped[-2::-1], strict=True):
            value = nn.functional.interpolate(value, scale_factor=2.0, mode="bilinear", align_corners=False)
            value = block(torch.cat([value, skip], dim=1))
        return torch.as_tensor(self.head(value))


def _block(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, padding=1),
        nn.GroupNorm(8, after),
        nn.SiLU(),
        nn.Conv2d(after, after, 3, padding=1),
        nn.GroupNorm(8, after),
        nn.SiLU(),
    )
