"""The AI-AIF network as published (Scannell 2022): the saturated curve in, the unsaturated one out (imports torch)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.networks.model_files import ModelFile, load_into, model_file, shipped_model

SHIPPED = "aif_published"
"""Stem of the weights and the card in Resources/Models."""
ARCHITECTURE = "AI-AIF (Scannell 2022): 1D U-Net, five resolutions, BatchNorm, dropout 0.2"
"""How cards of such weights name their network."""
LEVEL_SAMPLES = 4
"""Samples before the bolus that give the level from which the answer rises."""


class PublishedNetwork(nn.Module):
    """Five resolutions of two blocks with batch norm, ReLU and dropout 0.2.

    Input and output are curves over the maximum of the saturated one; the network knows no protocol.

    Source: Scannell CM et al. "AI-AIF: artificial intelligence-based arterial input function for quantitative stress
    perfusion cardiac magnetic resonance", 2022.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(5)]
        self.down = nn.ModuleList(_step(([1, *widths])[i], widths[i]) for i in range(5))
        self.raise_ = nn.ModuleList(nn.ConvTranspose1d(widths[i], widths[i - 1], 2, 2) for i in range(4, 0, -1))
        self.up = nn.ModuleList(_step(2 * widths[i - 1], widths[i - 1]) for i in range(4, 0, -1))
        self.last = nn.Conv1d(width, 1, 1)
        for module in self.modules():
            if isinstance(module, (nn.Conv1d, nn.ConvTranspose1d)):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, signal: Any) -> Any:
        """Return the unsaturated curve (n, 64) for the saturated one (n, 64)."""
        values = signal[:, None]
        kept = []
        for level, step in enumerate(self.down):
            values = step(values if level == 0 else nn.functional.max_pool1d(values, 2))
            kept.append(values)
        for raise_, step, skip in zip(self.raise_, self.up, kept[-2::-1], strict=True):
            values = step(torch.cat([raise_(values), skip], dim=1))
        return self.last(values)[:, 0]


def _step(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for size in (inputs, outputs):
        layers += [nn.Conv1d(size, outputs, 3, padding=1), nn.BatchNorm1d(outputs), nn.ReLU(), nn.Dropout(0.2)]
    return nn.Sequential(*layers)


@lru_cache(maxsize=2)
def published_network(own_weights: str = "") -> tuple[PublishedNetwork, ModelFile]:
    """Return the shipped network, or that of a user's file; either must have its card's checksum.

    Raises
    ------
    QPerfusionError
        When the file is missing, altered, or of another network.
    """
    model = model_file(Path(own_weights)) if own_weights else shipped_model(SHIPPED)
    network = PublishedNetwork()
    load_into(network, model)
    return network, model


@torch.no_grad()
def unsaturated_rise(network: PublishedNetwork, signal: FloatArray) -> FloatArray:
    """Return how much an unsaturated blood signal rises above its level before contrast.

    Parameters
    ----------
    network : PublishedNetwork
        In evaluation.
    signal : (64,) array
        Saturated blood signal on the grid of the networks, in any unit.

    Returns
    -------
    (64,) array
        In the unit of `signal`.
    """
    top = float(signal.max())
    answer = network(torch.tensor(signal / top, dtype=torch.float32)[None])[0].double().numpy() * top
    return np.asarray(answer - answer[:LEVEL_SAMPLES].mean())
