"""Give a series with long pixels the matrix of full resolution: k-space is padded with zeros."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.series import PerfusionSeries


def zero_padded(series: PerfusionSeries, axis: int, size: int) -> PerfusionSeries:
    """Return the series with `size` pixels along an image axis (-2 rows, -1 columns) and its geometry.

    The first pixel keeps its place; values keep their level. Proton-density frames and second echo go along.
    """
    ratio = series.signal.shape[axis] / size
    matrices = series.geometry.index_to_lps.copy()
    matrices[:, :3, 1 if axis == -2 else 0] *= ratio

    def wider(values: FloatArray | None) -> FloatArray | None:
        return None if values is None else _padded(values, axis, size)

    return replace(
        series,
        signal=_padded(series.signal, axis, size),
        geometry=Geometry(matrices),
        proton_density=wider(series.proton_density),
        second_echo=wider(series.second_echo),
    )


def _padded(values: FloatArray, axis: int, size: int) -> FloatArray:
    measured = values.shape[axis]
    spectrum = np.fft.fftshift(np.fft.fft(np.nan_to_num(values), axis=axis), axes=axis)
    before = size // 2 - measured // 2
    widths = [(0, 0)] * values.ndim
    widths[axis] = (before, size - measured - before)
    full = np.fft.ifftshift(np.pad(spectrum, widths), axes=axis)
    return np.abs(np.fft.ifft(full, axis=axis)).astype(np.float32) * np.float32(size / measured)
