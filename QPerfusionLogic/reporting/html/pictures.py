"""Pictures of arrays as PNG: maps over anatomy, contours, motion seen as a line over time."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.arrays import BoolArray, FloatArray, LabelArray
from QPerfusionLogic.data.results import StateResult
from QPerfusionLogic.reporting.tables.colour_table import ColourTable

PICTURE_PX = 300
"""Pixels of the longer side of a picture."""
LABEL_COLOURS = {1: (255, 176, 0), 2: (255, 70, 90), 3: (86, 180, 233)}
"""Outline colours: myocardium, LV blood, RV blood."""
AIF_COLOUR = (255, 255, 255)
WALL_COLOUR = (205, 210, 216)
Box = tuple[int, int, int, int]


def crop_box(result: StateResult, margin: float = 0.3) -> Box:
    """Return (first row, first column, last row + 1, last column + 1) of a square around the heart."""
    _, rows, columns = image_shape(result)
    box = (0, 0, rows, columns)
    segmented = result.segmented
    if segmented is None:
        return box
    outline = np.argwhere((segmented.labels == 1).any(axis=0))
    if len(outline):
        box = (*outline.min(axis=0).tolist(), *(outline.max(axis=0) + 1).tolist())
    elif segmented.heart_box[2] > segmented.heart_box[0]:
        box = segmented.heart_box
    side = max(box[2] - box[0], box[3] - box[1]) * (1 + 2 * margin)
    side = int(min(max(side, 16), rows, columns))
    first_row = _inside((box[0] + box[2] - side) // 2, side, rows)
    first_column = _inside((box[1] + box[3] - side) // 2, side, columns)
    return first_row, first_column, first_row + side, first_column + side


def image_shape(result: StateResult) -> tuple[int, int, int]:
    """Return (slices, rows, columns) of the registered or else the acquired series."""
    series = result.registered.series if result.registered is not None else result.acquisition.tissue
    return series.image_shape


def anatomy(result: StateResult) -> FloatArray:
    """Return the (slices, rows, columns) image that shows the heart best: the mean of the frames after the LV peak."""
    signal = (result.registered.series if result.registered is not None else result.acquisition.tissue).signal
    first = result.segmented.peak_frames.get("left_ventricle", 0) if result.segmented is not None else 0
    first = min(max(first, 0), len(signal) - 1)
    return np.nan_to_num(np.asarray(signal[first : first + 12], dtype=float)).mean(axis=0)


def map_picture(
    underlay: FloatArray, values: FloatArray, table: ColourTable, box: Box, wall: BoolArray | None = None
) -> bytes:
    """Return the PNG of one slice: values in the table's colours, opaque, over grey anatomy.

    Parameters
    ----------
    underlay, values : (rows, columns) arrays
        Anatomy, and the map with NaN where nothing is drawn.
    table : ColourTable
        Its colours are kept exactly; pixels are not interpolated.
    box : Box
        The part that is shown.
    wall : (rows, columns) bool array, optional
        The myocardium, outlined thinly so that pixels without a number are seen as such.
    """
    picture = _enlarged_grey(underlay, box)
    if wall is not None:
        picture[_outline(_enlarged(_cropped(wall, box)))] = WALL_COLOUR
    shown = _enlarged(_cropped(values, box))
    drawn = np.isfinite(shown)
    picture[drawn] = table.colours(shown[drawn])
    return png(picture)


def contour_picture(
    underlay: FloatArray, labels: LabelArray, aif_region: BoolArray, points: FloatArray, box: Box
) -> bytes:
    """Return the PNG of one slice with the outlines of myocardium, LV, RV and AIF region and the insertion points."""
    picture = _enlarged_grey(underlay, box)
    shown = _enlarged(_cropped(labels, box))
    for label, colour in LABEL_COLOURS.items():
        picture[_outline(shown == label)] = colour
    picture[_outline(_enlarged(_cropped(aif_region, box)))] = AIF_COLOUR
    factor = _factor(box)
    for row, column in points[np.isfinite(points).all(axis=1)]:
        centre = np.array([(row - box[0] + 0.5) * factor, (column - box[1] + 0.5) * factor])
        _disc(picture, centre, 5.0, (0, 0, 0))
        _disc(picture, centre, 3.6, (120, 255, 120))
    return png(picture)


def line_over_time(signal: FloatArray, row_range: tuple[int, int], column: int) -> NDArray[np.uint8]:
    """Return the grey picture (rows, frames) of one image column over time: steady edges mean motion is out.

    Parameters
    ----------
    signal : (frames, rows, columns) array
        One slice.
    row_range : (first, last + 1)
    column : int
    """
    line = np.nan_to_num(np.asarray(signal[:, row_range[0] : row_range[1], column], dtype=float)).T
    return _grey(line)


def motion_picture(before: NDArray[np.uint8], after: NDArray[np.uint8], kept: BoolArray) -> bytes:
    """Return the PNG of a line over time before (left) and after (right) registration, rejected frames marked on top.

    Parameters
    ----------
    before, after : (rows, frames) uint8 arrays
    kept : (frames,) bool array
    """
    from PIL import Image

    height, width = 180, 300
    halves = []
    for picture in (before, after):
        grown = np.array(Image.fromarray(picture).resize((width, height), Image.Resampling.NEAREST))
        halves.append(np.repeat(grown[..., None], 3, axis=2))
    edges = np.linspace(0, width, len(kept) + 1).round().astype(int)
    for frame in np.flatnonzero(~kept):
        halves[1][:7, edges[frame] : edges[frame + 1]] = (255, 70, 90)
    return png(np.concatenate([halves[0], np.full((height, 8, 3), 255, np.uint8), halves[1]], axis=1))


def png(picture: NDArray[np.uint8]) -> bytes:
    """Return an RGB or grey uint8 array as a PNG file."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(stream, "PNG")
    return stream.getvalue()


