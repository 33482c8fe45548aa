"""Train the segmentation network on synthetic and digital slices only (imports torch)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage
from torch import nn

from qperfusion_research.training.loop import Plan
from qperfusion_research.training.loop import train as train_by_plan
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.networks.model_files import load_into, model_file, save_model
from QPerfusionLogic.segmentation.contours.segmentation_network import CLASSES, SegmentationNetwork

from .samples import Sample
from .training_data import Stream

VALIDATION_SEED = 10_000_000
AVERAGE = 0.995
"""Decay of the average of the weights: some hundred iterations, for trainings of a thousand or more."""
TWO_POSITIONS = 0.15
"""Share of the samples in which the moments disagree about where the heart is."""


@dataclass(frozen=True)
class TrainingPlan:
    """How long and on what.

    `fresh` samples of each batch are new, the rest are drawn again from all earlier ones, mirrored and with other
    noise: drawing a sample costs more than learning from it. `digital` is the share of samples that come from the
    anatomy and physiology of the digital patients. The same plan gives the same weights on the same machine.
    """

    iterations: int = 1400
    batch: int = 16
    fresh: int = 3
    digital: float = 0.25
    learning_rate: float = 2e-3
    seed: int = 0
    validation: int = 48
    checkpoint_minutes: float = 5.0


def train_network(output: Path, plan: TrainingPlan, log: Callable[[str], None], start: Path | None = None) -> None:
    """Train and write weights with their card to `output` (safetensors) at every checkpoint.

    A training that was cut goes on from the checkpoint beside `output`; `start` gives the first weights instead of
    random ones.
    """
    torch.manual_seed(plan.seed)
    network = SegmentationNetwork()
    if start is not None:
        load_into(network, model_file(start))
    stream = Stream(plan.seed, plan.digital)
    validation = [Stream(VALIDATION_SEED, plan.digital)[index] for index in range(plan.validation)]

    def loss_of(learner: nn.Module, iteration: int) -> torch.Tensor:
        return _loss(learner, *_tensors(_batch(stream, plan, iteration)))

    def report(average: nn.Module, iteration: int, loss: float) -> None:
        save_model(average, output, _card(plan, iteration, start))
        log(f"iteration {iteration} loss {loss:.3f} {_synthetic_dice(average, validation)}")

    train_by_plan(
        network,
        loss_of,
        Plan(
            plan.iterations,
            plan.learning_rate,
            warm_up=100,
            average=AVERAGE,
            seed=plan.seed,
            checkpoint_minutes=plan.checkpoint_minutes,
        ),
        output.with_suffix(".checkpoint.safetensors"),
        report,
    )


def _card(plan: TrainingPlan, iteration: int, start: Path | None) -> dict[str, object]:
    network = SegmentationNetwork()
    return {
        "architecture": f"2D U-Net, GroupNorm, SiLU, {sum(value.numel() for value in network.parameters())} weights",
        "input": "8 temporal features, 64 x 64 pixels of 2 mm round the LV pool, RV up",
        "training_data": f"synthetic slices, {plan.digital:.0%} of them of digital patients; no patient",
        "training": {**vars(plan), "iterations_done": iteration, "start": start.name if start else ""},
    }


def _batch(stream: Stream, plan: TrainingPlan, iteration: int) -> list[Sample]:
    """Return the samples of an iteration: they follow from plan and iteration alone."""
    random = np.random.default_rng([plan.seed, iteration])
    known = plan.fresh * (iteration + 1)
    earlier = random.integers(0, known, plan.batch - plan.fresh)
    return [_varied(stream[int(index)], random) for index in (*range(known - plan.fresh, known), *earlier)]


def _varied(sample: Sample, random: np.random.Generator) -> Sample:
    """Return a sample mirrored at random, with other noise and contrast of each moment."""
    images, labels, heat = sample.images.astype(np.float32), sample.labels, sample.heat.astype(np.float32)
    if random.random() < 0.5:
        images, labels, heat = images[..., ::-1], labels[:, ::-1], heat[:, ::-1]
    images = _two_positions(images, random)
    gain = random.uniform(0.9, 1.1, (len(images), 1, 1))
    gain[0] = random.uniform(0.6, 1.5)
    noise = random.normal(0.0, random.uniform(0.0, 0.04), images.shape)
    return Sample((images * gain + noise).astype(np.float32), np.ascontiguousarray(labels), np.ascontiguousarray(heat))


def _two_positions(images: FloatArray, random: np.random.Generator) -> FloatArray:
    """Return images (CHANNELS, rows, columns) of which, at times, the first few show the heart somewhere else.

    So a motion correction that fails leaves them: one place before the contrast has come, another one after it. The
    labels keep to the LV peak and what follows it.
    """
    if random.random() >= TWO_POSITIONS:
        return images
    first = int(random.integers(1, 4))
    rows, columns = np.clip(np.round(random.normal(0.0, 1.5, 2)), -4, 4).astype(int)
    moved = ndimage.shift(images[:first], (0, rows, columns), order=0, mode="nearest", prefilter=False)
    return np.concatenate([moved, images[first:]])


def _tensors(samples: list[Sample]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return (
        torch.from_numpy(np.stack([sample.images for sample in samples]).astype(np.float32)),
        torch.from_numpy(np.stack([sample.labels for sample in samples]).astype(np.int64)),
        torch.from_numpy(np.stack([sample.heat for sample in samples]).astype(np.float32)),
    )


def _loss(network: nn.Module, images: torch.Tensor, labels: torch.Tensor, heat: torch.Tensor) -> torch.Tensor:
    """Return cross-entropy + soft Dice of the labels + cross-entropy of the insertion heat map."""
    output = network(images)
    logits, heat_logit = output[:, :CLASSES], output[:, CLASSES]
    share = torch.softmax(logits, dim=1)[:, 1:]
    truth = nn.functional.one_hot(labels, CLASSES).permute(0, 3, 1, 2)[:, 1:].float()
    both = (share * truth).sum(dim=(2, 3))
    dice = (2.0 * both + 4.0) / (share.sum(dim=(2, 3)) + truth.sum(dim=(2, 3)) + 4.0)
    spots = nn.functional.binary_cross_entropy_with_logits(heat_logit, heat)
    return torch.as_tensor(nn.functional.cross_entropy(logits, labels) + (1.0 - dice.mean()) + 2.0 * spots)


def _synthetic_dice(network: nn.Module, validation: list[Sample]) -> str:
    images, labels, _ = _tensors(validation)
    with torch.no_grad():
        found = network(images)[:, :CLASSES].argmax(dim=1)
    words = []
    for value, name in ((1, "myocardium"), (2, "LV"), (3, "RV")):
        both = ((found == value) & (labels == value)).sum(dim=(1, 2))
        total = (found == value).sum(dim=(1, 2)) + (labels == value).sum(dim=(1, 2))
        words.append(f"{name} {float((2.0 * both / total.clamp(min=1))[total > 0].mean()):.3f}")
    return f"synthetic Dice {' '.join(words)}"
