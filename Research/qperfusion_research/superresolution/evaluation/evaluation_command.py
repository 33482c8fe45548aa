"""The command `qperfusion evaluate superresolution`: image quality and blood flow, beside the published figures."""

from __future__ import annotations

import argparse
from pathlib import Path

from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import KineticsSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the sub-verb."""
    parser.add_argument("--patients", type=int, default=20, metavar="N", help="for the table of image quality")
    parser.add_argument("--flow-patients", type=int, default=20, metavar="N", help="for the table of blood flow")
    parser.add_argument("--seed", type=int, default=50_000, metavar="S", help="patient k has the seed S + k")
    parser.add_argument("--fraction", type=float, default=0.4, metavar="F", help="share of the lines measured")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="other weights than the shipped ones")
    parser.add_argument("--adversarial", type=Path, metavar="FILE", help="weights of the adversarial comparator")
    parser.add_argument("--model", default=KineticsSettings().model, metavar="NAME", help="kinetic model of the flow")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")


def run(options: argparse.Namespace, progress: Progress) -> str:
    """Draw the patients, super-resolve, write tables and pictures; rows are kept as they come.

    Raises
    ------
    MissingPackageError
        When torch is not installed.
    SettingsError
        When there is no such kinetic model.
    """
    from QPerfusionLogic.kinetics.models.registry import model_class
    from QPerfusionLogic.networks.packages import require_packages

    require_packages("evaluate superresolution")
    model_class(options.model)
    from .evaluation import Evaluation, run_evaluation

    evaluation = Evaluation(
        options.patients,
        options.flow_patients,
        options.seed,
        options.fraction,
        options.weights,
        options.adversarial,
        options.model,
    )
    return run_evaluation(evaluation, options.output, progress)
