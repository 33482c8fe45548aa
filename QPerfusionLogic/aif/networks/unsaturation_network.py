"""Our network: it weighs a family of inverted curves and gives a band; several of them form an ensemble."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from .curve_input import CONDITIONS
from .inverted_family import PEAKS_MMOL_L

QUANTILES = (0.05, 0.95)
FAMILY = len(PEAKS_MMOL_L) + 1


class UnsaturationNetwork(nn.Module):
    """A 1D U-Net with group normalisation: weighs a family of inverted curves and corrects what they miss.

    Parameters
    ----------
    widths : tuple of int
        Channels per resolution; the curve of 64 samples is halved between them.
    """

    def __init__(self, widths: tuple[int, ...] = (24, 32, 48, 64, 96)) -> None:
        super().__init__()
        sizes = (2 + FAMILY, *widths)
        self.down = nn.ModuleList(Block(sizes[i], sizes[i + 1], CONDITIONS) for i in range(len(widths)))
        self.up = nn.ModuleList(
            Block(widths[i] + widths[i - 1], widths[i - 1], CONDITIONS) for i in range(len(widths) - 1, 0, -1)
        )
        self.curves = nn.Conv1d(widths[0], FAMILY + 1 + len(QUANTILES), 1)
        self.whole = nn.Sequential(nn.Linear(widths[-1] + CONDITIONS, 64), nn.SiLU(), nn.Linear(64, FAMILY + 2))

    def forward(self, signal: Any, valid: Any, family: Any, conditions: Any) -> tuple[Any, Any]:
        """Return curves (n, 3, 64): gadolinium, 5 and 95 % points; and the state before contrast (n, 2), all scaled."""
        values = torch.cat([signal[:, None], valid[:, None], family], dim=1)
        kept = []
        for level, block in enumerate(self.down):
            values = block(values if level == 0 else nn.functional.avg_pool1d(values, 2), conditions)
            kept.append(values)
        whole = self.whole(torch.cat([values.mean(dim=2), conditions], dim=1))
        for block, skip in zip(self.up, kept[-2::-1], strict=True):
            raised = nn.functional.interpolate(values, scale_factor=2.0, mode="linear", align_corners=False)
            values = block(torch.cat([raised, skip], dim=1), conditions)
        raw = self.curves(values)
        shares = torch.softmax(raw[:, :FAMILY] + whole[:, :FAMILY, None], dim=1)
        mean = (shares * family).sum(dim=1, keepdim=True) + raw[:, FAMILY : FAMILY + 1]
        spread = nn.functional.softplus(raw[:, FAMILY + 1 :] - 2.0)
        return torch.cat([mean, mean - spread[:, :1], mean + spread[:, 1:]], dim=1), whole[:, FAMILY:]


class Block(nn.Module):
    """Two convolutions with group normalisation, shifted by the protocol, and a residual path."""

    def __init__(self, inputs: int, outputs: int, conditions: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(inputs, outputs, 5, padding=2)
        self.second = nn.Conv1d(outputs, outputs, 5, padding=2)
        self.norms = nn.ModuleList([nn.GroupNorm(8, outputs), nn.GroupNorm(8, outputs)])
        self.short = nn.Conv1d(inputs, outputs, 1)
        self.shift = nn.Linear(conditions, outputs)

    def forward(self, values: Any, conditions: Any) -> Any:
        """Return (n, outputs, length)."""
        inner = nn.functional.silu(self.norms[0](self.first(values)) + self.shift(conditions)[:, :, None])
        return self.short(values) + nn.functional.silu(self.norms[1](self.second(inner)))


class Ensemble(nn.Module):
    """Several networks asked together; their curves and bands are averaged, the band widened by a measured factor.

    One factor holds where proton density is not known, another where it is.

    Parameters
    ----------
    members : list of UnsaturationNetwork
        At least one.
    """

    widening: torch.Tensor

    def __init__(self, members: list[UnsaturationNetwork]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.register_buffer("widening", torch.ones(2))

    def forward(self, signal: Any, valid: Any, family: Any, conditions: Any) -> tuple[Any, Any]:
        """Return what a member returns."""
        answers = [member(signal, valid, family, conditions) for member in self.members]
        curves, state = (torch.stack(parts).mean(dim=0) for parts in zip(*answers, strict=True))
        middle = curves[:, :1]
        factor = self.widening[density_known(conditions).long()][:, None, None]
        return torch.cat([middle, middle + factor * (curves[:, 1:] - middle)], dim=1), state


def density_known(conditions: Any) -> Any:
    """Return whether the proton density of each curve is known, (n,) bool, by its conditions (n, 11)."""
    return conditions[:, -1] > 0.5
