"""What is installed with the extension is what is in the checkout."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _script(name):
    specification = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


update_manifest = _script("update_manifest")
LISTS = [(path, name) for path, lists in update_manifest.expected_lists().items() for name in lists]


@pytest.mark.parametrize(("path", "name"), LISTS, ids=[name for _, name in LISTS])
def test_cmake_lists_every_file_on_disk(path, name):
    listed = update_manifest.read_list(path.read_text(), name)
    expected = update_manifest.expected_lists()[path][name]
    missing, extra = sorted(set(expected) - set(listed)), sorted(set(listed) - set(expected))
    assert (missing, extra) == ([], []), "run python Testing/packaging/update_manifest.py"


def test_root_cmake_keeps_the_order_of_an_extension():
    text = (ROOT / "CMakeLists.txt").read_text()
    parts = [
        "cmake_minimum_required",
        "project(QPerfusion)",
        "EXTENSION_HOMEPAGE",
        "EXTENSION_DEPENDS",
        "find_package(Slicer REQUIRED)",
        "add_subdirectory(QPerfusion)",
        "Slicer_EXTENSION_GENERATE_CONFIG",
        "Slicer_EXTENSION_CPACK",
    ]
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)


def test_urls_of_the_extension_point_to_files_of_the_checkout():
    text = (ROOT / "CMakeLists.txt").read_text()
    paths = re.findall(r"SlicerQPerfusion/main/([^\" ]+)", text)
    assert len(paths) == 4
    assert [path for path in paths if not (ROOT / path).is_file()] == []


def test_every_file_names_the_same_repository_and_no_other_file_names_it():
    set_repository = _script("set_repository")
    owner = set_repository.REPOSITORY.removeprefix("https://github.com/")
    tracked = subprocess.run(["git", "grep", "-l", "-F", owner], cwd=ROOT, capture_output=True, text=True, check=False)
    assert set(tracked.stdout.split()) <= set(set_repository.FILES)
    for name in set_repository.FILES:
        text = (ROOT / name).read_text()
        assert owner in text
        moved = set_repository.replaced(text, set_repository.REPOSITORY, "https://github.com/someone/else")
        assert owner not in moved


def test_index_entry_agrees_with_the_module():
    entry = json.loads((ROOT / "Resources" / "ExtensionsIndex" / "QPerfusion.json").read_text())
    assert entry["category"] == "Cardiac"
    assert entry["build_dependencies"] == []
    assert 'parent.categories = ["Cardiac"]' in (ROOT / "QPerfusion" / "QPerfusion.py").read_text()


def test_index_entry_has_the_keys_of_slicers_schema_and_no_other():
    """Schema v1.0.2, which Slicer 5.12.3 ships, allows no further keys."""
    entry = json.loads((ROOT / "Resources" / "ExtensionsIndex" / "QPerfusion.json").read_text())
    assert {"$schema", "category", "scm_url"} <= set(entry)
    optional = {"scm_revision", "scm_type", "build_dependencies", "dicom_support_rule", "build_subdirectory"}
    assert set(entry) <= {"$schema", "category", "scm_url", "enabled", "tier"} | optional
    assert "schema-v1.0.2.json#" in entry["$schema"]


def test_requirements_name_nothing_that_slicer_bundles():
    pinned = (Path(__file__).with_name("slicer-5.12.3-constraints.txt")).read_text().lower()
    lines = (ROOT / "QPerfusion" / "Resources" / "requirements.txt").read_text().splitlines()
    names = [line.partition(">=")[0].lower() for line in lines if not line.startswith("#")]
    assert [name for name in names if f"\n{name}==" in pinned] == []
    assert "safetensors" in names


def test_requirements_have_lower_bounds_only():
    lines = (ROOT / "QPerfusion" / "Resources" / "requirements.txt").read_text().splitlines()
    requirements = [line for line in lines if line and not line.startswith("#")]
    assert requirements
    assert [line for line in requirements if not re.fullmatch(r"[A-Za-z0-9_.-]+>=[0-9.]+", line)] == []


def test_the_checkout_stays_below_100_megabytes():
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    paths = (ROOT / name.decode() for name in names if name)
    assert sum(path.stat().st_size for path in paths if path.is_file()) < 100e6
