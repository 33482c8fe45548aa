"""Weights of the segmentation network in a safetensors file, half precision, with a checksum (imports torch)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from torch import nn

from QPerfusionLogic.errors import QPerfusionError


def save_weights(network: nn.Module, path: Path, facts: dict[str, str]) -> None:
    """Write the weights beside `path` and move them there, so that a broken write leaves the old file."""
    from safetensors.torch import save_file

    content = {name: value.detach().half().contiguous() for name, value in network.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    save_file(content, str(partial), metadata=facts)
    partial.replace(path)


def load_weights(network: nn.Module, path: Path) -> None:
    """Fill a network from a file.

    Raises
    ------
    QPerfusionError
        When the file does not belong to this network.
    """
    from safetensors.torch import load_file

    try:
        content = load_file(str(path))
        network.load_state_dict({name: value.to(torch.float32) for name, value in content.items()})
    except Exception as error:
        raise QPerfusionError(
            f"{path.name}, which is no set of weights of this network ({type(error).__name__})",
            expected="weights written by `qperfusion train segmentation` of this version",
        ) from error


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
