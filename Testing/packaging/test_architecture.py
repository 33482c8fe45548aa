"""The architecture of the package, read from its source: imports, sizes of folders, and what is loaded when."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT, RESEARCH = "QPerfusionLogic", "qperfusion_research"
LAYERS = (
    ("settings", "data"),
    ("io", "signal_model"),
    ("networks",),
    ("superresolution",),
    ("registration",),
    ("segmentation",),
    ("aif",),
    ("conversion",),
    ("kinetics",),
    ("pipeline",),
    ("reporting",),
    ("mrml",),
    ("workflow",),
    ("agreement", "cohort"),
    ("cli", "panel"),
)
"""Folders of the product from the bottom up: a module imports its own layer and those before it. The files beside the
folders import nothing but one another."""
USES_THE_PHANTOM = {"cli.demo", "cli.simulate", "workflow.sample_data"}
USED_BY_THE_PHANTOM = {"data", "io", "errors", "progress", "resources"}
MOST_MODULES, MOST_LOOSE_FILES, MOST_LINES = 15, 8, 450
MOST_TESTS = {"Testing/host": 19, "Testing/io/dicom": 18, "Testing/panel": 21}
"""Folders of tests that are larger than others, and may not grow."""
ONE_NAME_MANY_FILES = {"logic"}
"""The entry point of every stage is called `logic`."""
VERBS = {"add_arguments", "run", "main"}
"""Functions that every verb of the command line, or every program, has by the same name."""
CALLED_FROM_OUTSIDE = {
    *("predict", "motion_profiles", "load_scene"),  # by users: public API, Documentation/registration.md, slicer.md
    *("add_evaluate", "add_train"),  # entry points of the research package
    *("GivenCurve", "ImagesOfGadolinium", "DualBolus", "DualSequence", "NeuralNetwork"),  # register themselves
    *("relative_upslope", "perfusion_reserve_index", "compare_models"),  # not offered yet, see TECH_DEBT.md
    *("write_own_pair", "row_of", "folder_named"),  # by tests: the counterpart of a reader, places in table and scene
}
HEAVY = ("torch", "numba", "highdicom", "dask", "distributed", "matplotlib", "slicer", "vtk", "SimpleITK", "pydicom")


def _modules() -> dict[str, Path]:
    found = {}
    for base, package in ((ROOT, PRODUCT), (ROOT / "Research", RESEARCH)):
        for path in sorted((base / package).rglob("*.py")):
            name = ".".join(path.relative_to(base).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


MODULES = _modules()


def _imported(name: str, path: Path) -> Iterator[str]:
    """Yield the modules of product and research that a module imports, anywhere in it."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (_module_of(f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (_module_of(alias.name) for alias in node.names)


def _module_of(name: str) -> str:
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name


IMPORTS = {name: set(_imported(name, path)) - {name, ""} for name, path in MODULES.items()}


def _folder(name: str) -> str:
    return name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]


def _part(name: str) -> str:
    """Return the folder of the product a module belongs to, "" for the files beside the folders."""
    inside = _folder(name).split(".")[1:]
    return inside[0] if inside else ""


