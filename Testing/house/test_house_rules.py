"""The rules of the house, read from the source: who may import whom, and what is loaded when."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "QPerfusionLogic"
ORDER = (
    "loading",
    "superresolution",
    "registration",
    "segmentation",
    "signal_model",
    "aif",
    "conversion",
    "kinetics",
    "reporting",
)
"""The rooms in the order of the cascade; the shared signal model stands before the two rooms that use it."""
WHOLE_HOUSE = {"cascade", "cohort", "command_line", "session", "demo", "store_reading", "mapping", "job", "trials"}
"""Files, and folders with all their files, that may know the order of the rooms."""
MEASURED_BY_THE_PHANTOM = {"signal_model", "aif", "conversion", "kinetics", "registration", "segmentation"}
HEAVY = ("torch", "numba", "highdicom", "dask", "distributed", "matplotlib", "slicer", "vtk", "SimpleITK", "pydicom")


def _imports(path: Path) -> Iterator[str]:
    """Yield the package-relative names a file imports, anywhere in it: "kinetics.fermi", "study"."""
    parts = path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = list(parts[: len(parts) - node.level + 1]) if node.level else []
            module = (node.module or "").removeprefix("QPerfusionLogic").lstrip(".")
            if node.level or (node.module or "").startswith("QPerfusionLogic"):
                names = [".".join([*base, module]).strip(".")] if module or base else [a.name for a in node.names]
                yield from names
        elif isinstance(node, ast.Import):
            yield from (a.name.removeprefix("QPerfusionLogic.") for a in node.names if "QPerfusionLogic." in a.name)


def _rooms(path: Path) -> set[str]:
    return {name.split(".")[0] for name in _imports(path)}


def _files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def test_no_room_imports_a_later_room() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {room}"
        for index, name in enumerate(ORDER)
        for path in sorted((PACKAGE / name).rglob("*.py"))
        for room in _rooms(path) & set(ORDER[index + 1 :])
    ]
    assert wrong == []


def test_only_the_top_of_the_house_sees_all_of_it() -> None:
    wrong = [
        str(path.relative_to(PACKAGE))
        for path in _files()
        if not {path.stem, path.relative_to(PACKAGE).parts[0]} & WHOLE_HOUSE
        and _rooms(path) & {"cascade", "session", "command_line"}
    ]
    assert wrong == []


def test_the_phantom_does_not_use_what_it_measures() -> None:
    wrong = [
        str(path) for path in sorted((PACKAGE / "phantom").rglob("*.py")) if _rooms(path) & MEASURED_BY_THE_PHANTOM
    ]
    assert wrong == []


def test_only_the_scene_room_imports_slicer_or_vtk() -> None:
    wrong = [
        str(path.relative_to(PACKAGE))
        for path in _files()
        if "scene" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom) and _top_name(node) in ("slicer", "vtk", "vtkmodules")
    ]
    assert wrong == []


def _top_name(node: ast.Import | ast.ImportFrom) -> str:
    if isinstance(node, ast.ImportFrom):
        return "" if node.level else (node.module or "").split(".")[0]
    return node.names[0].name.split(".")[0]


@pytest.mark.parametrize("module", ["QPerfusionLogic", "QPerfusionLogic.session", "QPerfusionLogic.command_line"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert found.stdout.strip() == "[]"


def test_no_file_is_longer_than_a_room_should_be() -> None:
    assert [str(path.relative_to(PACKAGE)) for path in _files() if len(path.read_text().splitlines()) > 450] == []
