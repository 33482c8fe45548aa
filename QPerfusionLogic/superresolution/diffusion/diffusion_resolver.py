"""Apply the conditional diffusion to frames: the mean of samples, and their spread (imports torch)."""

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
from QPerfusionLogic.superresolution.bridge.any_matrix import AnyMatrix
from QPerfusionLogic.superresolution.frames.degradation import kept_lines
from QPerfusionLogic.superresolution.frames.frame_resolver import CPU, Resolved, scale_of

from .detail_diffusion import sampled_details
from .diffusion_network import DiffusionNetwork

FEWEST_STEPS = 20
"""Steps of a sample where the settings ask for one, the default of the bridge."""


@dataclass(frozen=True)
class DiffusionResolver:
    """The conditional diffusion with how it is sampled.

    Parameters
    ----------
    network : torch module
        See `DiffusionNetwork`.
    steps : int
        Steps of a sample: 2000 as published (DDPM), fewer by DDIM.
    samples : int
        Samples whose mean is the frame and whose standard deviation its spread.
    """

    network: nn.Module
    steps: int = FEWEST_STEPS
    samples: int = 8
    device: torch.device = CPU
    name: str = ""
    checksum: str = ""

    def run(self, low: FloatArray, fraction: float) -> Resolved:
        """Return zero-filled frames (n, rows, columns) at full resolution.

        Frames that are constant or not finite come back as they are, without spread.
        """
        frames, spreads = np.array(low, np.float32), np.full(low.shape, np.nan, np.float32)
        for index, frame in enumerate(frames.copy()):
            if np.isfinite(frame).all() and np.ptp(frame) > 0.0:
                scale = np.float32(scale_of(np.abs(frame)))
                details = scale * self._details(frame / scale, fraction)
                frames[index] = frame + details.mean(axis=0)
                if len(details) > 1:
                    spreads[index] = details.std(axis=0, ddof=1)
        return Resolved(frames, spreads)

    def _details(self, scaled: FloatArray, fraction: float) -> FloatArray:
        """Return sampled details (samples, rows, columns) of a frame whose bright tissue is near 1."""
        samples = max(self.samples, 1)
        low = torch.from_numpy(scaled.astype(np.float32)).to(self.device).expand(samples, 1, -1, -1)
        kept = torch.from_numpy(kept_lines(low.shape[-2], fraction)).to(self.device).expand(samples, -1)
        share = torch.full((samples,), fraction, dtype=torch.float32, device=self.device)
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            found = sampled_details(AnyMatrix(self.network), low, kept, share, self.steps)
        return np.asarray(found[:, 0].cpu().numpy())


def diffusion_resolver_of(settings: SuperresolutionSettings) -> DiffusionResolver:
    """Return the diffusion that the settings ask for, on its device.

    Raises
    ------
    QPerfusionError
        When weights are not named, missing, altered or of another network.
    """
    if not settings.weights:
        raise SettingsError(
            "superresolution.mode = diffusion without weights",
            expected="superresolution.weights=FILE, for none ship with this version",
            action="train them with `qperfusion train superresolution --preset diffusion`, or use residual_bridge",
        )
    model = model_file(Path(settings.weights))
    network = DiffusionNetwork()
    load_into(network, model)
    device = chosen_device(settings.device)
    steps = settings.steps if settings.steps > 1 else FEWEST_STEPS
    return DiffusionResolver(network.to(device), steps, settings.samples, device, model.name, model.checksum)
