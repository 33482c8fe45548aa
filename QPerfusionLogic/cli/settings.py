"""The verb `qperfusion settings`."""

from __future__ import annotations

import argparse

from QPerfusionLogic.workflow.terminal import Terminal

from .verb_options import add_settings_options, new_verb, settings_from


def add_settings(verbs: argparse._SubParsersAction) -> None:
    verb = new_verb(verbs, "settings", _settings, "print every setting with its value, as JSON that --settings takes")
    add_settings_options(verb)


def _settings(options: argparse.Namespace, terminal: Terminal) -> None:
    import json

    content = settings_from(options).as_dictionary()
    terminal.say(json.dumps(content, indent=2), settings=content)
