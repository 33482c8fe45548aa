"""Let the network take frames of any matrix: margins around them, wide ones in bands (imports torch)."""

from __future__ import annotations

import torch
from torch import nn

from .bridge_network import MULTIPLE

MARGIN = 8
"""Pixels that the network sees beyond the edges: k-space wraps along the lines, mirrors across them."""
WIDEST = 256
"""Columns handled at once; wider frames go through in overlapping bands with their lines whole."""
OVERLAP = 32
"""Columns that a band reaches into its neighbours."""


class AnyMatrix:
    """A network that is given margins and bands, called as the network itself.

    Parameters
    ----------
    network : torch module
        Called with (current, low, level, fraction), see `BridgeNetwork`.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network

    def __call__(
        self, current: torch.Tensor, low: torch.Tensor, level: torch.Tensor, fraction: torch.Tensor
    ) -> torch.Tensor:
        """Return the detail (n, 1, rows, columns) for frames of any size."""
        columns = low.shape[-1]
        bands = -(-columns // WIDEST)
        found = torch.empty_like(low)
        for index in range(bands):
            first, last = index * columns // bands, (index + 1) * columns // bands
            left, right = max(first - OVERLAP, 0), min(last + OVERLAP, columns)
            inner = slice(first - left, last - left)
            band = self._band(current[..., left:right], low[..., left:right], level, fraction)
            found[..., first:last] = band[..., inner]
        return found

    def _band(
        self, current: torch.Tensor, low: torch.Tensor, level: torch.Tensor, fraction: torch.Tensor
    ) -> torch.Tensor:
        rows, columns = low.shape[-2:]
        above, right = _margins(rows), _margins(columns)
        padded = (_padded(image, above, right) for image in (current, low))
        detail = self.network(*padded, level, fraction)
        return torch.as_tensor(detail[..., above[0] : above[0] + rows, right[0] : right[0] + columns])


def _margins(size: int) -> tuple[int, int]:
    """Return the pixels added before and after, to a multiple of what the network takes."""
    total = size + 2 * min(MARGIN, size - 1)
    added = total + -total % MULTIPLE - size
    return added // 2, added - added // 2


def _padded(image: torch.Tensor, rows: tuple[int, int], columns: tuple[int, int]) -> torch.Tensor:
    wrapped = torch.nn.functional.pad(image, (0, 0, *rows), mode="circular")
    return torch.nn.functional.pad(wrapped, (*columns, 0, 0), mode="reflect")
