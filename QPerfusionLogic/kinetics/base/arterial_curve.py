"""The arterial input as a function of time that can be integrated exactly, and convolved with any residue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.arrays import FloatArray


@dataclass(frozen=True)
class ArterialCurve:
    """An arterial input: zero before its first sample, its last value afterwards, and one of two rules between samples.

    Parameters
    ----------
    time_s : (m,) array
        Increasing sample times.
    gd_mmol_l : (m,) array
        Finite concentrations, of blood or of plasma.
    integration : str
        "linear" joins the samples by straight lines; "right" holds each sample over the interval that it ends.

    Examples
    --------
    >>> ArterialCurve(np.array([0.0, 1.0, 2.0]), np.array([0.0, 2.0, 0.0])).area(np.array([2.0]))
    array([2.])
    """

    time_s: FloatArray
    gd_mmol_l: FloatArray
    integration: str = "linear"

    @cached_property
    def _pieces(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return knots and, at each, the value and slope to its right and the first and second integral up to it."""
        knots, samples = np.asarray(self.time_s, dtype=float), np.asarray(self.gd_mmol_l, dtype=float)
        step = np.diff(knots)
        if self.integration == "right":
            value = np.append(samples[1:], samples[-1])
            slope = np.zeros_like(samples)
        else:
            value = samples
            slope = np.append(np.diff(samples) / step, 0.0)
        first = np.concatenate(([0.0], np.cumsum(value[:-1] * step + slope[:-1] * step**2 / 2)))
        gains = first[:-1] * step + value[:-1] * step**2 / 2 + slope[:-1] * step**3 / 6
        return knots, value, slope, first, np.concatenate(([0.0], np.cumsum(gains)))

    def value(self, time_s: FloatArray) -> FloatArray:
        """Return the input at each time, mmol/L."""
        piece, elapsed = self._locate(time_s)
        _, value, slope, _, _ = self._pieces
        return np.where(elapsed < 0, 0.0, value[piece] + elapsed * slope[piece])

    def area(self, time_s: FloatArray) -> FloatArray:
        """Return the integral of the input up to each time, mmol s/L."""
        piece, elapsed = self._locate(time_s)
        _, value, slope, first, _ = self._pieces
        return np.where(elapsed < 0, 0.0, first[piece] + elapsed * (value[piece] + elapsed * slope[piece] / 2))

    def second_integral(self, time_s: FloatArray) -> FloatArray:
        """Return the integral of `area` up to each time, mmol s^2/L."""
        piece, elapsed = self._locate(time_s)
        _, value, slope, first, second = self._pieces
        ramp = first[piece] + elapsed * (value[piece] / 2 + elapsed * slope[piece] / 6)
        return np.where(elapsed < 0, 0.0, second[piece] + elapsed * ramp)

    def _locate(self, time_s: FloatArray) -> tuple[NDArray[np.intp], FloatArray]:
        knots = self._pieces[0]
        piece = np.clip(np.searchsorted(knots, time_s, side="right") - 1, 0, knots.size - 1)
        return piece, np.asarray(time_s) - knots[piece]


def residue_grid(duration_s: float, finest_s: float = 0.02, points_per_decay: float = 80.0) -> FloatArray:
    """Return times from 0 past `duration_s`, dense where residues bend: `finest_s` first, then a share of the time."""
    turn = finest_s * points_per_decay
    linear = np.arange(0.0, min(turn, duration_s + finest_s), finest_s)
    if duration_s <= turn:
        return np.append(linear, linear[-1] + finest_s)
    steps = int(np.ceil(np.log(duration_s / turn) * points_per_decay)) + 2
    return np.append(linear, turn * np.exp(np.arange(steps) / points_per_decay))


def convolution_operator(arterial: ArterialCurve, time_s: FloatArray, grid_s: FloatArray) -> FloatArray:
    """Return the matrix that turns a residue sampled on a grid into its exact convolution with the arterial input.

    Parameters
    ----------
    time_s : (frames,) array
        Times at which the tissue is read, the delay already subtracted.
    grid_s : (k,) array
        Increasing times from 0; the residue is joined by straight lines between them.

    Returns
    -------
    (frames, k) array
        In seconds times mmol/L.
    """
    lagged = arterial.second_integral(time_s[:, None] - grid_s[None, :])
    per_interval = (lagged[:, :-1] - lagged[:, 1:]) / np.diff(grid_s)
    operator = np.zeros_like(lagged)
    operator[:, :-1] -= per_interval
    operator[:, 1:] += per_interval
    operator[:, 0] += arterial.area(time_s)
    return operator
