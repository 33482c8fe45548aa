"""The training loop of all networks: warm-up, cosine, averaged weights, checkpoints to go on from (imports torch)."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from QPerfusionLogic.io.files.output_folder import writing_file

LossOf = Callable[[nn.Module, int], torch.Tensor]
"""Draws the batch of an iteration and returns the loss of the network on it."""


@dataclass(frozen=True)
class Plan:
    """How a network is trained.

    Parameters
    ----------
    iterations : int
        Length of the learning-rate schedule; the same number, seed and machine give the same weights.
    learning_rate : float
        Highest rate of AdamW, after `warm_up` iterations; a cosine brings it to zero, unless `decay` is False.
    average : float
        Decay of the exponential average of the weights, which is what is kept.
    seed : int
        Of first weights and, with the iteration, of every batch.
    checkpoint_minutes : float
        How often everything is written, so that a cut training goes on where it was.
    """

    iterations: int
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    warm_up: int = 200
    average: float = 0.998
    clip: float = 1.0
    seed: int = 0
    checkpoint_minutes: float = 3.0
    decay: bool = True


@dataclass
class Trainee:
    """A network in training with its average and optimiser."""

    network: nn.Module
    average: nn.Module
    optimiser: torch.optim.AdamW
    iteration: int = 0


def train(
    network: nn.Module,
    loss_of: LossOf,
    plan: Plan,
    checkpoint: Path | None = None,
    report: Callable[[nn.Module, int, float], None] | None = None,
) -> nn.Module:
    """Train and return the averaged network, ready for use.

    Parameters
    ----------
    network : torch module
        Already on its device.
    loss_of : callable
        (network, iteration) -> loss. Before each call torch's random state is set from seed and iteration; numpy's
        generators are to be made from the iteration too, so that a training that was cut goes on as if it had not been.
    checkpoint : Path, optional
        Where everything is kept at intervals; if the file is there, training goes on from it.
    report : callable, optional
        Called (averaged network, iteration, mean of recent losses) at each checkpoint and at the end.
    """
    trainee = Trainee(
        network,
        copy.deepcopy(network).eval(),
        torch.optim.AdamW(network.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay),
    )
    if checkpoint is not None and checkpoint.is_file():
        _restore(trainee, checkpoint)
    losses: list[float] = []
    kept = time.monotonic()
    network.train()
    for iteration in range(trainee.iteration, plan.iterations):
        losses.append(_step(trainee, loss_of, plan, iteration))
        trainee.iteration = iteration + 1
        if time.monotonic() - kept > 60.0 * plan.checkpoint_minutes:
            _keep(trainee, checkpoint, losses, report)
            kept = time.monotonic()
    _keep(trainee, checkpoint, losses, report)
    return trainee.average


def learning_rate(plan: Plan, iteration: int) -> float:
    """Return the rate of an iteration: linear warm-up, then a cosine to zero (or no change, without decay).

    Examples
    --------
    >>> plan = Plan(iterations=100, learning_rate=1.0, warm_up=10)
    >>> learning_rate(plan, 0), round(learning_rate(plan, 50), 3), round(learning_rate(plan, 99), 4)
    (0.1, 0.5, 0.0002)
    """
    warm = min(1.0, (iteration + 1) / max(plan.warm_up, 1))
    if not plan.decay:
        return plan.learning_rate * warm
    return plan.learning_rate * warm * 0.5 * (1.0 + float(np.cos(np.pi * iteration / plan.iterations)))


def _step(trainee: Trainee, loss_of: LossOf, plan: Plan, iteration: int) -> float:
    for group in trainee.optimiser.param_groups:
        group["lr"] = learning_rate(plan, iteration)
    drawn = np.random.SeedSequence([plan.seed, iteration]).generate_state(1)[0]
    torch.manual_seed(int(drawn))
    loss = loss_of(trainee.network, iteration)
    trainee.optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(trainee.network.parameters(), plan.clip)
    trainee.optimiser.step()
    decay = min(plan.average, (1.0 + iteration) / (10.0 + iteration))
    with torch.no_grad():
        for mean, value in zip(
            trainee.average.state_dict().values(), trainee.network.state_dict().values(), strict=True
        ):
            if value.is_floating_point():
                mean.lerp_(value, 1.0 - decay)
            else:
                mean.copy_(value)
    return float(loss.detach())


def _keep(
    trainee: Trainee,
    checkpoint: Path | None,
    losses: list[float],
    report: Callable[[nn.Module, int, float], None] | None,
) -> None:
    from safetensors.torch import save_file

    if checkpoint is not None:
        content = {"iteration": torch.tensor([trainee.iteration])}
        for part, module in (("network", trainee.network), ("average", trainee.average)):
            content |= {f"{part}/{name}": value.detach() for name, value in module.state_dict().items()}
        for index, state in enumerate(_moments(trainee)):
            content |= {f"optimiser/{index}/{name}": torch.as_tensor(value) for name, value in state.items()}
        with writing_file(checkpoint) as beside:
            save_file({name: value.clone().contiguous() for name, value in content.items()}, str(beside))
    if report is not None:
        report(trainee.average, trainee.iteration, float(np.mean(losses[-200:])) if losses else float("nan"))


def _moments(trainee: Trainee) -> list[dict[str, Any]]:
    return [trainee.optimiser.state[parameter] for parameter in trainee.network.parameters()]


def _restore(trainee: Trainee, checkpoint: Path) -> None:
    from safetensors.torch import load_file

    content = load_file(str(checkpoint))
    for part, module in (("network", trainee.network), ("average", trainee.average)):
        prefix = f"{part}/"
        module.load_state_dict({k.removeprefix(prefix): v for k, v in content.items() if k.startswith(prefix)})
    for index, parameter in enumerate(trainee.network.parameters()):
        prefix = f"optimiser/{index}/"
        state = {k.removeprefix(prefix): v for k, v in content.items() if k.startswith(prefix)}
        if state:
            trainee.optimiser.state[parameter] = {
                name: value if name == "step" else value.to(parameter.device) for name, value in state.items()
            }
    trainee.iteration = int(content["iteration"][0])
