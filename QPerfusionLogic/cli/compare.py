"""The command `qperfusion compare REFERENCE.csv TEST.csv --output DIR`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.workflow.terminal import Terminal

from .verb_options import new_verb


def add_compare_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `compare`."""
    parser.add_argument(
        "reference", type=Path, metavar="REFERENCE.csv", help="segments.csv, or an id column and values"
    )
    parser.add_argument("test", type=Path, metavar="TEST.csv", help="the table to judge, same rows")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder for tables, figures and JSON")
    parser.add_argument("--id", action="append", default=[], metavar="COLUMN", help="identifier column (repeatable)")
    parser.add_argument("--value", action="append", default=[], metavar="COLUMN", help="value column (repeatable)")
    parser.add_argument(
        "--threshold", action="append", default=[], metavar="COLUMN=VALUE", help="threshold of a column (repeatable)"
    )
    parser.add_argument("--layer", default="all", choices=("all", "endo", "epi"), help="rows of segments.csv")


def run_compare(arguments: argparse.Namespace, progress: Progress | None = None) -> str:
    """Compare, write, and return the lines that sum it up for a terminal.

    Raises
    ------
    InputError
        For wrong tables or options.
    """
    from QPerfusionLogic.agreement.comparison import compare_tables
    from QPerfusionLogic.agreement.comparison_files import summary_lines, write_agreement

    progress = progress or Progress()
    agreement = compare_tables(
        arguments.reference,
        arguments.test,
        arguments.id,
        arguments.value,
        _thresholds(arguments.threshold),
        arguments.layer,
    )
    progress.update(0.5, "compared")
    write_agreement(agreement, arguments.output, (arguments.reference, arguments.test))
    progress.update(1.0, "written")
    return "\n".join(summary_lines(agreement))


def _thresholds(texts: Sequence[str]) -> dict[str, float] | None:
    if not texts:
        return None
    found = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            found[name] = float(value)
        except ValueError as error:
            raise InputError(f"--threshold {text!r}", expected="COLUMN=VALUE, such as stress_mbf=1.35") from error
    return found


def add_compare(verbs: argparse._SubParsersAction) -> None:
    add_compare_arguments(new_verb(verbs, "compare", _compare, "agreement of two tables, with statistics and plots"))


def _compare(options: argparse.Namespace, terminal: Terminal) -> None:
    terminal.say(run_compare(options, terminal.progress()))
