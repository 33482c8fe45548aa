"""How much of k-space a series was measured in, read from the spectrum of its frames or from its pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.series import PerfusionSeries

DROP = 2.0
"""By what factor the power falls at least from the last measured lines to the empty ones."""
SEARCHED = (0.22, 0.75)
"""Shares of lines among which the edge is looked for: the middle of k-space falls off steeply by itself."""
NEIGHBOURHOOD = 0.05
"""Band of lines compared on each side of an edge, as a share of all lines on that side."""
COARSER = 1.5
"""Pixels this many times longer along one direction than along the other: fewer lines were measured than columns."""
DIRECTIONS = {"rows": -2, "columns": -1}
"""Phase-encoding direction -> image axis; "rows": lines are encoded along increasing row."""


@dataclass(frozen=True)
class Acquired:
    """What was measured.

    Parameters
    ----------
    axis : int
        Image axis of the phase encoding, -2 (rows) or -1 (columns).
    fraction : float
        Share of the lines of the full matrix that was measured; 1 when all were.
    padded : bool
        True where the matrix has space for the missing lines already.
    """

    axis: int
    fraction: float
    padded: bool = True

    @property
    def direction(self) -> str:
        """The name of the axis: rows or columns."""
        return "rows" if self.axis == -2 else "columns"


def acquired_lines(series: PerfusionSeries, direction: str = "automatic") -> Acquired:
    """Return what a series shows about the lines it was measured with.

    Parameters
    ----------
    series : PerfusionSeries
    direction : str
        "rows" or "columns" when the phase-encoding direction is known, else "automatic".
    """
    axes = (-2, -1) if direction == "automatic" else (DIRECTIONS[direction],)
    spacing = dict(zip((-2, -1), series.geometry.pixel_spacing_mm, strict=True))
    for axis in axes:
        ratio = spacing[axis] / spacing[-3 - axis]
        if ratio >= COARSER:
            return Acquired(axis, 1.0 / ratio, padded=False)
    edges = {axis: edge_of_spectrum(series.signal, axis) for axis in axes}
    axis = max(edges, key=lambda key: edges[key][1])
    fraction, drop = edges[axis]
    return Acquired(axis, fraction) if drop >= DROP else Acquired(axes[0], 1.0)


def edge_of_spectrum(frames: FloatArray, axis: int) -> tuple[float, float]:
    """Return (share of lines inside the sharpest edge of the spectrum, factor by which the power falls there).

    Parameters
    ----------
    frames : (..., rows, columns) array
    axis : int
        -2 or -1.
    """
    power = line_power(frames, axis)
    size = frames.shape[axis]
    width = max(3, round(NEIGHBOURHOOD * len(power)))
    best = (1.0, 1.0)
    for first in range(round(SEARCHED[0] * len(power)), round(SEARCHED[1] * len(power))):
        inside, outside = power[first - width : first], power[first : first + width]
        drop = float(inside.min() / max(float(outside.max()), 1e-30))
        rest = float(power[first:].max() / max(float(inside.mean()), 1e-30))
        if rest < 1.0 and drop > best[1]:
            best = ((2 * first - 1) / size, drop)
    return best


def line_power(frames: FloatArray, axis: int) -> FloatArray:
    """Return (size // 2 + 1,) mean power of the lines at each distance from the centre of k-space."""
    moved = np.moveaxis(np.nan_to_num(np.asarray(frames, np.float32)), axis, -1)
    spectrum = np.fft.rfft(moved.reshape(-1, moved.shape[-1]), axis=-1)
    return np.asarray((np.abs(spectrum) ** 2).mean(axis=0))
