"""Train the super-resolution networks on synthetic frames only (imports torch)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from qperfusion_research.training.loop import Plan, train
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.io.files.output_folder import writing_file
from QPerfusionLogic.networks.device import chosen_device
from QPerfusionLogic.networks.model_files import ModelFile, load_into, model_file, save_model
from QPerfusionLogic.superresolution.bridge.bridge_network import WIDTHS, BridgeNetwork
from QPerfusionLogic.superresolution.bridge.bridge_steps import bridge_loss, expected_detail
from QPerfusionLogic.superresolution.diffusion.detail_diffusion import sampled_details, velocity_loss
from QPerfusionLogic.superresolution.diffusion.diffusion_network import DiffusionNetwork
from QPerfusionLogic.superresolution.diffusion.sr3_diffusion import noise_loss, signal_shares
from QPerfusionLogic.superresolution.diffusion.sr3_network import WIDTHS as SR3_WIDTHS
from QPerfusionLogic.superresolution.diffusion.sr3_network import Sr3Network
from QPerfusionLogic.superresolution.diffusion.sr3_resolver import TOP

from .adversarial import AdversarialPair, adversarial_loss
from .batches import Batch, random_batch
from .training_frames import LENGTH, training_series

VALIDATION_SEED = 900_001
CLEAN = ("diffusion",)
"""Presets that learn the truth without noise behind noisy low-resolution frames."""
LossOfBatch = Callable[[nn.Module, Batch], torch.Tensor]


@dataclass(frozen=True)
class Training:
    """What is trained and how.

    Parameters
    ----------
    preset : str
        residual_bridge, diffusion, sr3 or adversarial.
    plan : Plan
        Length, learning rate, seed.
    batch, frames : int
        Frames of a batch; synthetic frames drawn before training, in series of 16.
    device : str
    start : Path, optional
        Weights of the residual bridge to begin with.
    widths : tuple of int, optional
        Channels of each level of SR3 where they are not the published ones, for small evaluations.
    """

    preset: str
    plan: Plan
    batch: int = 16
    frames: int = 25_600
    device: str = "automatic"
    start: Path | None = None
    widths: tuple[int, ...] = SR3_WIDTHS


def train_and_save(training: Training, output: Path, log: Callable[[str], None]) -> ModelFile:
    """Train and write weights with their card; frames and checkpoint lie beside the output until it is written.

    Parameters
    ----------
    training : Training
    output : Path
        The .safetensors file; of the adversarial pair only the generator is kept.
    log : callable
        Called with a line at each checkpoint.
    """
    device = chosen_device(training.device)
    torch.manual_seed(training.plan.seed)
    network = _network(training).to(device)
    for parameter in network.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    clean = training.preset in CLEAN
    bank = kept_frames(output.with_suffix(".frames.npy"), training.plan.seed, training.frames, noise=not clean)
    validation = validation_batch(clean)
    loss_of_batch = _loss(training.preset, device)
    begun = time.monotonic()
    curve: list[list[float]] = []

    def loss_of(module: nn.Module, iteration: int) -> torch.Tensor:
        random = np.random.default_rng([training.plan.seed, iteration])
        return loss_of_batch(module, random_batch(bank, random, training.batch, clean))

    def report(average: nn.Module, iteration: int, loss: float) -> None:
        minutes = (time.monotonic() - begun) / 60.0
        line = f"iteration {iteration} minutes {minutes:.1f} loss {loss:.4f}"
        curve.append([iteration, round(loss, 4)])
        if training.preset != "sr3":
            ratio = float(_ratios(training.preset, _generator(average), validation, device).mean())
            curve[-1].append(round(ratio, 4))
            line += f" validation error over zero-filled {ratio:.4f}"
        log(line)

    checkpoint = output.with_suffix(".checkpoint.safetensors")
    trained = train(network, loss_of, training.plan, checkpoint, report)
    return save_model(_generator(trained), output, _card(training, curve))


def _ratios(preset: str, network: nn.Module, batch: Batch, device: torch.device) -> FloatArray:
    return (
        sample_error_ratios(network, batch, device) if preset == "diffusion" else error_ratios(network, batch, device)
    )


def _network(training: Training) -> nn.Module:
    if training.preset == "sr3":
        return Sr3Network(training.widths)
    if training.preset == "diffusion":
        return _diffusion_network(training.start)
    network: nn.Module = AdversarialPair() if training.preset == "adversarial" else BridgeNetwork()
    if training.start is not None:
        load_into(_generator(network), model_file(training.start))
        network.train()
    return network


def _diffusion_network(start: Path | None) -> DiffusionNetwork:
    """Return a diffusion network with the weights of another one, or of a residual bridge."""
    network = DiffusionNetwork()
    if start is None:
        return network
    model = model_file(start)
    if model.card.get("architecture") == "diffusion":
        load_into(network, model)
    else:
        bridge = BridgeNetwork()
        load_into(bridge, model)
        network.begin_with_bridge(bridge)
    network.train()
    return network


def _generator(network: nn.Module) -> nn.Module:
    return network.generator if isinstance(network, AdversarialPair) else network


def _loss(preset: str, device: torch.device) -> LossOfBatch:
    shares = signal_shares()

    def bridge(module: nn.Module, batch: Batch) -> torch.Tensor:
        return bridge_loss(module, *on_device(batch, device))

    def diffusion(module: nn.Module, batch: Batch) -> torch.Tensor:
        return velocity_loss(module, *on_device(batch, device))

    def adversarial(module: nn.Module, batch: Batch) -> torch.Tensor:
        assert isinstance(module, AdversarialPair)
        low, full, _, fraction = on_device(batch, device)
        return adversarial_loss(module, low, full, fraction)

    def sr3(module: nn.Module, batch: Batch) -> torch.Tensor:
        low, full, _, _ = on_device(batch, device)
        low, full = ((2.0 * image / TOP - 1.0).clamp(-1.0, 1.0) for image in (low, full))
        return noise_loss(module, low, full, shares)

    return {"residual_bridge": bridge, "diffusion": diffusion, "adversarial": adversarial, "sr3": sr3}[preset]


def _card(training: Training, curve: list[list[float]]) -> dict[str, Any]:
    return {
        "name": f"superresolution-{training.preset}",
        "architecture": training.preset,
        "widths": list(training.widths if training.preset == "sr3" else WIDTHS),
        "trained_on": f"{training.frames} synthetic frames, no image of a patient",
        "batch": training.batch,
        "plan": asdict(training.plan),
        "learning_curve": curve,
    }


def kept_frames(path: Path, seed: int, count: int, noise: bool = True) -> FloatArray:
    """Return the training series (n, LENGTH, rows, columns) of a seed, drawn once and kept in a file."""
    if path.is_file():
        return np.asarray(np.load(path, mmap_mode="r"))
    frames = training_series(seed, -(-count // LENGTH), noise)
    with writing_file(path) as beside, beside.open("wb") as stream:
        np.save(stream, frames)
    return frames


def validation_batch(clean: bool = False) -> Batch:
    """Return frames that no training sees."""
    series = training_series(VALIDATION_SEED, 40, noise=not clean)
    return random_batch(series, np.random.default_rng(VALIDATION_SEED), 64, clean)


def error_ratios(network: nn.Module, batch: Batch, device: torch.device) -> FloatArray:
    """Return (n,) root mean square error of one step over that of the zero-filled frame."""
    low, full, kept, fraction = on_device(batch, device)
    with torch.no_grad():
        found = low + expected_detail(network, low, kept, fraction)
    error, zero = ((value - full).square().mean(dim=(1, 2, 3)).sqrt() for value in (found, low))
    return np.asarray((error / zero).cpu())


def sample_error_ratios(network: nn.Module, batch: Batch, device: torch.device, steps: int = 10) -> FloatArray:
    """Return (n,) root mean square error of one sample over that of the zero-filled frame, for the first 16 frames."""
    low, full, kept, fraction = (part[:16] for part in on_device(batch, device))
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(VALIDATION_SEED)
        found = low + sampled_details(network, low, kept, fraction, steps)
    error, zero = ((value - full).square().mean(dim=(1, 2, 3)).sqrt() for value in (found, low))
    return np.asarray((error / zero).cpu())


def on_device(batch: Batch, device: torch.device) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return low, full, kept, fraction as tensors."""
    low, full, kept, fraction = (
        torch.from_numpy(np.ascontiguousarray(part)).to(device)
        for part in (batch.low, batch.full, batch.kept, batch.fraction)
    )
    return low, full, kept, fraction
