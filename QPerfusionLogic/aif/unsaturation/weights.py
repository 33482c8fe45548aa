"""Weights of the AIF networks on disk: safetensors whose checksum is known and checked before they are used."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from QPerfusionLogic.errors import InputError, MissingPackageError


def save_weights(path: Path, network: Any, settings: dict[str, Any]) -> str:
    """Write the weights with the settings they were trained with; return their SHA-256."""
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    save_file(tensors, str(path), metadata={"training": json.dumps({k: str(v) for k, v in settings.items()})})
    return checksum(path)


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load_weights(path: Path, network: Any, expected: str) -> str:
    """Load weights into a network after checking their checksum, and return it.

    Raises
    ------
    MissingPackageError
        When torch or safetensors is missing.
    InputError
        When the file is missing or was altered.
    """
    try:
        from safetensors.torch import load
    except ImportError as error:
        raise MissingPackageError(
            "no torch or safetensors", action="pip install 'qperfusion[learning]', or choose another aif.mode"
        ) from error
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"no weights {path.name}", action="reinstall QPerfusion, or choose another aif.mode"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if expected and found != expected:
        raise InputError(
            f"weights {path.name} with checksum {found[:12]}",
            expected=f"{expected[:12]}: the file was altered",
            action="reinstall QPerfusion, or name your own weights",
        )
    network.load_state_dict(load(content))
    network.eval()
    return found