def _inside(first: int, side: int, size: int) -> int:
    return int(min(max(first, 0), size - side))


def _cropped(values: NDArray[Any], box: Box) -> NDArray[Any]:
    return values[box[0] : box[2], box[1] : box[3]]


def _factor(box: Box) -> int:
    return max(1, round(PICTURE_PX / max(box[2] - box[0], box[3] - box[1])))


def _enlarged(part: NDArray[Any]) -> NDArray[Any]:
    factor = max(1, round(PICTURE_PX / max(part.shape)))
    return part.repeat(factor, axis=0).repeat(factor, axis=1)


def _enlarged_grey(underlay: FloatArray, box: Box) -> NDArray[np.uint8]:
    from PIL import Image

    part = _grey(_cropped(underlay, box))
    size = (part.shape[1] * _factor(box), part.shape[0] * _factor(box))
    grown = np.array(Image.fromarray(part).resize(size, Image.Resampling.BICUBIC))
    return np.repeat(grown[..., None], 3, axis=2)


def _grey(values: FloatArray) -> NDArray[np.uint8]:
    low, high = np.percentile(values, (1.0, 99.5)) if values.size else (0.0, 1.0)
    if not high > low:
        return np.zeros(values.shape, dtype=np.uint8)
    return (np.clip((values - low) / (high - low), 0.0, 1.0) * 235).astype(np.uint8)


def _outline(mask: BoolArray) -> BoolArray:
    """Return the two-pixel rim just inside a mask."""
    from scipy.ndimage import binary_erosion

    return np.asarray(mask & ~binary_erosion(mask, iterations=2))


def _disc(picture: NDArray[np.uint8], centre: FloatArray, radius: float, colour: tuple[int, int, int]) -> None:
    rows, columns = np.ogrid[: picture.shape[0], : picture.shape[1]]
    picture[(rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2] = colour
