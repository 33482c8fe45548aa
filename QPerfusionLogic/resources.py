"""Find the files that ship with QPerfusion: models, colours, protocols, terminology."""

from __future__ import annotations

import csv
import functools
from pathlib import Path

from .errors import QPerfusionError


def resource_path(*parts: str) -> Path:
    """Return the path of a shipped file, from a source checkout, an installed wheel or a Slicer extension.

    Raises
    ------
    QPerfusionError
        When the file is in none of these places.

    Examples
    --------
    >>> resource_path("Colors", "MBF.csv").name
    'MBF.csv'
    """
    package = Path(__file__).resolve().parent
    roots = (package.parent / "Resources", package / "Resources", package.parent / "QPerfusionResources")
    for root in roots:
        candidate = root.joinpath(*parts)
        if candidate.exists():
            return candidate
    raise QPerfusionError(
        f"no resource {'/'.join(parts)}",
        expected=f"it in one of {', '.join(root.name for root in roots)}",
        action="reinstall QPerfusion: its Resources folder is incomplete",
    )


@functools.lru_cache(maxsize=16)
def table_rows(folder: str, name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of a shipped table, by column."""
    with resource_path(folder, name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def constant_rows(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of a table of Resources/Constants, by column."""
    return table_rows("Constants", name)
