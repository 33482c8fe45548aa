"""The published AI-AIF network and its recipe (Scannell 2022), as the reference that ours is measured against."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

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


class PaperNetwork(nn.Module):
    """AI-AIF as published (Scannell 2022): five resolutions of two blocks with batch norm, ReLU and dropout 0.2.

    Its input and output are curves divided by the maximum of the saturated one; it knows no protocol.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(5)]
        self.down = nn.ModuleList(_paper_step(([1, *widths])[i], widths[i]) for i in range(5))
        self.raise_ = nn.ModuleList(nn.ConvTranspose1d(widths[i], widths[i - 1], 2, 2) for i in range(4, 0, -1))
        self.up = nn.ModuleList(_paper_step(2 * widths[i - 1], widths[i - 1]) for i in range(4, 0, -1))
        self.last = nn.Conv1d(width, 1, 1)
        for module in self.modules():
            if isinstance(module, (nn.Conv1d, nn.ConvTranspose1d)):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, signal: Any) -> Any:
        """Return the unsaturated curve (n, 64) for the saturated one (n, 64)."""
        values = signal[:, None]
        kept = []
        for level, step in enumerate(self.down):
            values = step(values if level == 0 else nn.functional.max_pool1d(values, 2))
            kept.append(values)
        for raise_, step, skip in zip(self.raise_, self.up, kept[-2::-1], strict=True):
            values = step(torch.cat([raise_(values), skip], dim=1))
        return self.last(values)[:, 0]


def _paper_step(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for size in (inputs, outputs):
        layers += [nn.Conv1d(size, outputs, 3, padding=1), nn.BatchNorm1d(outputs), nn.ReLU(), nn.Dropout(0.2)]
    return nn.Sequential(*layers)


def train_paper(recipe: PaperRecipe, report: Callable[[str], None], draw: Draw | None = None) -> PaperNetwork:
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
    network = PaperNetwork()
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


def _loss(network: PaperNetwork, pairs: Pairs) -> Any:
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
def validation_error(network: PaperNetwork, held: Pairs) -> float:
    """Return the mean squared error on pairs that were held back."""
    network.eval()
    error = float(torch.mean((network(held.signal) - held.linear * held.valid) ** 2))
    network.train()
    return error


@torch.no_grad()
def gadolinium_of_answer(network: PaperNetwork, pairs: Pairs) -> Any:
    """Return the curve (n, 64) in units of 5 mmol/L, taking from the truth what one mmol/L adds to the signal."""
    answer = network(pairs.signal)
    level = answer[:, :4].mean(dim=1, keepdim=True)
    rise = (pairs.linear - pairs.linear[:, :1]).amax(dim=1, keepdim=True)
    return (answer - level) * pairs.gadolinium.amax(dim=1, keepdim=True) / rise.clamp(min=1e-6)
