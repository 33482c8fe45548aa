"""Protocol presets: settings with a title and their source, shipped or saved by the user."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.resources import resource_path
from QPerfusionLogic.settings.schema import Settings


@dataclass(frozen=True)
class Preset:
    """A named choice of settings; what the file leaves out keeps its default."""

    title: str
    path: Path
    source: str = ""

    @property
    def settings(self) -> Settings:
        """The settings of the file; QPerfusionError when it cannot be used."""
        return Settings.from_file(self.path)


def shipped_presets() -> tuple[Preset, ...]:
    """Return the presets that come with QPerfusion, as Resources/Protocols/protocols.csv lists them.

    Examples
    --------
    >>> shipped_presets()[0].title
    'Dual sequence, 1.5 T'
    """
    index = resource_path("Protocols", "protocols.csv")
    with index.open(newline="", encoding="utf-8") as file:
        return tuple(Preset(row["title"], index.parent / row["file"], row["source"]) for row in csv.DictReader(file))


def own_presets(folder: Path) -> tuple[Preset, ...]:
    """Return the presets that the user saved in a folder; files that are no settings are left out."""
    found = []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        preset = Preset(path.stem, path, str(path))
        try:
            _ = preset.settings
        except QPerfusionError:
            continue
        found.append(preset)
    return tuple(found)
