"""Slices of image files from base to apex, the order in which DICOM series are stacked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .arrays import FloatArray
from .geometry import Geometry
from .series import PerfusionSeries
from .study import Acquisition, LabelMap

TO_THE_APEX = np.array([1.0, -1.0, -1.0]) / np.sqrt(3.0)
"""Left, front and feet in LPS: where the apex of a heart lies from its base."""
LEAST_COSINE = 0.3


def is_apex_first(geometry: Geometry) -> bool:
    """Return True for a stack whose position shows that it runs from apex to base."""
    if geometry.slices < 2 or not geometry.has_position:
        return False
    step = geometry.index_to_lps[-1, :3, 3] - geometry.index_to_lps[0, :3, 3]
    return float(step @ TO_THE_APEX) < -LEAST_COSINE * float(np.linalg.norm(step))


def base_first(acquisition: Acquisition) -> Acquisition:
    """Return an acquisition whose series and mask run from base to apex, as far as their positions show."""
    flip = is_apex_first(acquisition.tissue.geometry)
    return replace(
        acquisition,
        tissue=_series(acquisition.tissue),
        aif_series=_series(acquisition.aif_series) if acquisition.aif_series else None,
        pre_bolus=_series(acquisition.pre_bolus) if acquisition.pre_bolus else None,
        mask=_mask(acquisition.mask) if flip and acquisition.mask else acquisition.mask,
    )


def _series(series: PerfusionSeries) -> PerfusionSeries:
    if not is_apex_first(series.geometry):
        return series
    return replace(
        series,
        signal=series.signal[:, ::-1],
        time_s=series.time_s[:, ::-1],
        geometry=Geometry(series.geometry.index_to_lps[::-1]),
        proton_density=_flipped(series.proton_density),
        second_echo=_flipped(series.second_echo),
    )


def _flipped(images: FloatArray | None) -> FloatArray | None:
    return None if images is None else images[:, ::-1]


def _mask(mask: LabelMap) -> LabelMap:
    geometry = None if mask.geometry is None else Geometry(mask.geometry.index_to_lps[::-1])
    return replace(mask, labels=mask.labels[::-1], geometry=geometry)
