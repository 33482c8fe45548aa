"""Write the lists of files in the CMakeLists of the extension: run it after adding or removing a file of the package.

A file that is missing from a list works from a source checkout and is missing once the extension is installed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def expected_lists() -> dict[Path, dict[str, list[str]]]:
    """Return, per CMakeLists.txt, the lists it should hold: variable -> files relative to its folder."""
    module, package = ROOT / "QPerfusion", ROOT / "QPerfusionLogic"
    resources = (path for path in (module / "Resources").rglob("*") if path.is_file())
    return {
        module / "CMakeLists.txt": {
            "MODULE_PYTHON_SCRIPTS": _relative(module.glob("*.py"), module),
            "MODULE_PYTHON_RESOURCES": _relative(resources, module),
        },
        package / "CMakeLists.txt": {"PACKAGE_PYTHON_SCRIPTS": _relative(package.rglob("*.py"), package)},
    }


def read_list(text: str, name: str) -> list[str]:
    """Return the entries of a `set(name ...)` in a CMakeLists.txt."""
    found = re.search(rf"set\({name}\n(.*?)\n?  \)", text, re.DOTALL)
    if found is None:
        raise ValueError(f"no set({name} ...)")
    return [line.strip() for line in found.group(1).splitlines() if line.strip()]


def with_list(text: str, name: str, entries: list[str]) -> str:
    """Return the text with the entries of one list replaced."""
    lines = "".join(f"  {entry}\n" for entry in entries)
    return re.sub(rf"set\({name}\n.*?  \)", lambda _: f"set({name}\n{lines}  )", text, count=1, flags=re.DOTALL)


def main() -> int:
    """Rewrite all lists; returns 0."""
    for path, lists in expected_lists().items():
        text = path.read_text(encoding="utf-8")
        for name, entries in lists.items():
            text = with_list(text, name, entries)
        path.write_text(text, encoding="utf-8")
    return 0


def _relative(paths: Iterable[Path], folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in paths if "__pycache__" not in path.parts)


if __name__ == "__main__":
    sys.exit(main())
