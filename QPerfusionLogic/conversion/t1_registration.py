"""Bring a T1 map onto the grid of the series: by its position in the patient, then by a small in-plane translation.

Breath-holds differ between a T1 map and a perfusion series, so after resampling the heart may lie some millimetres off.
Blood and myocardium differ in T1 by half a second: the right place is the one where the labels split T1 best.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM, FloatArray, LabelArray
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import Segmented
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.data.study import T1Map

SEARCH_MM = 10.0
STEP_MM = 1.0
FARTHEST_SLICE_MM = 5.0
"""A slice of the map may lie this far beyond its own thickness from a slice of the series."""
SMALLEST_GAIN = 0.05
"""A translation is used when it raises the explained share of T1 variance by at least so much."""
NOTED_SHIFT_MM = 4.0
LONGEST_PLAUSIBLE_T1_S = 10.0


@dataclass(frozen=True)
class MappedT1:
    """T1 in s on the grid of the series (slices, rows, columns), NaN where the map does not reach, and notices."""

    t1_s: FloatArray
    notices: tuple[Notice, ...] = ()


def t1_on_grid(t1_map: T1Map, series: PerfusionSeries, segmented: Segmented) -> MappedT1:
    """Resample the map to the series and shift each slice to where its labels fit best.

    Parameters
    ----------
    t1_map : T1Map
        Native T1 in seconds; values that can only be milliseconds are taken as such, with a notice.
    series : PerfusionSeries
        Shows the grid.
    segmented : Segmented
        Its blood and myocardium guide the translation.
    """
    notices: list[Notice] = []
    values = np.asarray(t1_map.t1_s, dtype=float)
    positive = values[np.isfinite(values) & (values > 0)]
    if positive.size and np.median(positive) > LONGEST_PLAUSIBLE_T1_S:
        values = values / 1000.0
        notices.append(_milliseconds(float(np.median(positive))))
    source = T1Map(np.where(values > 0, values, np.nan), t1_map.geometry)
    shape = series.image_shape
    result = np.full(shape, np.nan)
    shifts = []
    for index in range(shape[0]):
        points = series.geometry.positions(index, shape[1:])
        sampled = _sampled(source, points)
        shift = _best_shift(sampled, segmented.labels[index], series.geometry.pixel_spacing_mm)
        result[index] = _shifted(sampled, shift / np.array(series.geometry.pixel_spacing_mm))
        shifts.append(float(np.hypot(*shift)))
    if max(shifts) > NOTED_SHIFT_MM:
        notices.append(_moved(max(shifts)))
    return MappedT1(result, tuple(notices))


def _sampled(t1_map: T1Map, points: FloatArray) -> FloatArray:
    """Return T1 at LPS points from the nearest slice of the map; NaN where that is too far away."""
    index, _ = t1_map.geometry.nearest_slice(points)
    thickness_mm = float(np.linalg.norm(t1_map.geometry.index_to_lps[index, :3, 2]))
    return t1_map.geometry.sample(t1_map.t1_s, points, thickness_mm + FARTHEST_SLICE_MM)


def _best_shift(t1_s: FloatArray, labels: LabelArray, spacing_mm: tuple[float, float]) -> FloatArray:
    """Return the translation in mm (row, column) to look up T1 at, zero unless another place is clearly better."""
    heart = (labels == MYOCARDIUM) | (labels == LEFT_VENTRICLE)
    if not (labels == MYOCARDIUM).any() or not (labels == LEFT_VENTRICLE).any():
        return np.zeros(2)
    steps = np.arange(-SEARCH_MM, SEARCH_MM + STEP_MM / 2, STEP_MM)
    here = _explained(t1_s, labels, heart, np.zeros(2))
    trials = [
        (_explained(t1_s, labels, heart, np.array([row, column]) / np.array(spacing_mm)), row, column)
        for row in steps
        for column in steps
    ]
    best, row, column = max(trials)
    return np.array([row, column]) if best > here + SMALLEST_GAIN else np.zeros(2)


def _explained(t1_s: FloatArray, labels: LabelArray, heart: np.ndarray, shift_pixels: FloatArray) -> float:
    """Return the share of the variance of T1 in the heart that blood and myocardium explain; -1 where T1 is missing."""
    rows, columns = np.nonzero(heart)
    values = ndimage.map_coordinates(
        t1_s, [rows + shift_pixels[0], columns + shift_pixels[1]], order=1, cval=np.nan, prefilter=False
    )
    blood = labels[rows, columns] == LEFT_VENTRICLE
    known = np.isfinite(values)
    if known.sum() < 0.9 * known.size or not (blood & known).any() or not (~blood & known).any():
        return -1.0
    inside, outside = values[blood & known], values[~blood & known]
    total = float(np.sum((values[known] - values[known].mean()) ** 2))
    within = float(np.sum((inside - inside.mean()) ** 2) + np.sum((outside - outside.mean()) ** 2))
    return 1.0 - within / total if total > 0 else 0.0


def _shifted(t1_s: FloatArray, shift_pixels: FloatArray) -> FloatArray:
    if not shift_pixels.any():
        return t1_s
    return np.asarray(ndimage.shift(t1_s, -shift_pixels, order=1, cval=np.nan, prefilter=False))


def _milliseconds(median: float) -> Notice:
    return Notice.of(
        code="t1-map-milliseconds",
        message=f"the T1 map has a median of {median:.0f}, so its values were taken as milliseconds",
    )


def _moved(shift_mm: float) -> Notice:
    return Notice.of(
        code="t1-map-moved",
        message=f"the T1 map had to be moved by up to {shift_mm:.0f} mm in plane to fit the heart of the series",
        action="check the T1 map against the segmentation",
    )
