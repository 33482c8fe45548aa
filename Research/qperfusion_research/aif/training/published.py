"""Training of the published AI-AIF network by its own recipe (Scannell 2022)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from QPerfusionLogic.aif.networks.published_network import PublishedNetwork

from .boluses import draw_pool
from .pairs import Pairs, draw_pairs

INPUT_NOISE, OUTPUT_NOISE = 0.02, 0.03
MOST_OFFSET_BEATS = 3
VALIDATION_PAIRS = 400
VALIDATE_EVERY = 200
Draw = Callable[[int], Pairs]


@dataclass(frozen=True)
class PaperRecipe:
    """The published training: Adam 1e-3 at a constant rate, batches of 10, best validation network kept."""

    iterations: int = 20_000
    batch: int = 10
    learning_rate: float = 1e-3
    seed: int = 0
    pool: int = 20_000


def train_paper(recipe: PaperRecipe, report: Callable[[str], None], draw: Draw | None = None) -> PublishedNetwork:
    """Return the network with the smallest error on pairs that it was not trained on.

    Parameters
    ----------
    recipe : PaperRecipe
        As published, or shorter.
    report : callable
        Called with a line at every validation.
    draw : callable, optional
        Number of pairs -> pairs; our digital boluses when not given.
    """
    torch.manual_seed(recipe.seed)
    if draw is None:
        pool = draw_pool(recipe.pool)
        draw = partial(draw_pairs, pool=pool)
    held = draw(VALIDATION_PAIRS)
    network = PublishedNetwork()
    optimiser = torch.optim.Adam(network.parameters(), lr=recipe.learning_rate)
    best, lowest = copy.deepcopy(network), float("inf")
    for iteration in range(recipe.iterations):
        loss = _loss(network, draw(recipe.batch))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if (iteration + 1) % VALIDATE_EVERY == 0 or iteration + 1 == recipe.iterations:
            error = validation_error(network, held)
            report(f"iteration {iteration + 1} of {recipe.iterations}, validation error {error:.4f}")
            if error < lowest:
                best, lowest = copy.deepcopy(network), error
    return best.eval()


def _loss(network: PublishedNetwork, pairs: Pairs) -> Any:
    """Mean squared error after the published augmentation: noise on both curves, a common offset in time."""
    offset = torch.randint(0, MOST_OFFSET_BEATS + 1, (len(pairs.signal), 1))
    signal, target = (started_earlier(curve, offset) for curve in (pairs.signal, pairs.linear * pairs.valid))
    found = network(signal + INPUT_NOISE * torch.randn_like(signal))
    return torch.mean((found - target - OUTPUT_NOISE * torch.randn_like(target)) ** 2)


def started_earlier(curve: Any, offset: Any) -> Any:
    """Return curves (n, samples) as series that begin `offset` (n, 1) samples earlier show them.

    The first sample is held before the start; as many samples are lost at the end.
    """
    return curve.gather(1, (torch.arange(curve.shape[1]) - offset).clamp(min=0))


@torch.no_grad()
def validation_error(network: PublishedNetwork, held: Pairs) -> float:
    """Return the mean squared error on pairs that were held back."""
    network.eval()
    error = float(torch.mean((network(held.signal) - held.linear * held.valid) ** 2))
    network.train()
    return error


@torch.no_grad()
def gadolinium_of_answer(network: PublishedNetwork, pairs: Pairs) -> Any:
    """Return the curve (n, 64) in units of 5 mmol/L, taking from the truth what one mmol/L adds to the signal."""
    answer = network(pairs.signal)
    level = answer[:, :4].mean(dim=1, keepdim=True)
    rise = (pairs.linear - pairs.linear[:, :1]).amax(dim=1, keepdim=True)
    return (answer - level) * pairs.gadolinium.amax(dim=1, keepdim=True) / rise.clamp(min=1e-6)
