"""How sharp the images of a series are, read off their noise: noise passes the same band and filter as the object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.arrays import FloatArray

FEWEST_FRAMES = 5
"""Second differences of five frames leave three noise images; each has hundreds of frequencies along an axis."""
LOWEST_LINES, LOWEST_SHARE = 2, 0.2
"""Frequencies below are not looked at: what the heart does between two frames lies there."""
ACROSS = (0.12, 0.45)
"""Share of the highest frequency of one axis over which the other is averaged; below is motion, above no signal."""
EMPTY, EDGE = 0.25, 0.02
"""Outer frequencies with less than a quarter of the inner power are empty; the band ends 2 % above what they hold."""
FILTERS = np.linspace(0.0, 1.0, 41)


@dataclass(frozen=True)
class Band:
    """What one axis of the images passes: frequencies up to `half_width`, under a Hann window of some strength.

    Parameters
    ----------
    half_width : float
        Highest frequency, in periods over the field of view.
    filter_strength : float
        0: all alike; 1: a full Hann window, nothing left at the end of the band.
    """

    half_width: float
    filter_strength: float

    def passed(self, lines: NDArray[Any]) -> FloatArray:
        """Return the share (0 to 1) of each frequency, given in periods over the field of view, that is passed."""
        position = np.minimum(np.abs(lines) / self.half_width, 1.0)
        window = 1.0 - 0.5 * self.filter_strength * (1.0 - np.cos(np.pi * position))
        return np.where(np.abs(lines) <= self.half_width, window, 0.0)


@dataclass(frozen=True)
class PointSpread:
    """The band along the rows' index and along the columns' index of an image."""

    rows: Band
    columns: Band

    def blurred(self, picture: FloatArray, finer: int) -> FloatArray:
        """Return a picture on a grid `finer` (an even number of) times finer as these images show it, on their grid.

        Parameters
        ----------
        picture : (rows * finer, columns * finer) array
            Of the same field of view.
        """
        spectrum = np.fft.fft2(picture)
        for axis, band in ((0, self.rows), (1, self.columns)):
            lines = np.round(np.fft.fftfreq(picture.shape[axis], 1.0 / picture.shape[axis]))
            spectrum *= band.passed(lines).reshape((-1, 1) if axis == 0 else (1, -1))
        smooth = np.fft.ifft2(spectrum).real
        first = finer // 2 - 1
        corners = [smooth[first + i :: finer, first + j :: finer] for i in (0, 1) for j in (0, 1)]
        return np.asarray(sum(corners) / 4.0)

    def pixel_text(self, field_of_view_mm: tuple[float, float]) -> str:
        """Return the acquired pixel size, as "6.0 x 10.7 mm"."""
        sizes = [extent / (2.0 * band.half_width) for extent, band in zip(field_of_view_mm, self.bands, strict=True)]
        return f"{sizes[0]:.1f} x {sizes[1]:.1f} mm"

    @property
    def bands(self) -> tuple[Band, Band]:
        """Rows, columns."""
        return self.rows, self.columns


def measured_point_spread(frames: FloatArray) -> PointSpread | None:
    """Return the point spread of images from what changes between frames that show the same: their noise.

    The power of white noise after the scanner's zero-filling and filter is the square of what they pass. Band and
    filter are those under which that power is most probable (Whittle 1953).

    Parameters
    ----------
    frames : (n, rows, columns) array
        Magnitude images of consecutive heartbeats. Second differences along time cancel what changes smoothly; the
        half of them that changes least is used, which leaves out the first pass of a bolus and deep breaths.

    Returns
    -------
    PointSpread or None
        None where there are too few frames, or no noise.

    Examples
    --------
    >>> noise = np.fft.fft2(np.random.default_rng(0).normal(size=(12, 64, 64)))
    >>> noise[:, 17:48] = 0.0
    >>> spread = measured_point_spread(np.fft.ifft2(noise).real)
    >>> spread.rows.half_width, spread.columns.half_width
    (16.5, 32.0)
    """
    if len(frames) < FEWEST_FRAMES:
        return None
    images = np.asarray(frames, dtype=float)
    noise = images[:-2] - 2.0 * images[1:-1] + images[2:]
    changes = (noise**2).mean(axis=(1, 2))
    power = (np.abs(np.fft.fft2(noise[changes <= np.median(changes)])) ** 2).mean(axis=0)
    if not np.isfinite(power).all() or not power.max() > 0:
        return None
    bands = [_band(_along(power, axis)) for axis in (0, 1)]
    if bands[0] is None or bands[1] is None:
        return None
    return PointSpread(bands[0], bands[1])


def _along(power: FloatArray, axis: int) -> FloatArray:
    """Return the power by frequency (0 to the highest) along an axis, averaged over the middle of the other one."""
    own, other = (
        np.abs(np.round(np.fft.fftfreq(size, 1.0 / size))) for size in (power.shape[axis], power.shape[1 - axis])
    )
    middle = (other > ACROSS[0] * other.max()) & (other < ACROSS[1] * other.max())
    mean = (power[:, middle] if axis == 0 else power[middle].T).mean(axis=1)
    return np.array([mean[own == line].mean() for line in range(int(own.max()) + 1)])


def _band(power: FloatArray) -> Band | None:
    """Return band and filter from the power (lines,) of noise by frequency."""
    inner, outer = float(np.median(power[LOWEST_LINES : len(power) // 4])), float(np.median(power[-3:]))
    if not inner > 0:
        return None
    floor = outer if outer < EMPTY * inner else 0.0
    inside = np.flatnonzero(power > floor + EDGE * (inner - floor))
    last = int(inside[-1])
    half_width = float(last) if last == len(power) - 1 else last + 0.5
    lines = np.arange(max(LOWEST_LINES, int(LOWEST_SHARE * half_width)), last + 1)
    if lines.size < 4:
        return None
    found = np.maximum(power[lines] - floor, 1e-6 * inner)

    def cost(strength: float) -> float:
        shape = Band(half_width, strength).passed(lines) ** 2 + 1e-6
        level = float(np.mean(found / shape))
        return float(np.sum(np.log(level * shape) + found / (level * shape)))

    return Band(half_width, float(min(FILTERS, key=cost)))
