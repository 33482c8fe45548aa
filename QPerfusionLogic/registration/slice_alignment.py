"""One slice aligned around its heart, with a second look for the heart once the motion is out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.study import FloatArray

from .graph import GraphResult, register_slice
from .heart_centre import find_heart_centre

SAME_PLACE_MM = 15.0
"""Two looks closer than this have found the same heart."""


@dataclass(frozen=True)
class SliceAlignment:
    """Where the heart of one slice was looked for, in working pixels (2,), and what was found there."""

    centre: FloatArray
    graph: GraphResult


def align_slice(
    frames: FloatArray,
    centre: FloatArray,
    spacing_mm: tuple[float, float],
    heart_frame: int = -1,
    fixed: bool = False,
) -> SliceAlignment:
    """Align (frames, rows, columns) working images around `centre`, unless a second look finds the heart elsewhere.

    Motion can pass for a bolus; once it has been taken out at the first place only blood still changes sides. Where
    the second look disagrees, the place is kept whose own bolus is clearer in its own aligned frames. A `fixed` centre
    is not doubted.
    """
    first = SliceAlignment(np.asarray(centre), register_slice(frames, centre, heart_frame))
    if fixed:
        return first
    still = _moved(frames, first.graph)
    again = find_heart_centre(still, spacing_mm)
    apart_mm = np.linalg.norm((again.position - first.centre) * np.asarray(spacing_mm))
    if not again.found or apart_mm <= SAME_PLACE_MM:
        return first
    second = SliceAlignment(again.position, register_slice(frames, again.position, again.left_frame))
    first_swap = find_heart_centre(still, spacing_mm, near=first.centre).swap
    second_swap = find_heart_centre(_moved(frames, second.graph), spacing_mm, near=second.centre).swap
    return second if second_swap > first_swap else first


def _moved(frames: FloatArray, graph: GraphResult) -> FloatArray:
    """Return the frames moved by whole pixels, which is enough to look for a bolus."""
    shifts = -np.rint(graph.position).astype(int)
    return np.stack([np.roll(image, tuple(shift), axis=(0, 1)) for image, shift in zip(frames, shifts, strict=True)])
