"""Arterial input convolved with exchange tails on an even grid of times, read at any time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.kinetics.base.arterial_curve import ArterialCurve

from .exchange import exchange_tail

FINE_S = 0.05
LONG_SERIES_S = 120.0


@dataclass(frozen=True)
class TailCurves:
    """Curves (k, m) at times `start_s` + step * 0, 1, 2, ...; zero before."""

    start_s: float
    step_s: float
    values: FloatArray

    def read(self, time_s: FloatArray) -> FloatArray:
        """Return the curves (frames, m) at the given times, on straight lines between grid times."""
        place = (time_s - self.start_s) / self.step_s
        cell = np.clip(np.floor(place).astype(int), 0, len(self.values) - 2)
        share = np.clip(place - cell, 0.0, 1.0)[:, None]
        return (1.0 - share) * self.values[cell] + share * self.values[cell + 1]


def convolve_tails(arterial: ArterialCurve, end_s: float, ps_per_fp: FloatArray, rate: FloatArray) -> TailCurves:
    """Convolve the arterial input with the exchange tail of every PS/Fp (a,) and PS/ve (b,), in 1/s.

    Returns
    -------
    TailCurves
        With a * b curves from the start of the arterial input to `end_s`.
    """
    start_s = float(arterial.time_s[0])
    duration_s = end_s - start_s
    step_s = FINE_S if duration_s <= LONG_SERIES_S else 2 * FINE_S
    steps = int(np.ceil(duration_s / step_s)) + 2
    elapsed = np.arange(steps) * step_s
    tails = exchange_tail(elapsed[:, None, None] * rate, ps_per_fp[:, None]).reshape(steps, -1)
    times = start_s + elapsed
    second = arterial.second_integral(np.append(times, times[-1] + step_s))
    before = np.append(0.0, second[:-2])
    hat = (second[1:] - 2 * second[:-1] + before) / step_s
    first = arterial.area(times) - (second[:-1] - before) / step_s
    length = next_fast_len(2 * steps)
    spectrum = rfft(hat, length)[:, None] * rfft(tails[1:], length, axis=0)
    curves = np.zeros_like(tails)
    curves[1:] = irfft(spectrum, length, axis=0)[: steps - 1]
    return TailCurves(start_s, step_s, curves + first[:, None] * tails[0])