def _circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of nodes that reach one another."""
    reached: dict[str, set[str]] = {}
    for start in arrows:
        found, waiting = set(), list(arrows[start])
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting += arrows.get(node, ())
        reached[start] = found
    groups = {frozenset(b for b in reached[a] if a in reached.get(b, ())) for a in arrows if a in reached[a]}
    return sorted(sorted(group) for group in groups)


def _is_product(name: str) -> bool:
    return name.split(".")[0] == PRODUCT


def test_no_file_imports_itself_through_others() -> None:
    assert _circles(IMPORTS) == []


def test_no_folder_imports_itself_through_others() -> None:
    arrows: dict[str, set[str]] = defaultdict(set)
    for name, imported in IMPORTS.items():
        arrows[_folder(name)] |= {_folder(other) for other in imported} - {_folder(name), PRODUCT, RESEARCH}
    assert _circles(dict(arrows)) == []


def test_imports_run_downward() -> None:
    level = {folder: index for index, layer in enumerate(LAYERS, start=1) for folder in layer} | {"": 0}
    wrong = [
        f"{name} imports {other}"
        for name, imported in IMPORTS.items()
        for other in imported
        if _is_product(name) and _is_product(other) and "phantom" not in (_part(name), _part(other))
        if name != PRODUCT and other != PRODUCT and level[_part(other)] > level[_part(name)]
    ]
    assert wrong == []


def test_every_folder_has_its_place_in_the_order() -> None:
    folders = {_part(name) for name in MODULES if _is_product(name)} - {"", "phantom"}
    assert folders == {folder for layer in LAYERS for folder in layer}


def test_the_product_does_not_import_the_research_package() -> None:
    wrong = [name for name, imported in IMPORTS.items() if _is_product(name) and not all(map(_is_product, imported))]
    assert wrong == []


def test_only_demonstration_and_sample_data_use_the_phantom() -> None:
    users = {
        name.removeprefix(f"{PRODUCT}.")
        for name, imported in IMPORTS.items()
        if _is_product(name) and _part(name) != "phantom" and any(_part(other) == "phantom" for other in imported)
    }
    assert users <= USES_THE_PHANTOM


def test_the_phantom_does_not_use_what_it_measures() -> None:
    used = {
        other.split(".")[1]
        for name, imported in IMPORTS.items()
        if _is_product(name) and _part(name) == "phantom"
        for other in imported
        if other != PRODUCT and _part(other) != "phantom"
    }
    assert used <= USED_BY_THE_PHANTOM


def test_only_the_mrml_folder_imports_slicer_or_vtk() -> None:
    wrong = [
        name
        for name, path in MODULES.items()
        if _part(name) != "mrml"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom) and _top_name(node) in ("slicer", "vtk", "vtkmodules")
    ]
    assert wrong == []


def _top_name(node: ast.Import | ast.ImportFrom) -> str:
    if isinstance(node, ast.ImportFrom):
        return "" if node.level else (node.module or "").split(".")[0]
    return node.names[0].name.split(".")[0]


def test_a_folder_has_few_modules() -> None:
    count = Counter(_folder(name) for name, path in MODULES.items() if path.name != "__init__.py")
    assert {folder: number for folder, number in count.items() if number > MOST_MODULES} == {}


def test_a_folder_of_tests_has_few_modules() -> None:
    count = Counter(path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "Testing").rglob("*.py"))
    assert {folder: number for folder, number in count.items() if number > MOST_TESTS.get(folder, MOST_MODULES)} == {}


def test_few_files_lie_beside_the_folders() -> None:
    assert len([path for path in (ROOT / PRODUCT).iterdir() if path.is_file()]) <= MOST_LOOSE_FILES


def test_no_two_files_of_the_product_have_one_name() -> None:
    names = Counter(
        name.rpartition(".")[2] for name, path in MODULES.items() if _is_product(name) and path.name != "__init__.py"
    )
    assert {name for name, number in names.items() if number > 1} <= ONE_NAME_MANY_FILES


def test_no_public_function_or_class_has_the_name_of_another() -> None:
    names = Counter(
        node.name
        for path in MODULES.values()
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    )
    assert {name for name, number in names.items() if number > 1} <= VERBS


def _words_in_code(path: Path) -> Iterator[str]:
    """Yield the names that a module uses, those in strings (lazy imports, entry points) included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from node.value.split(".")


def test_every_public_function_and_class_has_a_caller() -> None:
    modules = sorted((ROOT / "QPerfusion").glob("*.py"))
    used = {word for path in (*MODULES.values(), *modules) for word in _words_in_code(path)}
    defined = {
        node.name
        for path in MODULES.values()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }
    assert defined - used - CALLED_FROM_OUTSIDE == set()


def test_no_file_is_long() -> None:
    assert [name for name, path in MODULES.items() if len(path.read_text().splitlines()) > MOST_LINES] == []


@pytest.mark.parametrize(
    "module", ["QPerfusionLogic", "QPerfusionLogic.workflow.quantification", "QPerfusionLogic.cli.main"]
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"
