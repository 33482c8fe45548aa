"""Scenes on disk: one .mrb file that Slicer and slicer-core open."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import slicer

from QPerfusionLogic.errors import InputError, OutputError


def save_scene(scene: Any, path: Path) -> None:
    """Save a scene with all its data as one .mrb file; the file appears only when complete.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent) as folder:
            beside = Path(folder) / path.name
            messages = slicer.vtkMRMLMessageCollection()
            if not scene.WriteToMRB(str(beside), None, messages) or not beside.exists():
                raise OutputError(f"no way to write {path} ({messages.GetAllMessagesAsString().strip()})")
            beside.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror or error})") from error


def load_scene(scene: Any, path: Path) -> None:
    """Add the content of an .mrb file to a scene.

    Raises
    ------
    InputError
        When the file is missing or not a scene.
    """
    if not Path(path).is_file():
        raise InputError(f"no file {path}", expected="a Slicer scene (.mrb)")
    messages = slicer.vtkMRMLMessageCollection()
    if not scene.ReadFromMRB(str(path), False, messages):
        raise InputError(
            f"{path}: not a readable scene ({messages.GetAllMessagesAsString().strip()})",
            expected="a Slicer scene (.mrb)",
        )
