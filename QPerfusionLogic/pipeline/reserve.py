"""Myocardial perfusion reserve, MPR = stress / rest: its error and its pixel map."""

from __future__ import annotations

import math

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.results import StateResult
from QPerfusionLogic.segmentation.regions.matched_positions import carried_over

from .comparability import compare_states

MINIMUM_REST_MBF = 0.05
"""Rest flow (mL/min/g) below which a ratio says nothing; ten times lower than any living myocardium at rest."""


def reserve(stress_mbf: float, stress_se: float, rest_mbf: float, rest_se: float) -> tuple[float, float]:
    """Return MPR and its standard error by propagation of independent errors; NaN where there is no ratio.

    Examples
    --------
    >>> value, error = reserve(3.0, 0.3, 1.0, 0.1)
    >>> round(value, 3), round(error, 3)
    (3.0, 0.424)
    """
    if not (math.isfinite(stress_mbf) and math.isfinite(rest_mbf)) or rest_mbf < MINIMUM_REST_MBF:
        return math.nan, math.nan
    value = stress_mbf / rest_mbf
    return value, math.hypot(stress_se / rest_mbf, value * rest_se / rest_mbf)


def mpr_map(stress: StateResult, rest: StateResult) -> FloatArray | None:
    """Return the pixel map of the reserve on the stress grid: stress over rest at the same place of the wall.

    Each pixel of the stress wall is divided by what rest shows as far round from the RV and as deep in its wall, so
    that neither motion nor another phase of the heart cycle brings layers together that do not belong together. Edge
    pixels that are trimmed against partial volume are left out.

    Parameters
    ----------
    stress, rest : StateResult
        The two states after the pipeline.

    Returns
    -------
    (slices, rows, columns) array or None
        NaN where either flow is unknown or rest is below `MINIMUM_REST_MBF`; None when the numbers of slices differ,
        the heart was not found in one of them, or the reserve is refused.
    """
    if stress.mapped is None or rest.mapped is None or not compare_states(stress, rest).allowed:
        return None
    here, there = stress.segmented, rest.segmented
    if here is None or there is None or len(here.labels) != len(there.labels):
        return None
    top = np.asarray(stress.mapped.maps["mbf"], dtype=float)
    bottom = np.where(there.segments > 0, np.asarray(rest.mapped.maps["mbf"], dtype=float), np.nan)
    bottom = carried_over(bottom, there, _geometry(rest), here, _geometry(stress))
    usable = np.isfinite(top) & (np.nan_to_num(bottom) >= MINIMUM_REST_MBF) & (here.segments > 0)
    ratio = np.full(top.shape, np.nan, dtype=np.float32)
    ratio[usable] = top[usable] / bottom[usable]
    return ratio


def _geometry(result: StateResult) -> Geometry:
    """Return the grid of the labels: that of the images as they were registered."""
    series = result.acquisition.tissue if result.registered is None else result.registered.series
    return series.geometry
