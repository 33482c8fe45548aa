"""Maps and masks of a study as NIfTI files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer

from QPerfusionLogic.errors import OutputError
from QPerfusionLogic.mrml.nodes.segmentations import labels_of
from QPerfusionLogic.mrml.nodes.volumes import add_volume, geometry_of_volume

from .filling import SceneStudy


def write_nifti(scene: Any, study: SceneStudy, folder: Path) -> tuple[Path, ...]:
    """Write the maps, AHA segments and labels of a study as folder/STATE/NAME.nii.gz; returns the files.

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    written = []
    for (state, role), node in sorted(study.nodes.items()):
        name = role.removeprefix("map:") if role.startswith("map:") else role
        if role.startswith("map:") or role == "segments":
            written.append(_write(node, folder / state / f"{name}.nii.gz"))
        elif role == "segmentation" and study.node("segments", state) is not None:
            written.append(_write_labels(scene, study, state, folder / state / "labels.nii.gz"))
    return tuple(written)


def _write_labels(scene: Any, study: SceneStudy, state: str, path: Path) -> Path:
    grid = study.node("segments", state)
    columns, rows, slices = grid.GetImageData().GetDimensions()
    geometry = geometry_of_volume(grid)
    labels = labels_of(study.node("segmentation", state), geometry, (slices, rows, columns)).labels
    node = add_volume(scene, "labels", labels, geometry, labels=True)
    try:
        return _write(node, path)
    finally:
        scene.RemoveNode(node)


def _write(node: Any, path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"no way to make {path.parent} ({error.strerror})", action="choose another folder") from error
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(path))
    storage.SetUseCompression(True)
    if not storage.WriteData(node):
        raise OutputError(f"no way to write {path}", action="choose another folder")
    return path
