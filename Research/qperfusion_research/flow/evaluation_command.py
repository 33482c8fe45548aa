"""The command `qperfusion evaluate flow`: blood flow of digital patients against its truth."""

from __future__ import annotations

import argparse
from pathlib import Path

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import Settings

NAMES = ("stages", "kinetics", "contours", "aif_methods", "models", "conversions", "trims")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the sub-verb."""
    parser.add_argument("--patients", type=int, default=10, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="patient k has the seed S + k")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="goes on where a run was cut")
    parser.add_argument(
        "--evaluations",
        "--trials",
        dest="evaluations",
        nargs="+",
        choices=NAMES,
        default=["stages"],
        metavar="NAME",
        help=", ".join(NAMES),
    )
    parser.add_argument("--slices", type=int, default=3, choices=range(1, 7), metavar="N")
    parser.add_argument("--frames", type=int, default=50, metavar="N", help="heart beats per series")
    parser.add_argument("--set", action="append", default=[], metavar="STAGE.FIELD=VALUE", help="change one setting")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes")


def run(options: argparse.Namespace, progress: Progress) -> str:
    """Draw the patients, quantify them in every configuration, compare with the truth, write the tables.

    Raises
    ------
    InputError
        When a number is out of range or a setting is unknown.
    OutputError
        When the folder cannot be written.
    """
    from functools import partial

    from QPerfusionLogic.io.files.output_folder import check_writable

    from .evaluation import FlowPlan, run_patient
    from .files import summary, write_flow_evaluation
    from .runner import open_evaluation, run_patients
    from .tables import flow_tables

    for name, lowest in (("patients", 1), ("frames", 20), ("workers", 1), ("seed", 0)):
        if getattr(options, name) < lowest:
            raise InputError(f"--{name} {getattr(options, name)}", expected=f"at least {lowest}")
    settings = Settings()
    for assignment in options.set:
        name, _, value = assignment.partition("=")
        settings = settings.with_value(name.strip(), value.strip())
    plan = FlowPlan(tuple(dict.fromkeys(options.evaluations)), options.slices, options.frames, settings=settings)
    check_writable(options.output)
    open_evaluation(options.output)
    seeds = [options.seed + index for index in range(options.patients)]
    work = partial(run_patient, plan=plan)
    folder = options.output / "patients"
    results = run_patients(work, seeds, folder, plan.as_dictionary(), options.workers, progress)
    tables = flow_tables(results)
    write_flow_evaluation(options.output, results, tables, plan.as_dictionary())
    return f"{summary(tables)}\nwritten to {options.output}"
