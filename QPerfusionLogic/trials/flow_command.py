"""The command `qperfusion evaluate flow`: blood flow of digital patients against its truth."""

from __future__ import annotations

import argparse
from pathlib import Path

from QPerfusionLogic.progress import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the sub-verb."""
    parser.add_argument("--patients", type=int, default=10, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="patient k has the seed S + k")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")


def run(options: argparse.Namespace, progress: Progress) -> str:
    """Draw the patients, quantify them, compare with the truth, write the tables."""
    from .flow_trial import run_flow_trial

    return run_flow_trial(options.output, options.patients, options.seed, progress)
