"""The polar map as a picture of segment numbers: which AHA segment lies where, and where its number is written."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from QPerfusionLogic.data.aha_model import SEGMENTS, sector
from QPerfusionLogic.data.arrays import FloatArray, LabelArray

SIZE = 320
"""Rows and columns of the picture; the basal ring ends half a pixel inside it."""


def segment_picture(size: int = SIZE) -> LabelArray:
    """Return (size, size) segment numbers, 0 outside the rings and on borders; anterior is at the top, septal left.

    Examples
    --------
    >>> picture = segment_picture(100)
    >>> picture[10, 50].item(), picture[48, 38].item(), picture[0, 0].item()
    (1, 14, 0)
    """
    rows, columns = np.mgrid[:size, :size]
    right, up = columns - (size - 1) / 2, (size - 1) / 2 - rows
    share = np.hypot(right, up) / (size / 2 - 0.5)
    angle = np.degrees(np.arctan2(up, right))
    picture = np.zeros((size, size), dtype=np.uint8)
    for segment in SEGMENTS:
        place = sector(segment)
        around = (angle - place.start_deg) % 360.0 < place.stop_deg - place.start_deg
        picture[around & (share >= place.inner) & (share < place.outer)] = segment
    border = (picture != np.roll(picture, 1, axis=0)) | (picture != np.roll(picture, 1, axis=1))
    return np.where(border, 0, picture).astype(np.uint8)


def polar_picture(values: Mapping[int, float], size: int = SIZE) -> FloatArray:
    """Return (1, size, size) values of the segments 1 to 16, NaN outside and where a segment has no number."""
    look_up = np.full(17, np.nan, dtype=np.float32)
    for segment, value in values.items():
        look_up[segment] = value
    return look_up[segment_picture(size)][None]


def label_places(size: int = SIZE) -> dict[int, tuple[float, float]]:
    """Return (row, column) of the middle of every segment."""
    found = {}
    for segment in SEGMENTS:
        place = sector(segment)
        middle = math.radians((place.start_deg + place.stop_deg) / 2)
        reach = (place.inner + place.outer) / 2 * (size / 2 - 0.5)
        centre = (size - 1) / 2
        found[segment] = (centre - reach * math.sin(middle), centre + reach * math.cos(middle))
    return found
