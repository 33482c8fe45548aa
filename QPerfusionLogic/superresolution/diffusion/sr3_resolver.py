"""Apply SR3 to frames, sampled by DDIM or, with all its steps, by DDPM (imports torch)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.errors import SettingsError
from QPerfusionLogic.networks.device import chosen_device
from QPerfusionLogic.networks.model_files import load_into, model_file
from QPerfusionLogic.settings.schema import SuperresolutionSettings
from QPerfusionLogic.superresolution.bridge.bridge_network import only_missing
from QPerfusionLogic.superresolution.frames.degradation import kept_lines
from QPerfusionLogic.superresolution.frames.frame_resolver import CPU, Resolved, scale_of

from .sr3_diffusion import STEPS, sample_ddim, sample_ddpm, signal_shares
from .sr3_network import MULTIPLE, Sr3Network

TOP = 1.5
"""Frames from 0 to this many times their bright tissue become -1 to 1."""


@dataclass(frozen=True)
class Sr3Resolver:
    """SR3 with how it is sampled; the mean of `samples` frames of `steps` steps, measured lines put back."""

    network: nn.Module
    steps: int = 50
    samples: int = 2
    device: torch.device = CPU
    name: str = ""
    checksum: str = ""

    def run(self, low: FloatArray, fraction: float) -> Resolved:
        """Return zero-filled frames (n, rows, columns) at full resolution."""
        frames, spreads = np.array(low, np.float32), np.full(low.shape, np.nan, np.float32)
        for index, frame in enumerate(frames.copy()):
            if np.isfinite(frame).all() and np.ptp(frame) > 0.0:
                draws = self._draws(frame, fraction)
                frames[index] = draws.mean(axis=0)
                if len(draws) > 1:
                    spreads[index] = draws.std(axis=0, ddof=1)
        return Resolved(frames, spreads)

    def _draws(self, frame: FloatArray, fraction: float) -> FloatArray:
        scale = TOP * scale_of(np.abs(frame))
        rows, columns = frame.shape
        padded = np.pad(frame / scale, ((0, -rows % MULTIPLE), (0, -columns % MULTIPLE)), mode="symmetric")
        low = torch.from_numpy(2.0 * padded.astype(np.float32) - 1.0)[None, None].to(self.device)
        shares = signal_shares()
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            drawn = torch.cat([self._sample(low, shares) for _ in range(max(self.samples, 1))])
        found = scale * 0.5 * (drawn[..., :rows, :columns].cpu() + 1.0)
        measured = torch.from_numpy(frame)[None, None]
        kept = torch.from_numpy(kept_lines(rows, fraction))[None].expand(len(found), -1)
        return (measured + only_missing(found - measured, kept))[:, 0].numpy()

    def _sample(self, low: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
        if self.steps >= STEPS:
            return sample_ddpm(self.network, low, shares)
        return sample_ddim(self.network, low, shares, self.steps)


def sr3_resolver_of(settings: SuperresolutionSettings) -> Sr3Resolver:
    """Return SR3 with the user's own weights; none ship.

    Raises
    ------
    SettingsError
        When no weights are named.
    """
    if not settings.weights:
        raise SettingsError(
            "superresolution.mode = sr3 without weights",
            expected="superresolution.weights=FILE, for none ship with QPerfusion",
            action="train them with `qperfusion train superresolution --preset sr3` on a GPU, or use residual_bridge",
        )
    model = model_file(Path(settings.weights))
    widths = tuple(model.card.get("widths", ()))
    network = Sr3Network(widths) if widths else Sr3Network()
    load_into(network, model)
    device = chosen_device(settings.device)
    return Sr3Resolver(network.to(device), settings.steps, settings.samples, device, model.name, model.checksum)
