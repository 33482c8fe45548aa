"""MRML in and out: puts a study and its results into a Slicer scene and reads studies back; nothing is computed here.

The files of this room import slicer when they are loaded, so the door opens them only when one of its names is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .availability import can_make_scenes
    from .files import load_scene, save_scene
    from .filling import SceneStudy, fill_scene
    from .headless import new_scene
    from .reading import StateNodes, study_from_scene

_PLACES = {
    "can_make_scenes": "availability",
    "SceneStudy": "filling",
    "StateNodes": "reading",
    "fill_scene": "filling",
    "load_scene": "files",
    "new_scene": "headless",
    "save_scene": "files",
    "study_from_scene": "reading",
}

__all__ = [
    "SceneStudy",
    "StateNodes",
    "can_make_scenes",
    "fill_scene",
    "load_scene",
    "new_scene",
    "save_scene",
    "study_from_scene",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
