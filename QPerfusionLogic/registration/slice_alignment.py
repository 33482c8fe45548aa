"""One slice aligned around its heart, with a second look for the heart once the motion is out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.registration.shifts.frame_graph import GraphResult, register_slice

from .heart_centre import HeartCentre, find_heart_centre

UNCERTAIN_SWAP = 35.0
"""Clearness of the bolus in the aligned frames below which the place of the heart is uncertain."""
SAME_PLACE_MM = 15.0
"""Two looks closer than this have found the same heart."""


@dataclass(frozen=True)
class SliceAlignment:
    """Where the heart of one slice was looked for, and what was found there.

    Parameters
    ----------
    centre : (2,) array
        In working pixels.
    graph : GraphResult
    swap : float
        How clear the passage of the bolus is there once the motion is out, see `HeartCentre.swap`; NaN for a centre
        given by the user.
    """

    centre: FloatArray
    graph: GraphResult
    swap: float = float("nan")


def align_slice(
    frames: FloatArray,
    centre: FloatArray,
    spacing_mm: tuple[float, float],
    heart_frame: int = -1,
    fixed: bool = False,
) -> SliceAlignment:
    """Align (frames, rows, columns) working images around `centre`, unless a second look finds the heart elsewhere.

    Motion can pass for a bolus; once it has been taken out at the first place only blood still changes sides. Where
    the second look disagrees, the place is kept whose own bolus is clearer in its own aligned frames. Where it sees no
    clear bolus, the heart is looked for without expecting it near the middle. A `fixed` centre is not questioned.
    """
    first = SliceAlignment(np.asarray(centre), register_slice(frames, centre, heart_frame))
    if fixed:
        return first
    still = _moved(frames, first.graph)
    again = find_heart_centre(still, spacing_mm)
    same_place = again.found and _apart_mm(again, first, spacing_mm) <= SAME_PLACE_MM
    if not again.found or (same_place and again.swap < UNCERTAIN_SWAP):
        return _elsewhere(frames, still, replace(first, swap=again.swap), spacing_mm)
    if same_place:
        return replace(first, swap=again.swap)
    second = SliceAlignment(again.position, register_slice(frames, again.position, again.left_frame))
    first_swap = find_heart_centre(still, spacing_mm, near=first.centre).swap
    second_swap = find_heart_centre(_moved(frames, second.graph), spacing_mm, near=second.centre).swap
    return replace(second, swap=second_swap) if second_swap > first_swap else replace(first, swap=first_swap)


def _elsewhere(
    frames: FloatArray, still: FloatArray, first: SliceAlignment, spacing_mm: tuple[float, float]
) -> SliceAlignment:
    """Return the alignment around a clear bolus far from the middle of the image; where there is none, the first."""
    other = find_heart_centre(still, spacing_mm, anywhere=True)
    if not other.found:
        return first
    if _apart_mm(other, first, spacing_mm) <= SAME_PLACE_MM:
        return replace(first, swap=other.swap)
    second = SliceAlignment(other.position, register_slice(frames, other.position, other.left_frame))
    swap = find_heart_centre(_moved(frames, second.graph), spacing_mm, near=second.centre).swap
    return replace(second, swap=swap) if swap >= UNCERTAIN_SWAP else first


def _apart_mm(found: HeartCentre, alignment: SliceAlignment, spacing_mm: tuple[float, float]) -> float:
    return float(np.linalg.norm((found.position - alignment.centre) * np.asarray(spacing_mm)))


def _moved(frames: FloatArray, graph: GraphResult) -> FloatArray:
    """Return the frames moved by whole pixels, which is enough to look for a bolus."""
    shifts = -np.rint(graph.position).astype(int)
    return np.stack([np.roll(image, tuple(shift), axis=(0, 1)) for image, shift in zip(frames, shifts, strict=True)])
