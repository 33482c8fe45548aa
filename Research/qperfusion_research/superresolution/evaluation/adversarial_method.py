"""The adversarial comparator as published generators are used: its output as it is, no measured lines put back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray

from .images import zero_filled


def adversarial_frames(weights: Path, fraction: float) -> Callable[[FloatArray], FloatArray]:
    """Return the method: full frames (n, rows, columns) to frames of the generator from their central lines."""
    import torch

    from QPerfusionLogic.networks.model_files import load_into, model_file
    from QPerfusionLogic.superresolution.bridge.any_matrix import AnyMatrix
    from QPerfusionLogic.superresolution.bridge.bridge_network import BridgeNetwork
    from QPerfusionLogic.superresolution.frames.frame_resolver import scale_of

    network = BridgeNetwork()
    load_into(network, model_file(weights))
    generator = AnyMatrix(network)

    def one(low: FloatArray) -> FloatArray:
        scale = np.float32(scale_of(low))
        image = torch.from_numpy(low / scale)[None, None]
        with torch.no_grad():
            detail = generator(image, image, torch.ones(1), torch.tensor([fraction]))
        return np.asarray(low + scale * detail[0, 0].numpy())

    return lambda frames: np.stack([one(low) for low in zero_filled(frames, fraction)])
