"""Which axis of a volume counts slices, by the steps along its axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray

SLICE_STEP_RATIO = 1.5
"""Slices are further apart than pixels by this factor at least."""


def slices_last(steps_mm: FloatArray, sizes: Sequence[int]) -> list[int]:
    """Return the three axes of a volume as column, row and slice: slices lie far apart, or there is one.

    Tools that turn a volume to the axes of the body make any axis of a short-axis stack the last one.

    Parameters
    ----------
    steps_mm : (3, 3) array
        One column for each axis: the step from one voxel to the next in mm.
    sizes : sequence of 3 int
        Voxels along each axis.

    Examples
    --------
    >>> slices_last(np.diag([8.0, 1.5, 1.5]), [3, 160, 128])
    [1, 2, 0]
    """
    spacing = np.linalg.norm(steps_mm, axis=0)
    widest = int(np.argmax(spacing))
    single = [axis for axis, size in enumerate(sizes) if size == 1]
    if spacing[widest] >= SLICE_STEP_RATIO * np.delete(spacing, widest).max() and sizes[widest] < max(sizes):
        slice_axis = widest
    else:
        slice_axis = single[0] if len(single) == 1 else 2
    return [*(axis for axis in range(3) if axis != slice_axis), slice_axis]
