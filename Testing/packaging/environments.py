"""Make an environment and run tests in it: the packages that Slicer bundles, or the oldest that pyproject.toml names.

An environment is kept in .venv-NAME and made again when what it holds is to change. `bundled` holds the packages of
Slicer 5.12.3 and nothing else; what the extension installs and what the tests need lie in folders beside, so that the
installation check can leave them out. Torch is in neither.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = Path(__file__).with_name("slicer-5.12.3-constraints.txt")
BUNDLED = ("numpy", "scipy", "SimpleITK", "pydicom", "highdicom", "pyjpegls", "pillow", "requests", "packaging")
APPLICATION = ("slicer-core==5.12.4.0", "vtk==9.6.0")
"""What is the application itself inside Slicer; without their dependencies, which Slicer does not have."""
REQUIREMENTS = ("numba", "llvmlite", "pynrrd", "safetensors")
TOOLS = (
    *("pytest>=8", "pluggy", "iniconfig", "pygments", "hypothesis>=6.100", "sortedcontainers"),
    *("PySide6-Essentials>=6.7", "shiboken6>=6.7", "pylibjpeg-libjpeg>=2.1", "pylibjpeg-openjpeg>=2.1"),
)
TESTS = {
    "bundled": ("Testing/mrml", "Testing/reporting", "Testing/io"),
    "lowest": ("Testing/reporting", "Testing/io/dicom", "Testing/io/files"),
}
"""What is repeated: scene, reporting and loading, which rest on these packages; slow tests run once."""


def python_for(name: str) -> str:
    """Return the interpreter: 3.12, as in Slicer, where there is one; for the oldest packages the one that runs."""
    pyenv = sorted(Path.home().glob(".pyenv/versions/3.12.*/bin/python"))
    found = [shutil.which("python3.12"), *(str(path) for path in pyenv), sys.executable]
    working = (path for path in found if path and _works(path))
    return next(working) if name == "bundled" else sys.executable


def _works(path: str) -> bool:
    """Return whether an interpreter starts; a version manager leaves commands that only explain themselves."""
    return subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0


def lowest_requirements() -> list[str]:
    """Return the dependencies of pyproject.toml at their lower bounds.

    Examples
    --------
    >>> [line for line in lowest_requirements() if line.startswith("pydicom")]
    ['pydicom==3.0.1']
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [re.sub(r">=([0-9.]+).*", r"==\1", line) for line in project["dependencies"]]


def installations(name: str, folder: Path) -> list[list[str]]:
    """Return the arguments of pip, one installation after another."""
    if name == "lowest":
        return [[*lowest_requirements(), *(tool for tool in TOOLS if "ide6" not in tool)]]
    pinned = ["--constraint", str(CONSTRAINTS)]
    beside = ["--no-deps", "--target"]
    return [
        [*pinned, *BUNDLED],
        [*pinned, "--no-deps", *APPLICATION],
        [*pinned, *beside, str(folder / "requirements"), *REQUIREMENTS],
        [*pinned, *beside, str(folder / "tools"), *TOOLS],
    ]


def environment(name: str) -> Path:
    """Return the folder of an environment, made where it is missing or was made from other requirements."""
    folder = ROOT / f".venv-{name}"
    python, steps = python_for(name), installations(name, folder)
    wanted = hashlib.sha256(repr((python, steps, CONSTRAINTS.read_bytes())).encode()).hexdigest()
    marker = folder / "made-from"
    if marker.is_file() and marker.read_text(encoding="utf-8") == wanted:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    for arguments in steps:
        command = [str(interpreter(folder)), "-m", "pip", "install", "--quiet", *arguments]
        subprocess.run([*command, "--disable-pip-version-check"], check=True)
    marker.write_text(wanted, encoding="utf-8")
    return folder


def interpreter(folder: Path) -> Path:
    """Return the Python of an environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run(folder: Path, arguments: list[str], *paths: Path) -> int:
    """Run the Python of an environment with folders to import from; returns its exit code."""
    variables = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths)), "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.run([str(interpreter(folder)), *arguments], cwd=ROOT, env=variables, check=False).returncode


def main() -> int:
    """Make the environment named on the command line and run its tests; returns 1 when some failed."""
    name = sys.argv[1]
    folder = environment(name)
    tests = ["-m", "pytest", "-m", "not slow", *TESTS[name]]
    code = run(folder, tests, ROOT, folder / "requirements", folder / "tools")
    if name == "bundled":
        check = str(Path(__file__).with_name("check_installation.py"))
        code = code or run(folder, [check], folder / "tools")
        code = code or run(folder, [check, "with-requirements"], folder / "requirements", folder / "tools")
    return int(bool(code))


if __name__ == "__main__":
    sys.exit(main())
