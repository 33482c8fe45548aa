"""Apply a network to frames: scaled, mirrored views averaged, the measured lines put back (imports torch)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.superresolution.frames.degradation import kept_lines
from QPerfusionLogic.superresolution.frames.frame_resolver import CPU, Resolved, scale_of

from .any_matrix import AnyMatrix
from .bridge_steps import expected_detail, sampled_detail

SHIPPED = "superresolution"
"""Stem of the shipped model file."""
VIEWS: tuple[tuple[int, ...], ...] = ((), (-1,), (-2,), (-1, -2))
"""Axes along which the views of a frame are mirrored; the lines that are kept are the same for all."""


@dataclass(frozen=True)
class BridgeResolver:
    """The residual bridge with how it is used.

    Parameters
    ----------
    network : torch module
    steps : int
        1: the frame is the expected one. More: it is the mean of samples of so many steps each.
    samples : int
        Sampled frames behind the spread; at least one where `steps` is not 1.
    trust : float
        Share of the predicted detail that is added.
    spread_scale : float
        What the standard deviation of samples is multiplied by, so that it is as large as the error of known frames.
    """

    network: nn.Module
    steps: int = 1
    samples: int = 2
    trust: float = 1.0
    spread_scale: float = 1.0
    device: torch.device = CPU
    name: str = ""
    checksum: str = ""

    def run(self, low: FloatArray, fraction: float) -> Resolved:
        """Return zero-filled frames at full resolution.

        Frames that are constant or not finite come back as they are, without spread.
        """
        pairs = [self._one(frame, fraction) for frame in np.asarray(low, np.float32)]
        frames, spreads = zip(*pairs, strict=True)
        return Resolved(np.stack(frames), np.stack(spreads))

    def _one(self, low: FloatArray, fraction: float) -> tuple[FloatArray, FloatArray]:
        nowhere = np.full_like(low, np.nan)
        if not np.isfinite(low).all() or np.ptp(low) == 0.0:
            return low, nowhere
        scale = np.float32(self.trust * scale_of(np.abs(low)))
        detail, draws = self._details(low / scale_of(np.abs(low)), fraction)
        spread = nowhere if len(draws) < 2 else self.spread_scale * scale * draws.std(axis=0, ddof=1)
        return (low + scale * detail).astype(np.float32), spread.astype(np.float32)

    def _details(self, scaled: FloatArray, fraction: float) -> tuple[FloatArray, FloatArray]:
        """Return the detail (rows, columns) and the sampled ones (samples, rows, columns)."""
        network = AnyMatrix(self.network)
        low = torch.from_numpy(scaled.astype(np.float32))[None, None].to(self.device)
        kept = torch.from_numpy(kept_lines(low.shape[-2], fraction))[None].to(self.device)
        share = torch.tensor([fraction], dtype=torch.float32, device=self.device)
        samples = max(self.samples, 1) if self.steps > 1 else self.samples
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            views = [expected_detail(network, low.flip(axes), kept, share).flip(axes) for axes in VIEWS]
            mean = torch.stack(views).mean(dim=0)
            steps = max(self.steps, 2)
            draws = [sampled_detail(network, low, kept, share, steps, first=mean) for _ in range(samples)]
            if self.steps > 1:
                mean = torch.stack(draws).mean(dim=0)
        sampled = torch.stack(draws)[:, 0, 0].cpu().numpy() if draws else np.empty((0, *scaled.shape), np.float32)
        return mean[0, 0].cpu().numpy(), sampled
