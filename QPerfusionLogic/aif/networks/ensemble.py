"""Ask the trained ensemble for the unsaturated curve behind a blood curve (imports torch)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.networks.model_files import ModelFile, load_into, model_file, shipped_model

from .curve_input import GADOLINIUM_UNIT_MMOL_L, network_input_of_curve
from .inverted_family import Protocols
from .unsaturation_network import Ensemble, UnsaturationNetwork

SHIPPED = "aif"
"""Stem of the weights and the card in Resources/Models."""


@lru_cache(maxsize=2)
def ensemble_of(own_weights: str = "") -> tuple[Ensemble, ModelFile]:
    """Return the shipped ensemble, or that of a user's file; either must have its card's checksum.

    Raises
    ------
    QPerfusionError
        When the file is missing, altered, or of another network.
    """
    model = model_file(Path(own_weights)) if own_weights else shipped_model(SHIPPED)
    ensemble = empty_ensemble(int(model.number("members", 1, 1, 64)))
    load_into(ensemble, model)
    return ensemble, model


def empty_ensemble(members: int) -> Ensemble:
    """Return an untrained ensemble."""
    return Ensemble([UnsaturationNetwork() for _ in range(members)])


@torch.no_grad()
def restored_by_ensemble(
    ensemble: Ensemble,
    signal: FloatArray,
    valid: FloatArray,
    protocol: dict[str, float] | None,
    density: float,
    area_mmol_s_l: float,
) -> tuple[FloatArray, FloatArray]:
    """Return gadolinium with its 5 and 95 % points (3, 64) in mmol/L, and the scaled state before contrast (2,).

    Parameters
    ----------
    ensemble : Ensemble
        In evaluation.
    signal, valid : (64,) arrays
        Blood signal over its maximum on the grid of the network; 1 where there is data.
    protocol : dict, optional
        Fields of `Protocols`; None where decisive values are not known.
    density : float
        Proton-density signal over the same maximum; NaN without.
    area_mmol_s_l : float
        First-pass area that the dose lets expect; NaN without.
    """
    shown, there = (torch.tensor(np.asarray(values), dtype=torch.float32)[None] for values in (signal, valid))
    nominal = Protocols.typical(1) if protocol is None else _protocols(protocol)
    known = torch.tensor([[protocol is not None]])
    ratio, area = (torch.tensor([[value]], dtype=torch.float32) for value in (density, area_mmol_s_l))
    family, conditions = network_input_of_curve(shown, there, nominal, known, ratio, area)
    curves, state = ensemble(shown, there, family, conditions)
    return GADOLINIUM_UNIT_MMOL_L * curves[0].double().numpy(), state[0].double().numpy()


def _protocols(values: dict[str, float]) -> Protocols:
    tensors: dict[str, Any] = {name: torch.tensor([[value]], dtype=torch.float32) for name, value in values.items()}
    return Protocols(**tensors)
