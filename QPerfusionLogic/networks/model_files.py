"""Model files: weights as safetensors, a JSON card beside them with the checksum, checked at every load."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.io.files.output_folder import writing_file
from QPerfusionLogic.io.results.provenance import file_hash
from QPerfusionLogic.resources import resource_path

if TYPE_CHECKING:
    from torch import nn


CARD_CHECKSUM = "card_sha256"
"""Key of a card with the checksum of all others."""
COPY_AGAIN = "reinstall QPerfusion, or copy your own weights and their card again"


@dataclass(frozen=True)
class ModelFile:
    """Weights on disk whose checksum was compared with their card.

    Parameters
    ----------
    path : Path
        The safetensors file.
    name : str
        The name that results carry.
    checksum : str
        SHA-256 of the file.
    card : dict
        What the card says: architecture, input, training data, training command.
    """

    path: Path
    name: str
    checksum: str
    card: dict[str, Any]

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """Return a number of the card.

        Raises
        ------
        AlteredModelError
            When it is no number from `low` to `high`.
        """
        value = self.card.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise AlteredModelError(
                f"{name} = {value!r} in the card of {self.path.name}",
                expected=f"a number from {low:g} to {high:g}",
                action=COPY_AGAIN,
            )
        return float(value)


class AlteredModelError(QPerfusionError):
    """Weights or card are not as they were saved: nothing else is computed in their place."""


def shipped_model(name: str) -> ModelFile:
    """Return a model that ships in Resources/Models by its file's stem.

    Raises
    ------
    QPerfusionError
        When it is not there or was altered.
    """
    path = resource_path("Models", f"{name}.safetensors")
    if not path.is_file() or not path.with_suffix(".json").is_file():
        raise QPerfusionError(f"no weights {path.name} or no card", expected="both files", action=COPY_AGAIN)
    return model_file(path, checked_card=True)


def model_file(path: Path, checked_card: bool = False) -> ModelFile:
    """Return the model of a file whose card lies beside it under the same name, ending in .json.

    Cards of version 0.1 have no checksum of their own; with `checked_card` they are refused.

    Raises
    ------
    QPerfusionError
        When the file or its card is missing.
    AlteredModelError
        When the card was altered, or the file is not the one that it describes.
    """
    path = Path(path)
    card_path = path.with_suffix(".json")
    if not path.is_file():
        raise QPerfusionError(f"no weights {path.name}", expected="a .safetensors file", action="check its path")
    try:
        card = json.loads(card_path.read_text(encoding="utf-8"), parse_constant=_no_number)
        expected = str(card["sha256"])
        own = card.get(CARD_CHECKSUM, "" if checked_card else card_checksum(card))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AlteredModelError(
            f"no readable card {card_path.name} beside {path.name}",
            expected="the JSON file that `qperfusion train` writes with the weights",
            action="copy both files",
        ) from error
    if own != card_checksum(card):
        raise AlteredModelError(
            f"another text in {card_path.name} than was saved", expected="its own checksum", action=COPY_AGAIN
        )
    found = file_hash(path)
    if found != expected:
        raise AlteredModelError(
            f"{path.name} with checksum {found[:12]}",
            expected=f"{expected[:12]}, as its card says: the file was altered or is not complete",
            action=COPY_AGAIN,
        )
    return ModelFile(path, str(card.get("name", path.stem)), found, card)


def card_checksum(card: dict[str, Any]) -> str:
    """Return the SHA-256 of the content of a card, whatever its line ends and order."""
    content = {name: value for name, value in card.items() if name != CARD_CHECKSUM}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _no_number(text: str) -> float:
    raise ValueError(f"{text} where a number belongs")


def save_model(network: nn.Module, path: Path, card: dict[str, Any], half: bool = True) -> ModelFile:
    """Write weights and card; each file is complete or not there.

    Parameters
    ----------
    network : torch module
    path : Path
        The .safetensors file; the card gets the same name with .json.
    card : dict
        What the reader must know; "name" (default: the file's stem) and "sha256" are filled in.
    half : bool
        Store floating-point weights in half precision.
    """
    import torch
    from safetensors.torch import save_file

    def stored(value: torch.Tensor) -> torch.Tensor:
        value = value.detach().cpu()
        return (value.half() if half and value.is_floating_point() else value).contiguous()

    with writing_file(path) as beside:
        save_file({name: stored(value) for name, value in network.state_dict().items()}, str(beside))
        found = file_hash(beside)
    card = json.loads(json.dumps({"name": path.stem, **card, "sha256": found}))
    card[CARD_CHECKSUM] = card_checksum(card)
    with writing_file(path.with_suffix(".json")) as beside:
        beside.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return ModelFile(path, str(card["name"]), found, card)


def load_into(network: nn.Module, model: ModelFile) -> None:
    """Fill a network with the weights of a model and set it to evaluation.

    Raises
    ------
    QPerfusionError
        When the weights are those of another network.
    """
    import torch
    from safetensors.torch import load_file

    try:
        content = load_file(str(model.path))
        network.load_state_dict(
            {name: value.to(torch.float32) if value.is_floating_point() else value for name, value in content.items()}
        )
    except Exception as error:
        raise QPerfusionError(
            f"{model.path.name}, which is no set of weights of this network ({type(error).__name__})",
            expected="weights that `qperfusion train` of this version wrote for it",
        ) from error
    network.eval()
