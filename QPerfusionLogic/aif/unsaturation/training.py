"""Train the AIF networks on pairs drawn afresh for every step; imports torch."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from QPerfusionLogic.learning.training import Plan, train

from .boluses import BolusPool, draw_pool
from .network import QUANTILES, Ensemble, UnsaturationNetwork
from .pairs import Pairs, draw_pairs

STATE_WEIGHT, BAND_WEIGHT = 0.02, 0.2
LARGEST_ERROR = 4.0
"""Normalised squared errors above it, of curves nobody can restore, do not pull."""
Report = Callable[[str], None]


@dataclass(frozen=True)
class Recipe:
    """How our networks are trained: one stem, from which every member is trained further with batches of its own.

    Parameters
    ----------
    stem, branch : int
        Iterations of the stem, and of each member from there.
    members : int
        Size of the ensemble.
    batch, pool : int
        Curves of an iteration; boluses drawn once, which the batches stretch, mix and disturb.
    seed : int
        The same recipe on the same machine gives the same weights.
    """

    stem: int = 6000
    branch: int = 2000
    members: int = 3
    batch: int = 128
    pool: int = 20_000
    seed: int = 0
    learning_rate: float = 2e-3


def train_ensemble(recipe: Recipe, folder: Path, report: Report, start: UnsaturationNetwork | None = None) -> Ensemble:
    """Return the trained ensemble; a training that was cut goes on from the checkpoints in `folder`.

    Parameters
    ----------
    recipe : Recipe
        Lengths, sizes and seed.
    folder : Path
        Where the checkpoints lie.
    report : callable
        Told the progress in a line, every few minutes.
    start : UnsaturationNetwork, optional
        A network to go on from; with `stem` 0 only the branches are trained.
    """
    torch.manual_seed(recipe.seed)
    pool = draw_pool(recipe.pool)
    torch.manual_seed(recipe.seed)
    first = start or UnsaturationNetwork()
    plan = Plan(recipe.stem, recipe.learning_rate, seed=recipe.seed)
    stem = _trained(first, recipe, pool, plan, folder / "stem.checkpoint", report)
    members = []
    for index in range(recipe.members):
        own = replace(
            plan, iterations=recipe.branch, learning_rate=0.5 * plan.learning_rate, seed=plan.seed + 1 + index
        )
        path = folder / f"member{index}.checkpoint"
        members.append(_trained(copy.deepcopy(stem).train(), recipe, pool, own, path, report))
    return Ensemble(members).eval()


def _trained(network: Any, recipe: Recipe, pool: BolusPool, plan: Plan, checkpoint: Path, report: Report) -> Any:
    def loss_of(trainee: Any, iteration: int) -> Any:
        pairs = draw_pairs(recipe.batch, pool)
        return unsaturation_loss(trainee, pairs)

    def told(average: Any, iteration: int, loss: float) -> None:
        report(f"{checkpoint.stem}: iteration {iteration} of {plan.iterations}, loss {loss:.4f}")

    return train(network, loss_of, plan, checkpoint, told) if plan.iterations else network.eval()


def unsaturation_loss(network: Any, pairs: Pairs) -> Any:
    """Return the relative squared error of the curve, the pinball loss of its band and the error of the state."""
    curves, state = network(pairs.signal, pairs.valid, pairs.family, pairs.conditions)
    return curve_loss(curves, pairs) + STATE_WEIGHT * torch.mean((state - pairs.state) ** 2)


def curve_loss(curves: Any, pairs: Pairs) -> Any:
    """Return the mean over curves of the normalised squared error plus the pinball loss of both band limits."""
    weight = pairs.valid / pairs.valid.sum(dim=1, keepdim=True)
    power = (pairs.gadolinium**2 * weight).sum(dim=1)
    error = (((curves[:, 0] - pairs.gadolinium) ** 2) * weight).sum(dim=1) / power
    band = torch.zeros_like(error)
    for index, quantile in enumerate(QUANTILES):
        miss = pairs.gadolinium - curves[:, 1 + index]
        pinball = torch.maximum(quantile * miss, (quantile - 1.0) * miss)
        band = band + (pinball * weight).sum(dim=1) / power.sqrt()
    return torch.mean(error.clamp(max=LARGEST_ERROR) + BAND_WEIGHT * band)
