"""The command `qperfusion cohort MANIFEST.csv --output DIR`."""

from __future__ import annotations

import argparse
from pathlib import Path

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings import Settings

from .running import CohortResult


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
    from .manifest import read_manifest
    from .running import run_cohort

    if options.workers is not None and options.workers < 1:
        raise InputError(f"--workers {options.workers}", expected="at least 1")
    manifest = read_manifest(options.manifest, settings)
    return run_cohort(manifest, options.output, options.workers, options.scheduler, progress)
