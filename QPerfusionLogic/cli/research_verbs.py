"""The verbs that `qperfusion-research` adds to the command; where it is absent they say what to install."""

from __future__ import annotations

import argparse
from importlib.metadata import entry_points
from typing import NoReturn

from QPerfusionLogic.errors import MissingPackageError
from QPerfusionLogic.workflow.terminal import Terminal

from .verb_options import new_verb

GROUP = "qperfusion.verbs"
"""Entry points of this group are functions that add a verb, as those of this folder do."""
KNOWN = {
    "train": "train a network on synthetic data alone",
    "evaluate": "the tables of the papers, on digital patients",
}


def add_research_verbs(verbs: argparse._SubParsersAction) -> None:
    """Add the installed verbs, and for those that are not installed one that names the package."""
    installed = {point.name: point for point in entry_points(group=GROUP)}
    for point in installed.values():
        point.load()(verbs)
    for name, text in KNOWN.items():
        if name not in installed:
            verb = new_verb(verbs, name, _not_installed, f"{text} (needs qperfusion-research)")
            verb.add_argument("options", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
            verb.set_defaults(name=name)


def _not_installed(options: argparse.Namespace, terminal: Terminal) -> NoReturn:
    raise MissingPackageError(
        f"`qperfusion {options.name}` without the package qperfusion-research",
        expected="this package beside qperfusion",
        action="install it from a checkout: python -m pip install -e . -e ./Research",
    )
