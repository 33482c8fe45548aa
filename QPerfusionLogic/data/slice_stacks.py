"""Slices in the order of their series, in whatever order a file or a scene keeps them.

Slicer reverses the slices of a left-handed stack when it reads a volume from a file, in some versions those of a
sequence too. So nothing that is kept for each slice may rest on an index alone: the matrices of the slices are kept
with it, in the order of the series, and a stack is compared with them when it is read.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.errors import InputError

from .arrays import FloatArray
from .geometry import Geometry

INDEX_TO_LPS = "QPerfusion.IndexToLps"
"""Attribute of a node and key in a file: the matrix of every slice, in the order of the series, as JSON."""
SLICE_TIMES = "QPerfusion.TimeS"
"""Attribute of a sequence and key in a file: the times (frames, slices) in s, in the order of the series, as JSON."""
PLACE_TOLERANCE_MM = 1e-3
TIME_TOLERANCE_S = 1e-3


def is_right_handed(stack_to_lps: FloatArray) -> bool:
    """Return whether columns, rows and slices of a stack are a right-handed system, as Slicer wants them.

    Examples
    --------
    >>> is_right_handed(np.eye(4)), is_right_handed(np.diag([1.0, 1.0, -1.0, 1.0]))
    (True, False)
    """
    return float(np.linalg.det(stack_to_lps[:3, :3])) >= 0.0


def reversed_stack(stack_to_lps: FloatArray, slices: int) -> FloatArray:
    """Return the (4, 4) matrix of a stack whose slices are counted from the other end."""
    matrix = np.array(stack_to_lps, dtype=float)
    matrix[:3, 3] += (slices - 1) * matrix[:3, 2]
    matrix[:3, 2] *= -1.0
    return matrix


def in_series_order(stack_to_lps: FloatArray, slices: int, noted: Any) -> tuple[Geometry, bool]:
    """Return the geometry of a stack in the order of its series, and whether the stack is in the opposite order.

    Parameters
    ----------
    stack_to_lps : (4, 4) array
        Of the stack as it is kept.
    noted : list or None
        Matrices of the slices in the order of the series; without them the order that is kept is that of the series.
    """
    matrices = None if noted is None else _numbers(noted)
    if matrices is None or matrices.shape != (slices, 4, 4):
        return _evenly_spaced(stack_to_lps, slices), False
    series = Geometry(matrices)
    opposite = reversed_stack(stack_to_lps, slices)
    for stack, is_reversed in ((stack_to_lps, False), (opposite, True)):
        if _is_same(stack, series.stack_to_lps):
            return series, is_reversed
    # Moved since. A motion keeps the handedness; only a reversal of the slices changes it.
    is_reversed = is_right_handed(series.stack_to_lps) != is_right_handed(stack_to_lps)
    return _evenly_spaced(opposite if is_reversed else stack_to_lps, slices), is_reversed


def _numbers(noted: Any) -> FloatArray:
    """Return nested lists that a file holds as an array.

    Raises
    ------
    InputError
        When they are no finite numbers in lists of equal length.
    """
    try:
        found = np.array(noted, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            "positions or times of slices that are no tables of numbers", action="write or copy the file again"
        ) from error
    if not np.isfinite(found).all():
        raise InputError("positions or times of slices that are not finite", action="write or copy the file again")
    return found


def in_order_of(values: NDArray[Any], own: Geometry, geometry: Geometry, axis: int) -> NDArray[Any]:
    """Return values of the slices along an axis in the order of a series, also where a program has reversed them.

    Parameters
    ----------
    values : array
    own, geometry : Geometry
        Of the values and of the series, slice by slice.
    axis : int
        Along which the slices are counted.
    """
    _, is_reversed = in_series_order(own.stack_to_lps, own.slices, geometry.index_to_lps.tolist())
    return np.flip(values, axis) if is_reversed else values


def times_of_slices(first_s: FloatArray, noted: Any, slices: int) -> FloatArray:
    """Return the times (frames, slices) in s of frames of which the earliest time of each is known.

    Parameters
    ----------
    first_s : (frames,) array
        As they are now: an edited time moves all slices of its frame.
    noted : list or None
        Times (frames, slices) of all frames of the series, of which some may have been removed; None where unknown.
    """
    times = _numbers(noted) if noted is not None else np.empty((0, 0))
    if times.ndim == 2 and times.shape[1] == slices and len(times) > len(first_s) > 0:
        times = _without_removed(times, first_s)
    if times.shape != (len(first_s), slices):
        return np.repeat(first_s[:, None], slices, axis=1)
    return times + (first_s - times.min(axis=1))[:, None]


def _without_removed(times: FloatArray, first_s: FloatArray) -> FloatArray:
    """Return the times of the frames that are still there; all of them when one has another time than before."""
    away = np.abs(times.min(axis=1)[None, :] - first_s[:, None])
    return times[away.argmin(axis=1)] if away.min(axis=1).max() <= TIME_TOLERANCE_S else times


def on_grid(values: NDArray[Any], own: Geometry, geometry: Geometry, image_shape: tuple[int, int, int]) -> NDArray[Any]:
    """Return labels at the pixels of a series, by their place in the patient; 0 where they do not reach.

    Parameters
    ----------
    values : (slices, rows, columns) array
        Labels on a grid of their own, perhaps cropped or with slices in the opposite order.
    own, geometry : Geometry
        Of the labels and of the series.
    image_shape : (slices, rows, columns)
        Of the series.
    """
    stacks = (own.stack_to_lps, reversed_stack(own.stack_to_lps, own.slices))
    if values.shape == image_shape and any(_is_same(stack, geometry.stack_to_lps) for stack in stacks):
        return in_order_of(values, own, geometry, 0)
    nearest = nearest_index(np.linalg.inv(own.stack_to_lps), geometry, image_shape)
    inside = ((nearest >= 0) & (nearest < np.array(values.shape[::-1]))).all(axis=-1)
    found = np.zeros(image_shape, dtype=values.dtype)
    column, row, item = nearest[inside].T
    found[inside] = values[item, row, column]
    return found


def nearest_index(lps_to_index: FloatArray, geometry: Geometry, image_shape: tuple[int, int, int]) -> NDArray[np.int_]:
    """Return the indices (slices, rows, columns, 3) (column, row, slice) of a grid nearest to the pixels of a series.

    A grid laid on the evenly spaced stack, as Slicer shows a series, is looked up there; on any other, every slice is
    looked up where it really lies.
    """
    slices, rows, columns = image_shape
    matrices = geometry.index_to_lps
    if _is_aligned(lps_to_index @ geometry.stack_to_lps):
        matrices = _evenly_spaced(geometry.stack_to_lps, slices).index_to_lps
    pixels = np.ones((rows, columns, 4))
    pixels[..., 1], pixels[..., 0] = np.mgrid[:rows, :columns]
    pixels[..., 2] = 0.0
    found = np.einsum("sij,rcj->srci", lps_to_index @ matrices, pixels)[..., :3]
    return np.rint(found).astype(int)


def _is_same(one: FloatArray, other: FloatArray) -> bool:
    return bool(np.allclose(one, other, atol=PLACE_TOLERANCE_MM))


def _is_aligned(matrix: FloatArray) -> bool:
    """Return whether a (4, 4) matrix from one grid to another takes whole pixels to whole pixels, axis by axis."""
    is_turned_only = np.allclose(np.abs(matrix[:3, :3]), np.eye(3), atol=1e-3)
    return is_turned_only and bool(np.allclose(matrix[:3, 3], np.rint(matrix[:3, 3]), atol=0.05))


def _evenly_spaced(stack_to_lps: FloatArray, slices: int) -> Geometry:
    matrices = np.repeat(np.array(stack_to_lps, dtype=float)[None], slices, axis=0)
    matrices[:, :3, 3] = stack_to_lps[:3, 3] + np.arange(slices)[:, None] * stack_to_lps[:3, 2]
    return Geometry(matrices)
