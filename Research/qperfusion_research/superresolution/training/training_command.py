"""`qperfusion train superresolution`: the residual bridge, SR3 or the adversarial comparator, synthetic frames only."""

from __future__ import annotations

import argparse
from pathlib import Path

from QPerfusionLogic.networks.packages import require_packages

PRESETS = {
    "residual_bridge": (6000, 8e-4, 16),
    "diffusion": (20_000, 3e-4, 16),
    "sr3": (50_000, 3e-5, 128),
    "adversarial": (800, 2e-4, 16),
}
"""Preset -> iterations, learning rate, batch; those of sr3 are the published ones."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command to a parser."""
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="weights to write (.safetensors)")
    parser.add_argument("--preset", choices=tuple(PRESETS), default="residual_bridge")
    parser.add_argument("--iterations", type=int, metavar="N", help="length of the training; the preset's by default")
    parser.add_argument("--batch", type=int, metavar="N", help="frames of a batch; the preset's by default")
    parser.add_argument("--learning-rate", type=float, metavar="R")
    parser.add_argument("--frames", type=int, default=25_600, metavar="N", help="synthetic frames drawn beforehand")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--start", type=Path, metavar="FILE", help="weights of the residual bridge to begin with")
    parser.add_argument("--device", choices=("automatic", "cpu", "cuda", "mps"), default="automatic")
    parser.add_argument(
        "--checkpoint-minutes", type=float, default=3.0, help="the checkpoint lies beside the output; same call goes on"
    )


def run(options: argparse.Namespace) -> None:
    """Train as the parsed options say and write weights and card.

    Raises
    ------
    MissingPackageError
        When torch or safetensors is not installed.
    """
    require_packages("train superresolution")
    from qperfusion_research.training.loop import Plan

    from .network_training import Training, train_and_save

    iterations, rate, batch = PRESETS[options.preset]
    plan = Plan(
        options.iterations or iterations,
        options.learning_rate or rate,
        warm_up=100 if options.preset != "sr3" else 0,
        weight_decay=1e-4 if options.preset != "sr3" else 1e-2,
        average=0.998 if options.preset != "sr3" else 0.9999,
        seed=options.seed,
        checkpoint_minutes=options.checkpoint_minutes,
        decay=options.preset != "sr3",
    )
    training = Training(options.preset, plan, options.batch or batch, options.frames, options.device, options.start)
    train_and_save(training, options.output, print)
