"""`qperfusion train segmentation`: train the network on synthetic slices alone and write its weights."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

from QPerfusionLogic.errors import MissingPackageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command to a parser."""
    parser.add_argument("--output", type=Path, required=True, help="weights to write (.safetensors)")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long to train")
    parser.add_argument("--seed", type=int, default=0, help="seed of the synthetic slices and the first weights")
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--start", type=Path, help="weights to go on from")


def run(arguments: argparse.Namespace) -> int:
    """Train as the parsed options say; return the exit code.

    Raises
    ------
    MissingPackageError
        When torch or safetensors is not installed.
    """
    missing = [package for package in ("torch", "safetensors") if find_spec(package) is None]
    if missing:
        raise MissingPackageError(
            f"no {' and '.join(missing)}", expected="the learning packages", action="pip install qperfusion[learning]"
        )
    from .training import TrainingPlan, train

    plan = TrainingPlan(minutes=arguments.minutes, seed=arguments.seed, learning_rate=arguments.learning_rate)
    train(arguments.output, plan, print, arguments.start)
    return 0
