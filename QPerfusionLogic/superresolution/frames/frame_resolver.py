"""What a method of super-resolution is given and returns, and how frames are scaled for it (imports torch)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from QPerfusionLogic.data.arrays import FloatArray

CPU = torch.device("cpu")


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
    """What the stage needs of a network: frames (n, rows, columns) with phase encoding along rows, in and out."""

    @property
    def name(self) -> str:
        """Return the name that results carry."""

    @property
    def checksum(self) -> str:
        """Return the SHA-256 of the weights."""

    def run(self, low: FloatArray, fraction: float) -> Resolved:
        """Return zero-filled frames at full resolution; their measured lines stay, to rounding."""


def scale_of(low: FloatArray) -> float:
    """Return what a zero-filled frame (rows, columns) is divided by before the network sees it."""
    return max(float(np.percentile(low, 99.5)), 1e-12)
