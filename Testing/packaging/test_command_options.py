"""What a command reads of its options is what its parser knows: a renaming of one without the other is found here."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from pathlib import Path

from QPerfusionLogic.cli.main import build_parser

ROOT = Path(__file__).resolve().parents[2]
WITHOUT_RESEARCH = {"name"}
"""Set by the verbs that stand in for those of the research package where it is not installed."""


def _known(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield every destination of a parser and of the verbs below it, and what verbs set by themselves."""
    yield from parser._defaults
    for action in parser._actions:
        yield action.dest
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _known(below)


def _read() -> Iterator[tuple[str, str]]:
    """Yield file and name of every attribute read off `options` in functions that are given a parsed namespace."""
    for folder in ("QPerfusionLogic/cli", "Research/qperfusion_research"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(function, ast.FunctionDef) and _takes_options(function):
                    for node in ast.walk(function):
                        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "options":
                            yield path.name, node.attr


def _takes_options(function: ast.FunctionDef) -> bool:
    return any(
        argument.arg == "options" and "Namespace" in ast.unparse(argument.annotation or ast.Constant(""))
        for argument in function.args.args
    )


def test_every_option_that_is_read_is_one_that_can_be_given() -> None:
    known = set(_known(build_parser())) | WITHOUT_RESEARCH
    read = list(_read())
    assert len(read) > 50
    assert [(file, name) for file, name in read if name not in known] == []
