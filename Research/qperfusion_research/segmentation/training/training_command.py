"""`qperfusion train segmentation`: train the network on synthetic slices alone and write its weights."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command to a parser."""
    parser.add_argument("--output", type=Path, required=True, help="weights to write (.safetensors; the card beside)")
    parser.add_argument("--iterations", type=int, default=1400, help="batches of 16 samples")
    parser.add_argument("--seed", type=int, default=0, help="seed of the synthetic slices and the first weights")
    parser.add_argument("--digital", type=float, default=0.25, help="share of samples from digital patients")
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--start", type=Path, help="weights to go on from, their card beside them")


def run(arguments: argparse.Namespace) -> int:
    """Train as the parsed options say; return the exit code. What was cut goes on from its checkpoint.

    Raises
    ------
    MissingPackageError
        When torch or safetensors is not installed.
    """
    from QPerfusionLogic.networks.packages import require_packages

    require_packages("train segmentation")
    from .network_training import TrainingPlan, train_network

    plan = TrainingPlan(
        iterations=arguments.iterations,
        seed=arguments.seed,
        digital=arguments.digital,
        learning_rate=arguments.learning_rate,
    )
    train_network(arguments.output, plan, print, arguments.start)
    return 0
