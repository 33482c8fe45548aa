"""Apply a network to frames: scaled, mirrored views averaged, the measured lines put back (imports torch)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import nn

from QPerfusionLogic.errors import SettingsError
from QPerfusionLogic.learning.device import chosen_device
from QPerfusionLogic.learning.model_files import load_into, model_file, shipped_model
from QPerfusionLogic.settings import SuperresolutionSettings
from QPerfusionLogic.study import FloatArray

from .any_matrix import AnyMatrix
from .batches import scale_of
from .bridge import expected_detail, sampled_detail
from .degradation import kept_lines
from .network import BridgeNetwork

SHIPPED = "superresolution"
"""Stem of the shipped model file."""
CPU = torch.device("cpu")
VIEWS: tuple[tuple[int, ...], ...] = ((), (-1,), (-2,), (-1, -2))
"""Axes along which the views of a frame are mirrored; the lines that are kept are the same for all."""


@dataclass(frozen=True)
class Resolved:
    """Frames at full resolution.

    Parameters
    ----------
    frames : (n, rows, columns) float32 array
    spread : (n, rows, columns) float32 array
        How far the frames may be off: spread of the sampled ones, scaled to the error of known frames; NaN where fewer
        than two were drawn.
    """

    frames: FloatArray
    spread: FloatArray


class FrameResolver(Protocol):
    """What the door needs of a network: frames (n, rows, columns) with phase encoding along rows, in and out."""

    @property
    def name(self) -> str:
        """Return the name that results carry."""

    @property
    def checksum(self) -> str:
        """Return the SHA-256 of the weights."""

    def run(self, low: FloatArray, fraction: float) -> Resolved:
        """Return zero-filled frames at full resolution; their measured lines stay, to rounding."""


def resolver_of(settings: SuperresolutionSettings) -> FrameResolver:
    """Return the network that the settings ask for, on its device.

    Raises
    ------
    QPerfusionError
        When weights are missing, altered or of another network.
    """
    if settings.mode == "sr3":
        from .sr3_resolver import sr3_resolver_of

        return sr3_resolver_of(settings)
    if settings.mode == "diffusion":
        from .diffusion_resolver import diffusion_resolver_of

        return diffusion_resolver_of(settings)
    if settings.mode != "residual_bridge":
        raise SettingsError(f"superresolution.mode = {settings.mode!r}", expected="residual_bridge, diffusion or sr3")
    model = model_file(Path(settings.weights)) if settings.weights else shipped_model(SHIPPED)
    network = BridgeNetwork()
    load_into(network, model)
    trust, spread = (float(model.card.get(name, 1.0)) for name in ("trust", "spread_scale"))
    device = chosen_device(settings.device)
    return BridgeResolver(
        network.to(device), settings.steps, settings.samples, trust, spread, device, model.name, model.checksum
    )


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
