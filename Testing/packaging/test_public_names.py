"""The public names of the package: which they are, how they are called, what they say of themselves."""

from __future__ import annotations

import ast
import doctest
import inspect
import logging
import subprocess
import sys
from pathlib import Path

import pytest

import QPerfusionLogic as qp
from QPerfusionLogic.io.study.request import StudyRequest

ROOT = Path(__file__).resolve().parents[2]
FROZEN = Path(__file__).with_name("public_names.txt")
RAISES_NOTHING = {"Settings", "PerfusionStudy", "StudyResult", "Progress", "QPerfusionError", "InputError"}
"""Data and errors: what they raise, if anything, is said by their functions."""
METHODS_OF_A_MODEL = ("fit", "predict")
MODELS = [name for name in qp.__all__ if hasattr(getattr(qp, name), "fit")]


def described(name: str) -> str:
    """Return a name with its signature, and those of its public methods."""
    found = getattr(qp, name)
    methods = METHODS_OF_A_MODEL if name in MODELS else _methods(found)
    return "\n".join(
        [f"{name}{inspect.signature(found)}"]
        + [f"{name}.{method}{inspect.signature(getattr(found, method))}" for method in methods]
    )


def _methods(found: object) -> list[str]:
    members = vars(found).items() if inspect.isclass(found) else ()
    return sorted(name for name, value in members if not name.startswith("_") and inspect.isroutine(value))


def current() -> str:
    return "\n".join(described(name) for name in sorted(qp.__all__)) + "\n"


def test_names_and_signatures_are_those_that_were_published() -> None:
    """A change is one for users: into the change log, then `python -m Testing.packaging.test_public_names`."""
    assert current() == FROZEN.read_text(encoding="utf-8")


def test_type_checkers_are_told_the_same_names() -> None:
    tree = ast.parse((ROOT / "QPerfusionLogic" / "__init__.pyi").read_text(encoding="utf-8"))
    places = {alias.name: node.module for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert places == qp._PLACE_OF
    assert sorted(places) == sorted(qp.__all__)


def test_what_is_not_public_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        qp.no_such_name  # noqa: B018


def test_the_package_is_imported_in_less_than_0_3_seconds() -> None:
    """The least of three, after the files have been read once; measured 0.05 s."""
    code = "import time; began = time.process_time(); import QPerfusionLogic; print(time.process_time() - began)"
    run = [subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT) for _ in range(3)]
    assert min(float(item.stdout) for item in run) < 0.3


@pytest.mark.parametrize("name", qp.__all__)
def test_every_name_says_what_it_takes_and_gives_and_shows_an_example(name: str) -> None:
    found = getattr(qp, name)
    text = inspect.getdoc(found) or ""
    wanted = ["Examples\n--------"]
    if name not in RAISES_NOTHING:
        wanted += ["Raises\n------"]
    if inspect.signature(found).parameters:
        wanted += ["Parameters\n----------"]
    if not inspect.isclass(found):
        wanted += ["Returns\n-------"]
    assert [part.split("\n")[0] for part in wanted if part not in text] == []
    assert doctest.DocTestParser().get_examples(text), "an example that runs"


@pytest.mark.parametrize("name", qp.__all__)
def test_the_example_of_every_name_runs(name: str) -> None:
    found = getattr(qp, name)
    names = dict(vars(sys.modules[found.__module__]))
    example = doctest.DocTestParser().get_doctest(inspect.getdoc(found), names, name, None, 0)
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example).failed == 0


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_fit_predict_parameters_lexicon_code_and_reference(name: str) -> None:
    model = getattr(qp, name)
    assert model.reference
    assert [quantity.unit for quantity in model.parameters]
    assert isinstance(model.osipi, str)
    for method in (model.fit, model.predict):
        assert "Parameters\n" in inspect.getdoc(method)
        assert "Returns\n" in inspect.getdoc(method)


def test_load_takes_every_part_of_a_request() -> None:
    parts = set(inspect.signature(StudyRequest).parameters)
    assert set(inspect.signature(qp.load).parameters) == parts | {"settings", "progress"}


def test_nothing_is_logged_to_the_terminal_by_itself() -> None:
    handlers = logging.getLogger("QPerfusionLogic").handlers
    assert any(isinstance(handler, logging.NullHandler) for handler in handlers)


if __name__ == "__main__":
    FROZEN.write_text(current(), encoding="utf-8")
    print(f"{FROZEN.name} written")
