"""The `qperfusion` command: every verb parses its options here and hands over to the rooms."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 everything written, 2 wrong input, 130 cancelled."""
    options = build_parser().parse_args(arguments)
    terminal = Terminal(as_json=getattr(options, "json", False))
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        options.run(options, terminal)
    except QPerfusionError as error:
        terminal.error(error)
        return error.exit_code
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


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
