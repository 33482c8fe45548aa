"""Import and open the extension as it is once installed, in an interpreter with the packages that Slicer bundles.

The tree is written from the lists of the CMakeLists, so that a file missing there is missing here too. Run by
environments.py, once with the bundled packages alone and once with those of requirements.txt.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEARNING, COHORT = {"torch"}, {"dask", "distributed"}
INSTALLED_LATER = {"numba", "llvmlite", "nrrd", "safetensors"}


def install(tree: Path) -> Path:
    """Write what CMake installs into a folder; returns the folder of the module files."""
    from update_manifest import read_list

    place = tree / "lib" / "Slicer-5.12" / "qt-scripted-modules"
    module = (ROOT / "QPerfusion" / "CMakeLists.txt").read_text(encoding="utf-8")
    package = (ROOT / "QPerfusionLogic" / "CMakeLists.txt").read_text(encoding="utf-8")
    for name in ("MODULE_PYTHON_SCRIPTS", "MODULE_PYTHON_RESOURCES"):
        _copy(ROOT / "QPerfusion", read_list(module, name), place)
    _copy(ROOT / "QPerfusionLogic", read_list(package, "PACKAGE_PYTHON_SCRIPTS"), place / "QPerfusionLogic")
    target = place / "QPerfusionLogic" / "Resources"
    shutil.copytree(ROOT / "Resources", target, ignore=shutil.ignore_patterns("Screenshots"))
    return place


def missing_by_module(place: Path) -> dict[str, str]:
    """Return the modules that cannot be imported, with the package that each lacks."""
    missing = {}
    for path in sorted((place / "QPerfusionLogic").rglob("*.py")):
        name = ".".join(path.relative_to(place).with_suffix("").parts).removesuffix(".__init__")
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            missing[name] = str(error.name).split(".")[0]
    return missing


def open_panel(place: Path) -> None:
    """Make the panel of the installed module on the headless host."""
    from host import python_qt, slicer_host

    slicer_host.start()
    slicer_host.new_main_scene()
    panel = slicer_host.open_panel(slicer_host.load_module_file(place / "QPerfusion.py"))
    assert panel.ui.applyButton is not None
    panel.cleanup()
    assert python_qt.failures == [], python_qt.failures


def check_messages() -> None:
    """Without torch the next step is one of Slicer."""
    from QPerfusionLogic.errors import MissingPackageError
    from QPerfusionLogic.networks.packages import require_packages

    os.environ["SLICER_HOME"] = "Slicer"
    text = ""
    try:
        require_packages("aif.mode=neural_network", "aif.mode=signal_inversion")
    except MissingPackageError as error:
        text = str(error)
    absent = [part for part in ("torch", "PyTorch extension", "--find-links FOLDER") if part not in text]
    assert not absent, (absent, text)


def main() -> int:
    """Install into a temporary folder, import every module, open the panel; returns 0."""
    allowed = LEARNING | COHORT | (set() if "with-requirements" in sys.argv[1:] else INSTALLED_LATER)
    with tempfile.TemporaryDirectory() as folder:
        place = install(Path(folder))
        sys.path[:0] = [str(place)]
        sys.path.append(str(ROOT / "Testing"))
        missing = missing_by_module(place)
        wrong = {name: package for name, package in missing.items() if package not in allowed}
        assert not wrong, wrong
        open_panel(place)
        check_messages()
        import QPerfusionLogic

        assert Path(QPerfusionLogic.__file__).is_relative_to(place)
    print(f"installed: panel opened, {len(missing)} modules wait for {', '.join(sorted(set(missing.values())))}")
    return 0


def _copy(source: Path, names: list[str], target: Path) -> None:
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / name, target / name)


if __name__ == "__main__":
    sys.exit(main())
