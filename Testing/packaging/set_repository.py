"""Write the address of the public repository wherever the extension names it.

    python Testing/packaging/set_repository.py https://github.com/OWNER/SlicerQPerfusion

No public repository exists yet: REPOSITORY below is a placeholder, and this file is the one place where that is said.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = "https://github.com/qperfusion/SlicerQPerfusion"
"""A placeholder until the project is published."""

FILES = (
    *("CMakeLists.txt", "CITATION.cff", "pyproject.toml", "Research/pyproject.toml"),
    *("Resources/ExtensionsIndex/QPerfusion.json", "Testing/packaging/set_repository.py"),
)
"""Files that name the repository, its icon or its screenshots."""


def replaced(text: str, before: str, after: str) -> str:
    """Return a text with one address for another, also where raw files are linked.

    Examples
    --------
    >>> replaced("https://raw.githubusercontent.com/a/b/main/x.png", "https://github.com/a/b", "https://github.com/c/d")
    'https://raw.githubusercontent.com/c/d/main/x.png'
    """
    raw = "https://raw.githubusercontent.com"
    text = text.replace(before.replace("https://github.com", raw), after.replace("https://github.com", raw))
    return text.replace(before, after)


def main() -> int:
    """Write the address given on the command line; returns 0."""
    for name in FILES:
        path = ROOT / name
        path.write_text(replaced(path.read_text(encoding="utf-8"), REPOSITORY, sys.argv[1]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
