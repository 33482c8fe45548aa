"""The `qperfusion` command: every verb parses its options here and hands over to the stages."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from QPerfusionLogic import __version__
from QPerfusionLogic.cli.research_verbs import add_research_verbs
from QPerfusionLogic.errors import CancelledError, QPerfusionError
from QPerfusionLogic.workflow.terminal import Terminal

from .cohort import add_cohort
from .compare import add_compare
from .demo import add_demo
from .fit import add_fit
from .inspect import add_inspect
from .quantify import add_quantify
from .settings import add_settings
from .simulate import add_simulate
from .superresolve import add_superresolve

READER_GONE = 141
"""Exit code where the reader of a pipe ended before the output, as shells report it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 everything written, 2 wrong input, 130 cancelled."""
    options = build_parser().parse_args(arguments)
    terminal = Terminal(as_json=getattr(options, "json", False))
    signal.signal(signal.SIGTERM, _interrupt)
    with _log_on_standard_error(getattr(options, "verbose", False)):
        try:
            options.run(options, terminal)
        except QPerfusionError as error:
            terminal.error(error)
            return error.exit_code
        except BrokenPipeError:
            # Whoever read the output has gone; what Python still holds for them must not raise at exit.
            sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
            return READER_GONE
        except KeyboardInterrupt:
            terminal.error(CancelledError())
            return CancelledError.exit_code
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    parser = argparse.ArgumentParser(
        prog="qperfusion",
        description="Quantitative first-pass myocardial perfusion MRI. Research use only; not a medical device.",
    )
    parser.add_argument("--version", action="version", version=f"qperfusion {__version__}")
    verbs = parser.add_subparsers(title="verbs", required=True, metavar="VERB")
    add_demo(verbs)
    add_inspect(verbs)
    add_quantify(verbs)
    add_fit(verbs)
    add_simulate(verbs)
    add_compare(verbs)
    add_research_verbs(verbs)
    add_cohort(verbs)
    add_superresolve(verbs)
    add_settings(verbs)
    return parser


@contextlib.contextmanager
def _log_on_standard_error(wanted: bool) -> Iterator[None]:
    """Show the log of the packages while a verb runs."""
    handler = logging.StreamHandler() if wanted else logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s", "%H:%M:%S"))
    loggers = [logging.getLogger(package) for package in ("QPerfusionLogic", "qperfusion_research")]
    for logger in loggers:
        logger.setLevel(logging.INFO if wanted else logging.NOTSET)
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
