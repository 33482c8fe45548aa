"""Scenes on disk: one .mrb file that Slicer and slicer-core open."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import slicer

from QPerfusionLogic.errors import InputError, OutputError
from QPerfusionLogic.mrml.nodes.study_folders import separate_studies

LEAST_FREE_BYTES = 50_000_000
"""A scene that could not be written with less than this free was stopped by the full disk."""


def save_scene(scene: Any, path: Path) -> None:
    """Save a scene with all its data as one .mrb file; the file appears only when complete.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    path = Path(path).absolute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent) as folder:
            beside = Path(folder) / path.name
            messages = slicer.vtkMRMLMessageCollection()
            with _same_working_folder(), _quiet():
                written = scene.WriteToMRB(str(beside), None, messages) and beside.exists()
            if not written and shutil.disk_usage(path.parent).free < LEAST_FREE_BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if not written:
                raise OutputError(f"no way to write {path} ({messages.GetAllMessagesAsString().strip()})")
            beside.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror or error})") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what VTK logs about a failure off the terminal: it is reported in one line afterwards."""
    from vtkmodules.vtkCommonCore import vtkLogger

    before = vtkLogger.GetCurrentVerbosityCutoff()
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
    try:
        yield
    finally:
        vtkLogger.SetStderrVerbosity(before)


def load_scene(scene: Any, path: Path) -> None:
    """Add the content of an .mrb file to a scene; a study whose name is taken there gets a number.

    Raises
    ------
    InputError
        When the file is missing or not a scene.
    """
    if not Path(path).is_file():
        raise InputError(f"no file {path}", expected="a Slicer scene (.mrb)")
    messages = slicer.vtkMRMLMessageCollection()
    with _same_working_folder(), _quiet():
        read = zipfile.is_zipfile(path) and scene.ReadFromMRB(str(Path(path).absolute()), False, messages)
    if not read:
        said = messages.GetAllMessagesAsString().strip() or "no whole archive"
        raise InputError(f"{path}: not a readable scene ({said})", expected="a Slicer scene (.mrb)")
    separate_studies(scene)


@contextlib.contextmanager
def _same_working_folder() -> Iterator[None]:
    """Come back to the working folder: vtkArchive unpacks in another one and stays there when it fails."""
    try:
        before = str(Path.cwd())
    except OSError:
        before = tempfile.gettempdir()
        os.chdir(before)
    try:
        yield
    finally:
        os.chdir(before)
