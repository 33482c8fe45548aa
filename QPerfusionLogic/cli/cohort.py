"""The command `qperfusion cohort MANIFEST.csv --output DIR`."""

from __future__ import annotations

import argparse
from pathlib import Path

from QPerfusionLogic.cohort.running import CohortResult
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import Settings
from QPerfusionLogic.workflow.terminal import Terminal

from .verb_options import add_settings_options, new_verb, settings_from


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `cohort`."""
    parser.add_argument(
        "manifest", type=Path, metavar="MANIFEST.csv", help="id and any inputs of quantify, one study a row"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="goes on where a run was cut")
    parser.add_argument("--scheduler", default="", metavar="ADDRESS", help="a running Dask scheduler")
    parser.add_argument("--workers", type=int, metavar="N", help="processes of the local cluster; 1 needs no Dask")


def run(options: argparse.Namespace, settings: Settings, progress: Progress) -> CohortResult:
    """Read the manifest and run its studies.

    Raises
    ------
    QPerfusionError
        When manifest, output, scheduler or packages do not allow to start at all.
    """
    from QPerfusionLogic.cohort.manifest import read_manifest
    from QPerfusionLogic.cohort.running import run_cohort

    if options.workers is not None and options.workers < 1:
        raise InputError(f"--workers {options.workers}", expected="at least 1")
    manifest = read_manifest(options.manifest, settings)
    return run_cohort(manifest, options.output, options.workers, options.scheduler, progress)


def add_cohort(verbs: argparse._SubParsersAction) -> None:
    verb = new_verb(verbs, "cohort", _cohort, "many studies, one a row of a CSV, quantified side by side")
    add_arguments(verb)
    add_settings_options(verb)


def _cohort(options: argparse.Namespace, terminal: Terminal) -> None:
    result = run(options, settings_from(options), terminal.progress())
    for line in result.lines():
        terminal.say(line, cohort=line)
    terminal.say(f"written to {options.output}", output=str(options.output))
    without = len(result.failed) + len(result.manifest.wrong)
    if without:
        raise InputError(f"{without} studies without a result", action=f"see {options.output / 'cohort.csv'}")
