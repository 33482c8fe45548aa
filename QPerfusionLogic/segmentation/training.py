"""Train the segmentation network on synthetic slices only (imports torch)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from .network import CLASSES, SegmentationNetwork
from .training_data import Sample, random_sample
from .weights import load_weights, save_weights

VALIDATION_SEED = 10_000_000


@dataclass(frozen=True)
class TrainingPlan:
    """How long and how: stops at `minutes` or `iterations`, whichever comes first.

    `fresh` samples of each batch are new, the rest are drawn again from the last `memory` ones, turned over and with
    other noise: drawing a sample costs more than learning from it.
    """

    minutes: float = 60.0
    iterations: int = 1_000_000
    batch: int = 16
    fresh: int = 3
    memory: int = 6000
    learning_rate: float = 2e-3
    seed: int = 0
    checkpoint_minutes: float = 5.0
    validation: int = 64


def train(output: Path, plan: TrainingPlan, tell: Callable[[str], None], start: Path | None = None) -> None:
    """Train and write weights to `output` (safetensors) at every checkpoint; `start` goes on from earlier weights."""
    torch.manual_seed(plan.seed)
    random = np.random.default_rng(plan.seed)
    network = SegmentationNetwork()
    for parameter in network.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    if start is not None:
        load_weights(network, start)
    optimiser = torch.optim.AdamW(network.parameters(), lr=plan.learning_rate, weight_decay=1e-4)
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995)
    )
    validation = [random_sample(VALIDATION_SEED + index) for index in range(plan.validation)]
    samples: list[Sample] = []
    begun, reported, losses = time.monotonic(), time.monotonic(), []
    next_seed = 1 + plan.seed * 1_000_000
    for iteration in range(plan.iterations):
        share = max((time.monotonic() - begun) / (60.0 * plan.minutes), iteration / plan.iterations)
        if share >= 1.0:
            break
        for group in optimiser.param_groups:
            group["lr"] = plan.learning_rate * min(1.0, (iteration + 1) / 100.0) * 0.5 * (1.0 + np.cos(np.pi * share))
        fresh = [random_sample(next_seed + index) for index in range(plan.fresh)]
        next_seed += plan.fresh
        samples = (samples + fresh)[-plan.memory :]
        batch = fresh + [samples[index] for index in random.integers(0, len(samples), plan.batch - plan.fresh)]
        loss = _loss(network, *_tensors([_varied(sample, random) for sample in batch]))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        average.update_parameters(network)
        losses.append(float(loss.detach()))
        if time.monotonic() - reported > 60.0 * plan.checkpoint_minutes:
            reported = time.monotonic()
            _checkpoint(output, average.module, validation, iteration, losses, tell)
    _checkpoint(output, average.module, validation, len(losses), losses, tell)


def _varied(sample: Sample, random: np.random.Generator) -> Sample:
    """Return a sample mirrored at random, with other noise and contrast of each moment."""
    images, labels, heat = sample.images, sample.labels, sample.heat
    if random.random() < 0.5:
        images, labels, heat = images[..., ::-1], labels[:, ::-1], heat[:, ::-1]
    gain = random.uniform(0.9, 1.1, (len(images), 1, 1))
    gain[0] = random.uniform(0.6, 1.5)
    images = images * gain
    images = images + random.normal(0.0, random.uniform(0.0, 0.04), images.shape)
    return Sample(images.astype(np.float32), np.ascontiguousarray(labels), np.ascontiguousarray(heat))


def _tensors(samples: list[Sample]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return (
        torch.from_numpy(np.stack([sample.images for sample in samples])),
        torch.from_numpy(np.stack([sample.labels for sample in samples]).astype(np.int64)),
        torch.from_numpy(np.stack([sample.heat for sample in samples])),
    )


def _loss(network: nn.Module, images: torch.Tensor, labels: torch.Tensor, heat: torch.Tensor) -> torch.Tensor:
    """Return cross-entropy + soft Dice of the labels + cross-entropy of the insertion heat map."""
    output = network(images.contiguous(memory_format=torch.channels_last))
    logits, heat_logit = output[:, :CLASSES], output[:, CLASSES]
    share = torch.softmax(logits, dim=1)[:, 1:]
    truth = nn.functional.one_hot(labels, CLASSES).permute(0, 3, 1, 2)[:, 1:].float()
    both = (share * truth).sum(dim=(2, 3))
    dice = (2.0 * both + 4.0) / (share.sum(dim=(2, 3)) + truth.sum(dim=(2, 3)) + 4.0)
    spots = nn.functional.binary_cross_entropy_with_logits(heat_logit, heat)
    return torch.as_tensor(nn.functional.cross_entropy(logits, labels) + (1.0 - dice.mean()) + 2.0 * spots)


def _checkpoint(
    output: Path,
    network: nn.Module,
    validation: list[Sample],
    iteration: int,
    losses: list[float],
    tell: Callable[[str], None],
) -> None:
    network.eval()
    images, labels, _ = _tensors(validation)
    with torch.no_grad():
        found = network(images)[:, :CLASSES].argmax(dim=1)
    dice = []
    for value in range(1, CLASSES):
        both = ((found == value) & (labels == value)).sum(dim=(1, 2))
        total = (found == value).sum(dim=(1, 2)) + (labels == value).sum(dim=(1, 2))
        dice.append(float((2.0 * both / total.clamp(min=1))[total > 0].mean()))
    save_weights(network, output, {"iterations": str(iteration)})
    network.train()
    tell(
        f"iteration {iteration} loss {np.mean(losses[-200:]):.3f} synthetic Dice myocardium {dice[0]:.3f}"
        f" LV {dice[1]:.3f} RV {dice[2]:.3f}"
    )
