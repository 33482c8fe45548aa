"""The table of stand-ins in Testing/host/README.md is whole, and cites lines that exist."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest

HOST = Path(__file__).resolve().parents[1] / "host"
ROW = re.compile(r"\| `(?P<name>[^`]+)` \| `(?P<source>\w+) (?P<file>[^`:]+):(?P<line>\d+)` \|")
OF_THE_HOST = {"errors", "layout", "listeners", "install", "start"}


def sections() -> dict[str, list[re.Match[str]]]:
    """Return the rows of each section of the table, by the file that it is named after."""
    text = (HOST / "README.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (\w+\.py)$", text, flags=re.MULTILINE)
    return {name: list(ROW.finditer(body)) for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def checkout(source: str) -> Path:
    """Return the checkout of Slicer or CTK; skips where none is named."""
    folder = os.environ.get({"Slicer": "SLICER_SOURCE", "CTK": "CTK_SOURCE"}[source], "")
    if not folder:
        pytest.skip(f"no {source}: set {source.upper()}_SOURCE")
    if source == "Slicer" and version_of(Path(folder)) != "5.12.3":
        pytest.skip("the table cites Slicer 5.12.3")
    return Path(folder)


def version_of(folder: Path) -> str:
    """Return the version that a checkout of Slicer says it is."""
    text = (folder / "CMakeLists.txt").read_text(encoding="utf-8")
    found = {key: re.search(rf'Slicer_VERSION_{key} "(\d+)"', text) for key in ("MAJOR", "MINOR", "PATCH")}
    return ".".join(match[1] if match else "?" for match in found.values())


def is_of_the_original(name: str) -> bool:
    return name not in OF_THE_HOST and "_" not in name and not name.isupper() and not name.endswith("Error")


def members_of(kind: ast.ClassDef) -> set[str]:
    """Return methods, class attributes, and attributes that the constructor sets."""
    names = set()
    for item in kind.body:
        if isinstance(item, ast.FunctionDef):
            names.add(item.name)
        elif isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            names.add(item.target.id)
        elif isinstance(item, ast.Assign):
            names |= {target.id for target in item.targets if isinstance(target, ast.Name)}
    for item in ast.walk(kind):
        targets = getattr(item, "targets", None) or [getattr(item, "target", None)]
        for target in targets if isinstance(item, ast.Assign | ast.AnnAssign) else ():
            elements = target.elts if isinstance(target, ast.Tuple) else [target]
            for element in elements:
                if isinstance(element, ast.Attribute) and getattr(element.value, "id", "") == "self":
                    names.add(element.attr)
    return names


def names_of(path: Path) -> set[str]:
    """Return the names that must be listed: last parts only."""
    found = set()
    for item in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(item, ast.FunctionDef):
            found.add(item.name)
        elif isinstance(item, ast.ClassDef) and not item.name.startswith("_"):
            found |= {item.name} | members_of(item)
        elif isinstance(item, ast.ClassDef):
            # A private class may stand for an original under another name; what is spelled as there is meant so.
            found |= {name for name in members_of(item) if not name.islower()}
    return {name for name in found if is_of_the_original(name)}


@pytest.mark.parametrize("name", sections())
def test_every_name_of_a_stand_in_is_in_the_table(name):
    listed = {row["name"].split(".")[-1] for row in sections()[name]}
    assert sorted(names_of(HOST / name) - listed) == []


@pytest.mark.parametrize(
    "row",
    [row for rows in sections().values() for row in rows],
    ids=lambda row: row["name"],
)
def test_the_place_in_the_original_holds_the_name(row):
    path = checkout(row["source"]) / row["file"]
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    assert row["name"].split(".")[-1] in lines[int(row["line"]) - 1]


STOOD_IN_FOR = ("slicer.", "DICOMLib", "SampleData")
MODULE_FILES = sorted((HOST.parents[1] / "QPerfusion").glob("*.py"))


def used_names(path: Path) -> set[str]:
    """Return what a module file takes of the modules that the host stands in for: "slicer.util.loadUI"."""
    found = set()
    for item in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(item, ast.ImportFrom) and f"{item.module}".startswith(STOOD_IN_FOR):
            found |= {f"{item.module}.{name.name}" for name in item.names}
        elif isinstance(item, ast.Attribute):
            text = ast.unparse(item)
            if re.fullmatch(r"(slicer\.(util|app|modules)|SampleData)\.\w+", text):
                found.add(text)
    return found


@pytest.mark.parametrize("path", MODULE_FILES, ids=lambda path: path.name)
def test_everything_that_the_module_files_take_of_slicer_is_in_the_table(path):
    listed = {row["name"].split(".")[-1] for rows in sections().values() for row in rows}
    assert {name for name in used_names(path) if name.split(".")[-1] not in listed} == set()
