"""The verb `qperfusion inspect`."""

from __future__ import annotations

import argparse
from pathlib import Path

from QPerfusionLogic.workflow.terminal import Terminal

from .verb_options import add_settings_options, new_verb, settings_from


def add_inspect(verbs: argparse._SubParsersAction) -> None:
    verb = new_verb(
        verbs, "inspect", _inspect, "what series are there: role, slices, frames, times, protocol, problems"
    )
    verb.add_argument("path", type=Path, metavar="PATH")
    add_settings_options(verb)


def _inspect(options: argparse.Namespace, terminal: Terminal) -> None:
    from QPerfusionLogic.io.study.inspection import inspect

    for summary in inspect(options.path, settings_from(options).loading, terminal.progress()):
        terminal.say(summary.as_text(), series=summary.as_dictionary())
