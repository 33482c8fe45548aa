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
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".sha256").write_text(found, encoding="ascii")
    return found


def load_weights(path: Path, network: Any) -> str:
    """Load weights into a network after comparing them with the checksum beside them, and return it.

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
    beside = path.with_suffix(".sha256")
    expected = beside.read_text(encoding="ascii").strip() if beside.exists() else ""
    if found != expected:
        raise InputError(
            f"weights {path.name} with checksum {found[:12]}",
            expected=f"{expected[:12] or 'a .sha256 file beside it'}: the file was altered or is not complete",
            action="reinstall QPerfusion, or name your own weights",
        )
    try:
        network.load_state_dict(load(content))
    except (RuntimeError, ValueError) as error:
        raise InputError(
            f"weights {path.name} of another network ({str(error).splitlines()[0]})",
            expected="weights of `python -m QPerfusionLogic.aif.unsaturation.training`, preset ours",
        ) from error
    network.eval()
    return found
