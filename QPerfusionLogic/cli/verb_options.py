"""What the verbs of the command line share: options of settings and output as JSON."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from QPerfusionLogic.settings.schema import Settings
from QPerfusionLogic.workflow.terminal import Terminal

Run = Callable[[argparse.Namespace, Terminal], None]


def new_verb(verbs: argparse._SubParsersAction, name: str, run: Run, text: str) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    verb.add_argument("--json", action="store_true", help="JSON lines on standard output, for machines")
    verb.add_argument("--verbose", action="store_true", help="report what happens on standard error")
    verb.set_defaults(run=run)
    return verb


def add_settings_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--settings", type=Path, metavar="FILE.json", help="settings, or the provenance.json of a run")
    verb.add_argument("--set", action="append", default=[], metavar="STAGE.FIELD=VALUE", help="change one setting")


def settings_from(options: argparse.Namespace) -> Settings:
    """Return the settings file with the `--set` options applied on top."""
    settings = Settings.from_file(options.settings) if options.settings else Settings()
    for assignment in options.set:
        name, _, value = assignment.partition("=")
        settings = settings.with_value(name.strip(), value.strip())
    return settings
