"""Train the AIF networks on pairs drawn afresh for every step; imports torch."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from qperfusion_research.training.loop import Plan, train
from QPerfusionLogic.aif.networks.unsaturation_network import QUANTILES, Ensemble, UnsaturationNetwork, density_known

from .boluses import draw_pool
from .pairs import Pairs, draw_pairs, joined_pairs

STATE_WEIGHT, BAND_WEIGHT = 0.01, 0.3
COVERAGE, CALIBRATION_PAIRS = 0.94, 4000
SMALLEST_SIZE = 0.02
"""Least root mean square, in units of 5 mmol/L, that errors are divided by."""
EpochReport = Callable[[str], None]
Draw = Callable[[int], Pairs]


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


def train_ensemble(
    recipe: Recipe, folder: Path, report: EpochReport, draw: Draw | None = None, start: Ensemble | None = None
) -> Ensemble:
    """Return the trained ensemble; a training that was cut goes on from the checkpoints in `folder`.

    Parameters
    ----------
    recipe : Recipe
        Lengths, sizes and seed.
    folder : Path
        Where the checkpoints lie.
    report : callable
        Called with the progress in a line, every few minutes.
    draw : callable, optional
        Number of pairs -> pairs; our digital boluses when not given.
    start : Ensemble, optional
        Its first members, as many as the recipe has, to go on from; there is no stem then.
    """
    draw = draw or digital_pairs(recipe)
    plan = Plan(recipe.stem, recipe.learning_rate, seed=recipe.seed)
    if start is None:
        torch.manual_seed(recipe.seed)
        stem = _trained(UnsaturationNetwork(), recipe, draw, plan, folder / "stem.checkpoint", report)
        first = [stem] * recipe.members
    else:
        first = list(start.members)[: recipe.members]
    members = []
    for index, network in enumerate(first):
        own = replace(
            plan, iterations=recipe.branch, learning_rate=0.5 * plan.learning_rate, seed=plan.seed + 1 + index
        )
        path = folder / f"member{index}.checkpoint"
        members.append(_trained(copy.deepcopy(network).train(), recipe, draw, own, path, report))
    ensemble = Ensemble(members).eval()
    torch.manual_seed(recipe.seed + 1)
    calibrate(ensemble, draw(CALIBRATION_PAIRS))
    return ensemble


@torch.no_grad()
def calibrate(ensemble: Ensemble, pairs: Pairs, coverage: float = COVERAGE) -> None:
    """Widen (or narrow) the band of an ensemble so that it holds a share of the samples of pairs."""
    ensemble.widening.fill_(1.0)
    curves, _ = ensemble(pairs.signal, pairs.valid, pairs.family, pairs.conditions)
    miss = pairs.gadolinium - curves[:, 0]
    reach = torch.where(miss > 0, curves[:, 2] - curves[:, 0], curves[:, 0] - curves[:, 1]).clamp(min=1e-6)
    needed, known = miss.abs() / reach, density_known(pairs.conditions)
    for index, rows in enumerate((~known, known)):
        if rows.any():
            ensemble.widening[index] = float(needed[rows][pairs.valid[rows] > 0].quantile(coverage))


def digital_pairs(recipe: Recipe) -> Draw:
    """Return what draws batches of digital boluses from a pool of the recipe's size and seed."""
    torch.manual_seed(recipe.seed)
    return partial(draw_pairs, pool=draw_pool(recipe.pool))


def mixed_pairs(own: Draw, digital: Draw) -> Draw:
    """Return what draws half of every batch from measured pairs and half from digital ones."""

    def draw(count: int) -> Pairs:
        return joined_pairs([own(count // 2), digital(count - count // 2)])

    return draw


def _trained(network: Any, recipe: Recipe, draw: Draw, plan: Plan, checkpoint: Path, report: EpochReport) -> Any:
    def loss_of(trainee: Any, iteration: int) -> Any:
        return unsaturation_loss(trainee, draw(recipe.batch))

    def reported(average: Any, iteration: int, loss: float) -> None:
        report(f"{checkpoint.stem}: iteration {iteration} of {plan.iterations}, loss {loss:.4f}")

    return train(network, loss_of, plan, checkpoint, reported) if plan.iterations else network.eval()


def unsaturation_loss(network: Any, pairs: Pairs) -> Any:
    """Return the error of curve and band plus that of the state before contrast."""
    curves, state = network(pairs.signal, pairs.valid, pairs.family, pairs.conditions)
    known = torch.isfinite(pairs.state)
    missed = torch.where(known, state - torch.nan_to_num(pairs.state), 0.0)
    return curve_loss(curves, pairs) + STATE_WEIGHT * torch.mean(missed**2)


def curve_loss(curves: Any, pairs: Pairs) -> Any:
    """Return the mean over curves of the pinball losses of the median curve and of both band limits.

    Each curve counts relative to the size of the answer, not of the truth: dividing by the truth would reward answers
    that are too low wherever the scale of the signal is uncertain.
    """
    weight = pairs.valid / pairs.valid.sum(dim=1, keepdim=True)
    size = (curves[:, 0].detach() ** 2 * weight).sum(dim=1).sqrt().clamp(min=SMALLEST_SIZE)
    total = torch.zeros_like(size)
    for index, (quantile, share) in enumerate(((0.5, 1.0), *((level, BAND_WEIGHT) for level in QUANTILES))):
        miss = pairs.gadolinium - curves[:, index]
        pinball = torch.maximum(quantile * miss, (quantile - 1.0) * miss)
        total = total + share * (pinball * weight).sum(dim=1) / size
    return torch.mean(total)
