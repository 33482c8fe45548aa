"""What Slicer shows of notices and errors names no option of the command line."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.workflow.failures import text_of
from QPerfusionLogic.workflow.terminal import Terminal

PACKAGE = Path(__file__).resolve().parents[2] / "QPerfusionLogic"
SHOWN_IN_SLICER = ("aif", "conversion", "data", "kinetics", "mrml", "panel", "pipeline", "registration", "segmentation")


def texts_with_options(path):
    """Return the texts of a file that name an option, outside `option=`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    allowed = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "option":
            allowed |= {id(item) for item in ast.walk(node.value)}
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            allowed.add(id(node.value))
        if isinstance(node, ast.Assign) and "option" in ast.dump(node.targets[0]):
            allowed |= {id(item) for item in ast.walk(node.value)}
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [node.value for node in strings if id(node) not in allowed and re.search(r"--[a-z]", node.value)]


@pytest.mark.parametrize("folder", SHOWN_IN_SLICER)
def test_no_text_of_a_stage_names_an_option_of_the_command_line(folder):
    found = {str(path.relative_to(PACKAGE)): texts_with_options(path) for path in (PACKAGE / folder).rglob("*.py")}
    assert {path: texts for path, texts in found.items() if texts} == {}


def test_the_command_line_names_the_option_and_the_panel_does_not(capsys):
    error = InputError("no AIF", action="give one", option="--stress-aif")
    assert str(error).endswith("give one (--stress-aif)")
    assert text_of(error) == "No AIF. Give one."
    Terminal().notices((Notice("no-t1-map", "no native T1 map", "give one", option="--t1-map"),))
    assert "no native T1 map -> give one (--t1-map)" in capsys.readouterr().out
