"""The network by functions that import torch late: loaded where it can be, with reasons where it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.errors import MissingPackageError, QPerfusionError
from QPerfusionLogic.networks.model_files import AlteredModelError, model_file, shipped_model
from QPerfusionLogic.networks.packages import not_used, require_packages
from QPerfusionLogic.segmentation.first_pass.blood_pools import BloodPools
from QPerfusionLogic.segmentation.first_pass.enhancement import Enhancement
from QPerfusionLogic.settings.schema import SegmentationSettings

from .drawing_plan import STANDARD, DrawingPlan

SHIPPED = "segmentation"
"""Stem of the weights and the card in Resources/Models."""
COST = (
    "On twelve real stress series the classical method overlaps with drawn contours less: its Dice is lower by 0.05 "
    "for the myocardium and by 0.09 for the left ventricle, so correct the contours before reading flow from them."
)
"""What the classical contour costs; measured in Documentation/models/segmentation.md."""


@dataclass(frozen=True)
class Drawing:
    """What the network drew in one slice, (rows, columns): rings, RV blood and probability of an insertion point."""

    wall: BoolArray
    cavity: BoolArray
    right: BoolArray
    heat: FloatArray
    confidence: float

    def plausible(self, pool: BoolArray) -> bool:
        """Return whether the drawing is a ring around the pool that the bolus detector found."""
        if not self.wall.any() or not self.cavity.any():
            return False
        inside = (self.cavity | self.wall)[pool].mean() if pool.any() else 0.0
        return bool(inside > 0.7 and (self.cavity & pool).any() and self.wall.sum() > 0.2 * self.cavity.sum())


@dataclass(frozen=True)
class LearnedContours:
    """A loaded network with the name that results carry."""

    network: Any
    name: str

    def draw(self, enhancement: Enhancement, pools: BloodPools, index: int, plan: DrawingPlan = STANDARD) -> Drawing:
        """Return the drawing of a slice in which a pool was found."""
        from .inference import draw
        from .probability_rings import contours_from_probabilities

        found = draw(self.network, enhancement, pools, index, plan)
        centre = (float(pools.centre[index, 0]), float(pools.centre[index, 1]))
        wall, cavity = found.wall, found.cavity
        if plan.rings:
            wall, cavity = contours_from_probabilities(found.share, centre, enhancement.spacing_mm, plan)
        both = 2.0 * float((wall & found.wall).sum()) / max(float(wall.sum() + found.wall.sum()), 1.0)
        confidence = min((found.agreement - 0.9) / 0.08, (both - 0.7) / 0.2)
        return Drawing(wall, cavity, found.right, found.heat, float(np.clip(confidence, 0.0, 1.0)))


def network_for(settings: SegmentationSettings) -> tuple[LearnedContours | None, tuple[Notice, ...]]:
    """Return the network that the settings ask for, None where the classical contour is to be used.

    Returns
    -------
    tuple
        The network or None, and a notice where the classical contour replaces a network that cannot be used.

    Raises
    ------
    MissingPackageError
        When the mode is "network" and torch or safetensors is not installed.
    QPerfusionError
        When the mode is "network" and there are no weights that fit.
    """
    if settings.mode == "classical":
        return None, ()
    try:
        require_packages("segmentation.mode=network", "segmentation.mode=classical")
        return _loaded(str(settings.weights)), ()
    except MissingPackageError as error:
        if settings.mode == "network":
            raise
        return None, (_replaced(error),)
    except QPerfusionError as error:
        if settings.mode == "network" or settings.weights or isinstance(error, AlteredModelError):
            raise
        return None, (_replaced(error),)


def _replaced(error: QPerfusionError) -> Notice:
    return not_used(error, "The contours were drawn by the classical method, not by the network", COST, "segmentation")


@lru_cache(maxsize=2)
def _loaded(own_weights: str) -> LearnedContours:
    """Return the shipped network, or the one of a user's file; either must have its card's checksum."""
    from .inference import load_network

    if not own_weights:
        model = shipped_model(SHIPPED)
        return LearnedContours(load_network(model), f"network {model.name}")
    model = model_file(Path(own_weights))
    return LearnedContours(load_network(model), f"network {model.checksum[:12]}")
