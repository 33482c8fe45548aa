"""The network behind a door that needs no torch: loaded where it can be, with reasons where it cannot."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from QPerfusionLogic.errors import MissingPackageError, QPerfusionError
from QPerfusionLogic.resources import resource_path
from QPerfusionLogic.settings import SegmentationSettings
from QPerfusionLogic.study import BoolArray, FloatArray

from .bolus import BloodPools
from .temporal import Enhancement

SHIPPED = ("Models", "segmentation.safetensors")
CARD = ("Models", "segmentation.json")


@dataclass(frozen=True)
class Drawing:
    """What the network drew in one slice, (rows, columns): rings, RV blood and probability of an insertion point."""

    wall: BoolArray
    cavity: BoolArray
    right: BoolArray
    heat: FloatArray
    confidence: float

    def plausible(self, pool: BoolArray) -> bool:
        """Tell whether the drawing is a ring around the pool that the bolus detector found."""
        if not self.wall.any() or not self.cavity.any():
            return False
        inside = (self.cavity | self.wall)[pool].mean() if pool.any() else 0.0
        return bool(inside > 0.7 and (self.cavity & pool).any() and self.wall.sum() > 0.2 * self.cavity.sum())


@dataclass(frozen=True)
class LearnedContours:
    """A loaded network with the name that results carry."""

    network: Any
    name: str

    def draw(self, enhancement: Enhancement, pools: BloodPools, index: int) -> Drawing:
        """Return the drawing of a slice in which a pool was found."""
        from .inference import draw
        from .share_ring import ring_masks

        found = draw(self.network, enhancement, pools, index)
        centre = (float(pools.centre[index, 0]), float(pools.centre[index, 1]))
        wall, cavity = ring_masks(found.share, centre, enhancement.spacing_mm)
        both = 2.0 * float((wall & found.wall).sum()) / max(float(wall.sum() + found.wall.sum()), 1.0)
        confidence = min((found.agreement - 0.9) / 0.08, (both - 0.7) / 0.2)
        return Drawing(wall, cavity, found.right, found.heat, float(np.clip(confidence, 0.0, 1.0)))


def network_for(settings: SegmentationSettings) -> LearnedContours | None:
    """Return the network that the settings ask for; None where the classical contour is to be used.

    Raises
    ------
    MissingPackageError
        When the mode is "network" and torch or safetensors is not installed.
    QPerfusionError
        When the mode is "network" and there are no weights that fit.
    """
    if settings.mode == "classical":
        return None
    missing = [package for package in ("torch", "safetensors") if find_spec(package) is None]
    if missing:
        if settings.mode == "automatic":
            return None
        raise MissingPackageError(
            f"segmentation.mode = network without {' and '.join(missing)}",
            expected="the learning packages",
            action="pip install qperfusion[learning], or set segmentation.mode=classical",
        )
    try:
        return _loaded(str(settings.weights))
    except QPerfusionError:
        if settings.mode == "network" or settings.weights:
            raise
        return None


@lru_cache(maxsize=2)
def _loaded(own_weights: str) -> LearnedContours:
    """Return the shipped network, or the one of a user's file; the shipped file must have its card's checksum."""
    from .inference import load_network
    from .weights import checksum

    if own_weights:
        path = Path(own_weights)
        if not path.is_file():
            raise QPerfusionError(f"no weights {path.name}", action="check segmentation.weights")
        return LearnedContours(load_network(path), f"network {checksum(path)[:12]}")
    path, card = resource_path(*SHIPPED), json.loads(resource_path(*CARD).read_text(encoding="utf-8"))
    if checksum(path) != card["sha256"]:
        raise QPerfusionError(
            f"{path.name} with another checksum than its card",
            expected=card["sha256"][:12],
            action="reinstall QPerfusion: its network is damaged",
        )
    return LearnedContours(load_network(path), f"network {card['name']}")
