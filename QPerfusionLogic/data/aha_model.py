"""The 16 segments of the American Heart Association: names, vessel territories and places on the polar map.

Source: Cerqueira et al., Circulation 2002;105:539-542 (segment 17, the apical cap, has no short-axis slice).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import LabelArray

CENTRE_EDGE, APICAL_EDGE = 0.05, 0.42
"""Radii of the polar map: of the blank centre and of the apical ring."""
_SIX = ("anterior", "anteroseptal", "inferoseptal", "inferior", "inferolateral", "anterolateral")
_FOUR = ("anterior", "septal", "inferior", "lateral")
SEGMENTS = tuple(range(1, 17))
SEGMENT_NAMES = dict(
    zip(
        SEGMENTS,
        [
            *(f"basal {wall}" for wall in _SIX),
            *(f"mid {wall}" for wall in _SIX),
            *(f"apical {wall}" for wall in _FOUR),
        ],
        strict=True,
    )
)
"""Segment number -> name."""
TERRITORIES = {"LAD": (1, 2, 7, 8, 13, 14), "LCX": (5, 6, 11, 12, 16), "RCA": (3, 4, 9, 10, 15)}
"""Coronary artery -> its segments."""
LAYERS = {"all": (1, 2), "endo": (1,), "epi": (2,)}
"""Layer name -> values of `Segmented.layers`."""
TERRITORY_OF = {segment: vessel for vessel, segments in TERRITORIES.items() for segment in segments}
"""Segment number -> coronary artery."""


def level_of(segments: LabelArray) -> str:
    """Return the level (basal, mid, apical) of a slice by the segments (rows, columns) on it; "" without any.

    Examples
    --------
    >>> level_of(np.array([[0, 7], [8, 9]])), level_of(np.zeros((2, 2)))
    ('mid', '')
    """
    present = segments[segments > 0]
    return SEGMENT_NAMES[int(np.median(present))].split(" ")[0] if present.size else ""


@dataclass(frozen=True)
class Sector:
    """Place of a segment on the polar map: ring radii as shares of the whole, angles in degrees.

    Angles run counter-clockwise from the right; the anterior wall is at the top, the septum on the left.
    """

    inner: float
    outer: float
    start_deg: float
    stop_deg: float


def sector(segment: int) -> Sector:
    """Return where a segment lies on the polar map.

    Examples
    --------
    >>> sector(1)
    Sector(inner=0.71, outer=1.0, start_deg=60.0, stop_deg=120.0)
    """
    if segment <= 6:
        return _placed(0.71, 1.0, 60.0, segment - 1)
    if segment <= 12:
        return _placed(APICAL_EDGE, 0.71, 60.0, segment - 7)
    return _placed(CENTRE_EDGE, APICAL_EDGE, 90.0, segment - 13)


def _placed(inner: float, outer: float, width_deg: float, index: int) -> Sector:
    start = 90.0 - width_deg / 2 + index * width_deg
    return Sector(inner, outer, start, start + width_deg)
