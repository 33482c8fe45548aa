"""Loading the module files imports nothing that Slicer does not bundle, and runs nothing."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE_FILES = sorted((ROOT / "QPerfusion").glob("*.py"))
ALLOWED = {"slicer", "vtk", "SimpleITK", "numpy", "scipy", "qt", "ctk", "QPerfusionLogic", "DICOMLib"}
RUNS_NOTHING = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef, ast.Assign, ast.AnnAssign)


def load_time_imports(path: Path) -> set[str]:
    """Return the dotted names that a file imports when it is loaded, type-checking blocks left out."""
    names = set()
    for node in _outside_functions(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _package_of(path, node.level) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            names.add(module)
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return names


def _outside_functions(tree: ast.AST):
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        yield from _outside_functions(node)


def _package_of(path: Path, level: int) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[: len(parts) - level])


def _file_of(name: str) -> Path | None:
    place = ROOT.joinpath(*name.split("."))
    for candidate in (place.with_suffix(".py"), place / "__init__.py"):
        if name.startswith("QPerfusionLogic") and candidate.is_file():
            return candidate
    return None


def loaded_files(start: Path) -> set[Path]:
    """Return the package files that are loaded with a module file."""
    found, waiting = set(), [start]
    while waiting:
        path = waiting.pop()
        for name in load_time_imports(path):
            for parent in (name, ".".join(name.split(".")[:2]), "QPerfusionLogic"):
                file = _file_of(parent)
                if file is not None and file not in found:
                    found.add(file)
                    waiting.append(file)
    return found


@pytest.mark.parametrize("path", MODULE_FILES, ids=lambda path: path.name)
def test_loading_a_module_file_imports_only_what_slicer_bundles(path):
    foreign = {
        f"{file.name}: {name}"
        for file in {path, *loaded_files(path)}
        for name in load_time_imports(file)
        if name.split(".")[0] not in ALLOWED | set(sys.stdlib_module_names)
    }
    assert foreign == set()


@pytest.mark.parametrize("path", MODULE_FILES, ids=lambda path: path.name)
def test_loading_a_module_file_runs_nothing(path):
    body = ast.parse(path.read_text(encoding="utf-8")).body
    statements = [node for node in body if not isinstance(node, RUNS_NOTHING)]
    doing = [ast.unparse(node).splitlines()[0] for node in statements if not _is_text(node)]
    assert all("QPerfusionLogic" in line for line in doing)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_the_package_uses_neither_qt_nor_the_application():
    used = [
        f"{path.name}: {ast.unparse(node)}"
        for path in sorted((ROOT / "QPerfusionLogic").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if _is_forbidden(node)
    ]
    assert used == []


def _is_forbidden(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "slicer":
        return node.attr in ("mrmlScene", "app", "modules", "util")
    if isinstance(node, ast.Import):
        return any(alias.name in ("qt", "ctk", "PySide6") for alias in node.names)
    return isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("qt", "ctk", "PySide6")
