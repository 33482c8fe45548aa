"""The sub-verbs of `qperfusion evaluate`, one line each."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from QPerfusionLogic.cli.verb_options import new_verb
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.workflow.terminal import Terminal

EVALUATIONS: dict[str, tuple[str, str]] = {
    "aif": (
        "qperfusion_research.aif.evaluation.evaluation_command",
        "the results section of the AI-AIF paper, beside its figures",
    ),
    "flow": ("qperfusion_research.flow.evaluation_command", "blood flow against its truth, one stage at a time"),
    "segmentation": (
        "qperfusion_research.segmentation.evaluation.evaluation_command",
        "contours against their truth, with bars",
    ),
    "superresolution": (
        "qperfusion_research.superresolution.evaluation.evaluation_command",
        "frames and flow from a part of the lines, beside the figures of PerfGen",
    ),
}
"""Sub-verb -> (module, help). A module that needs a later stage than its own lies in `flow`, which sees the whole
house; it imports nothing heavy at its top, for every `qperfusion` call imports it."""


class EvaluationVerb(Protocol):
    """What a registered module offers."""

    add_arguments: Callable[[argparse.ArgumentParser], None]
    """Declare the options of the sub-verb."""
    run: Callable[[argparse.Namespace, Progress], str]
    """Evaluate, write the tables, and return the lines for the terminal."""


def evaluation(name: str) -> EvaluationVerb:
    """Return the module behind a sub-verb."""
    return cast("EvaluationVerb", import_module(EVALUATIONS[name][0]))


def add_evaluate(verbs: argparse._SubParsersAction) -> None:
    verb = new_verb(verbs, "evaluate", _evaluate, "how good it is: the tables of the papers, on digital patients")
    tables = verb.add_subparsers(title="tables", dest="table", required=True, metavar="TABLE")
    for name, (_, text) in EVALUATIONS.items():
        evaluation(name).add_arguments(tables.add_parser(name, help=text, description=text))


def _evaluate(options: argparse.Namespace, terminal: Terminal) -> None:
    terminal.say(evaluation(options.table).run(options, terminal.progress()))
