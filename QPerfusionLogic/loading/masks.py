"""Label maps given by the user, brought onto the grid of their series."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.settings import LoadingSettings
from QPerfusionLogic.study import (
    MYOCARDIUM,
    RIGHT_VENTRICLE,
    BoolArray,
    FloatArray,
    Geometry,
    LabelArray,
    LabelMap,
    Notice,
    PerfusionSeries,
)

from .image_files import VolumeFile, is_volume_file, read_volume
from .wording import counted

PLACE_TOLERANCE_PIXELS = 0.5


def load_mask(path: Path, series: PerfusionSeries, settings: LoadingSettings) -> tuple[LabelMap, tuple[Notice, ...]]:
    """Return the label map of a file on the grid of a series.

    Raises
    ------
    InputError
        When the file is no label map, of another size, or without myocardium.
    """
    if not is_volume_file(path):
        raise InputError(
            f"mask {path}", expected="a label map as .nrrd or .nii.gz", action="export the mask as one of these"
        )
    volume = read_volume(path, settings)
    frames, shape = volume.values.shape[0], volume.values.shape[1:]
    if shape != series.image_shape:
        raise InputError(
            f"a mask of {_size(shape)} in {path}",
            expected=f"{_size(series.image_shape)}, the grid of the series",
            action="draw or resample the mask on the series",
        )
    labels = _labels(path, volume.values)
    notices: list[Notice] = []
    if frames > 1:
        labels, drawn = _majority(labels)
        message = f"the mask is drawn on {drawn} frames; a pixel keeps the label it has in most of them"
        notices.append(Notice("mask-per-frame", message, "draw one mask on the registered series for exact edges"))
    else:
        labels = labels[0]
    labels, remark = _on_grid(labels, volume, series.geometry)
    if remark:
        notices.append(Notice("mask-resampled", remark))
    if not (labels == MYOCARDIUM).any():
        raise InputError(
            f"no myocardium (label {MYOCARDIUM}) in {path}", expected="1 myocardium, 2 LV blood, 3 RV blood"
        )
    return LabelMap(labels, series.geometry, source=path.name), tuple(notices)


def _size(shape: tuple[int, ...]) -> str:
    return f"{counted(shape[0], 'slice')} of {shape[1]} x {shape[2]}"


def _labels(path: Path, values: FloatArray) -> LabelArray:
    found = np.unique(values)
    if not np.isin(found, range(RIGHT_VENTRICLE + 1)).all():
        shown = ", ".join(f"{value:g}" for value in found[:6]) + (", ..." if found.size > 6 else "")
        raise InputError(f"values {shown} in the mask {path}", expected="0, 1 myocardium, 2 LV blood, 3 RV blood")
    return values.astype(np.uint8)


def _majority(labels: LabelArray) -> tuple[LabelArray, int]:
    """Return for (frames, slices, rows, columns) the label that a pixel has in most drawn frames of its slice."""
    drawn: BoolArray = np.asarray((labels > 0).any(axis=(2, 3)))
    votes = np.stack([(labels == value).sum(axis=0) for value in range(1, RIGHT_VENTRICLE + 1)])
    winner = votes.argmax(axis=0) + 1
    enough = 2 * votes.max(axis=0) >= np.maximum(drawn.sum(axis=0), 1)[:, None, None]
    return np.where(enough, winner, 0).astype(np.uint8), int(np.count_nonzero(drawn.any(axis=1)))


def _on_grid(labels: LabelArray, volume: VolumeFile, geometry: Geometry) -> tuple[LabelArray, str]:
    """Return labels where the series has its pixels, by the positions of both files where these differ."""
    if not volume.placed or _is_default(volume.geometry) or _is_default(geometry):
        return labels, ""
    slices, rows, columns = labels.shape
    corner = np.stack(np.meshgrid(np.arange(columns), np.arange(rows), indexing="xy"), axis=-1)
    index = np.concatenate([corner, np.zeros_like(corner[..., :1]), np.ones_like(corner[..., :1])], axis=-1)
    position = np.einsum("sij,rcj->srci", geometry.index_to_lps, index)
    own = np.einsum("ij,srcj->srci", np.linalg.inv(volume.geometry.stack_to_lps), position)
    found = np.rint(own[..., :3]).astype(int)
    expected = np.stack(
        np.meshgrid(np.arange(slices), np.arange(rows), np.arange(columns), indexing="ij")[::-1], axis=-1
    )
    if np.abs(own[..., :3] - expected).max() <= PLACE_TOLERANCE_PIXELS:
        return labels, ""
    inside = np.all((found >= 0) & (found < [columns, rows, slices]), axis=-1)
    clipped = np.clip(found, 0, [columns - 1, rows - 1, slices - 1])
    moved = np.where(inside, labels[clipped[..., 2], clipped[..., 1], clipped[..., 0]], 0).astype(np.uint8)
    if np.count_nonzero(moved) < 0.5 * np.count_nonzero(labels):
        return labels, "the mask lies elsewhere in space than the series; it was taken pixel by pixel"
    return moved, "the mask was brought onto the series through the positions in both files"


def _is_default(geometry: Geometry) -> bool:
    """Return True for a geometry that tells no position: axes along the patient's and origin 0."""
    matrix = geometry.stack_to_lps
    return bool(
        np.allclose(matrix[:3, 3], 0) and np.allclose(np.abs(matrix[:3, :3]), np.diag(np.diag(np.abs(matrix[:3, :3]))))
    )
