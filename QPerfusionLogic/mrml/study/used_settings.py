"""The settings that a study in the scene was computed with."""

from __future__ import annotations

from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.mrml.nodes.marks import read_note
from QPerfusionLogic.settings.schema import Settings

from .filling import SceneStudy


def settings_of(study: SceneStudy) -> Settings | None:
    """Return the settings that a study was computed with, None when it does not show."""
    table = study.node("table:notices")
    kept = read_note(table, "Provenance") if table is not None else None
    try:
        return Settings.from_dictionary(kept["settings"]) if kept else None
    except (KeyError, QPerfusionError):
        return None
