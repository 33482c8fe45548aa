"""Masks drawn on planes in the patient, brought onto the slices of a series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray, LabelArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.errors import InputError

HALF_SLICE = 0.5
SAME_PLACE_MM = 0.1


@dataclass(frozen=True)
class MaskPlane:
    """One tissue on one plane.

    Parameters
    ----------
    label : int
        Our label value.
    mask : (rows, columns) bool array
    index_to_lps : (4, 4) array
        From (column, row, slice, 1) to LPS in mm; the third column is as long as the slice is thick.
    """

    label: int
    mask: BoolArray
    index_to_lps: FloatArray


def labels_of_planes(
    path: Path, planes: Sequence[MaskPlane], geometry: Geometry, shape: tuple[int, int, int]
) -> LabelArray:
    """Return the labels (slices, rows, columns) of planes at the pixels of a series.

    Where one slice was drawn at several times a pixel keeps a label that it has in at least half of the drawings.
    Blood pools win over the myocardium.

    Raises
    ------
    InputError
        When no plane lies on a slice of the series.
    """
    found: dict[tuple[int, int], list[BoolArray]] = defaultdict(list)
    for plane in planes:
        for slice_ in range(shape[0]):
            sampled = _sampled(plane, geometry.index_to_lps[slice_], shape[1:])
            if sampled is not None:
                found[plane.label, slice_].append(sampled)
    if not found:
        raise InputError(
            f"{len(planes)} drawn planes in {path}, none of which lies on a slice of the series",
            expected="a mask that was drawn on this series",
            action="give the mask of this series and state",
        )
    labels = np.zeros(shape, dtype=np.uint8)
    for (label, slice_), masks in sorted(found.items()):
        labels[slice_][2 * np.sum(masks, axis=0) >= len(masks)] = label
    return labels


def _sampled(plane: MaskPlane, series: FloatArray, shape: tuple[int, int]) -> BoolArray | None:
    """Return the mask (rows, columns) at the pixels of one slice, None where the plane does not lie on it."""
    column, row = np.meshgrid(np.arange(shape[1]), np.arange(shape[0]))
    index = np.stack([column, row, np.zeros_like(row), np.ones_like(row)], axis=-1)
    inside = np.einsum("ij,rcj->rci", np.linalg.inv(plane.index_to_lps) @ series, index)
    thickness_mm = float(np.linalg.norm(plane.index_to_lps[:3, 2]))
    if np.abs(inside[..., 2]).mean() > HALF_SLICE + SAME_PLACE_MM / thickness_mm:
        return None
    x, y = (np.rint(inside[..., axis]).astype(int) for axis in (0, 1))
    rows, columns = plane.mask.shape
    valid = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
    return np.asarray(valid & plane.mask[np.clip(y, 0, rows - 1), np.clip(x, 0, columns - 1)])
