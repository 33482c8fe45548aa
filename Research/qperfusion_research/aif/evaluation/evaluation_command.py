"""The command `qperfusion evaluate aif`: the results section of the AI-AIF paper, on digital patients."""

from __future__ import annotations

import argparse
from pathlib import Path

from QPerfusionLogic.errors import SettingsError
from QPerfusionLogic.progress import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the sub-verb."""
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--patients", type=int, default=44, metavar="N", help="the paper had 44")
    parser.add_argument("--seed", type=int, default=1000, metavar="S", help="patient k has the seed S + k")
    parser.add_argument("--state", choices=("stress", "rest"), default="stress")
    parser.add_argument("--model", default="fermi", metavar="NAME", help="kinetic model; the paper's is fermi")
    parser.add_argument("--weights", default="", metavar="FILE", help="own weights; the shipped ones when not given")
    parser.add_argument("--paper-weights", default="", metavar="FILE", help="own weights of `train aif --preset paper`")
    parser.add_argument("--pairs", type=int, default=2000, metavar="N", help="random pairs for the table of protocols")


def run(options: argparse.Namespace, progress: Progress) -> str:
    """Evaluate, write tables and figures, and return the tables.

    Raises
    ------
    InputError
        When an option or the weights cannot be used.
    MissingPackageError
        When torch is missing.
    """
    from QPerfusionLogic.networks.packages import require_packages

    require_packages("qperfusion evaluate aif")
    if options.patients < 3 or options.pairs < 10:
        raise SettingsError("fewer than 3 patients or 10 pairs", expected="enough for statistics")
    from .evaluation import EvaluationPlan, evaluate

    plan = EvaluationPlan(
        options.patients,
        options.seed,
        options.state,
        options.model,
        options.weights,
        options.paper_weights,
        options.pairs,
    )
    return evaluate(options.output, plan, progress)
