"""Series that break: where no frame before fits any frame after, the heart is searched for in the whole image."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray

from .correlation import PairShifts
from .template_search import search_template

BROKEN_LINK = 0.25
"""Correlation across a cut below which its two sides do not know each other."""
FOUND_AGAIN = 0.55
"""Correlation in the whole image above which the heart has been found again."""
LINKING_PAIRS = 3
"""Best pairs across a cut whose mean correlation is the strength of the link."""
FARTHEST = 45
"""Greatest shift in working pixels at which the heart is searched for again."""
SMALLEST_PART = 4
"""Frames below which a part is a fragment that cannot stand for the series."""
SAMPLE = 2
"""Frames on either side of a break between which the heart is searched for."""


@dataclass(frozen=True)
class Links:
    """How the parts of a broken series hang together.

    Parameters
    ----------
    part : (frames,) int array
        Number of the part of each frame.
    linked : (frames,) bool array
        False for frames of parts in which the heart was not found.
    first, second, shift : (n,), (n,), (n, 2) arrays
        Measured shifts to the parts that were found again, first < second.
    """

    part: np.ndarray
    linked: BoolArray
    first: np.ndarray
    second: np.ndarray
    shift: FloatArray

    def across(self, first: np.ndarray, second: np.ndarray) -> BoolArray:
        """Return which pairs of frames lie in different parts."""
        return np.asarray(self.part[first] != self.part[second])

    def held(self, position: FloatArray) -> FloatArray:
        """Return positions (frames, 2) where a part that was not found again goes on from its linked neighbour.

        Their median over the linked frames is 0.
        """
        result = position - np.median(position[self.linked], axis=0)
        known = np.flatnonzero(self.linked)
        for part in np.unique(self.part[~self.linked]):
            lost = np.flatnonzero(self.part == part)
            gap = np.abs(lost[:, None] - known[None, :])
            mine, anchor = np.unravel_index(int(np.argmin(gap)), gap.shape)
            result[lost] += result[known[anchor]] - result[lost[mine]]
        return result


def link_parts(
    frames: int, measured: PairShifts, feature: FloatArray, centre: FloatArray, heart_frame: int = -1
) -> Links:
    """Split a series where its links are broken, and search for the heart of the main part in the other ones.

    The main part is the one with `heart_frame`, unless that is a mere fragment, or the longest one.

    Parameters
    ----------
    measured : PairShifts
        Shifts between neighbouring frames.
    feature : (frames, rows, columns) array
        Edge features of the working images.
    centre : (2,) array
        Heart centre in working pixels.
    heart_frame : int
        A frame with the heart at the centre; -1 where none is known.
    """
    part = np.concatenate([[0], np.cumsum(_link_strength(frames, measured) < BROKEN_LINK)]).astype(int)
    sizes = np.bincount(part)
    trusted = heart_frame >= 0 and sizes[part[heart_frame]] >= SMALLEST_PART
    main = int(part[heart_frame]) if trusted else int(np.argmax(sizes))
    members = np.flatnonzero(part == main)
    linked = part == main
    found: list[tuple[int, int, FloatArray]] = []
    for other in np.unique(part[part != main]):
        frames_of = np.flatnonzero(part == other)
        after = frames_of[0] > members[-1]
        near_main = members[-SAMPLE:] if after else members[:SAMPLE]
        near_other = frames_of[:SAMPLE] if after else frames_of[-SAMPLE:]
        for here, there in itertools.product(near_main.tolist(), near_other.tolist()):
            shift, peak = search_template(feature[here], feature[there], centre, FARTHEST)
            if peak >= FOUND_AGAIN:
                linked[frames_of] = True
                found.append((here, there, shift) if after else (there, here, -shift))
    first, second = np.array([link[0] for link in found], int), np.array([link[1] for link in found], int)
    return Links(part, linked, first, second, np.array([link[2] for link in found]).reshape(-1, 2))


def _link_strength(frames: int, measured: PairShifts) -> FloatArray:
    """Return (frames - 1,) how well the best pairs across each cut between two frames correlate."""
    strength = np.zeros(frames - 1)
    peak = np.where(measured.at_edge, 0.0, measured.peak)
    for cut in range(frames - 1):
        bridging = np.sort(peak[(measured.first <= cut) & (measured.second > cut)])
        strength[cut] = bridging[-LINKING_PAIRS:].mean()
    return strength
