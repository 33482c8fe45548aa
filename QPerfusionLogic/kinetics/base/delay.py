"""What to do with the arterial delay: average over it, share it between curves, or take it as given."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.errors import SettingsError
from QPerfusionLogic.settings.schema import KineticsSettings

STEP_S = 0.25
DEFAULT_RANGE_S = (0.0, 2.5)


def delay_grid(settings: KineticsSettings) -> FloatArray:
    """Return the delays (d,) to look at: one when it is fixed, else even steps over 0 to 2.5 s or `bounds.delay`.

    Raises
    ------
    SettingsError
        When the delay is beyond what a table can hold.
    """
    if not isinstance(settings.delay, str):
        if not -5.0 <= settings.delay <= 30.0:
            raise SettingsError(f"kinetics.delay = {settings.delay:g} s", expected="-5 to 30 s")
        return np.array([float(settings.delay)])
    low, high = settings.bounds.get("delay", DEFAULT_RANGE_S)
    if low < -5.0 or high > 30.0:
        raise SettingsError(f"kinetics.bounds.delay = {low:g}:{high:g} s", expected="inside -5 to 30 s")
    count = max(5, round((high - low) / STEP_S) + 1)
    return np.linspace(low, high, count) if high > low else np.array([low])


def posterior(log_likelihood: FloatArray) -> FloatArray:
    """Return the weight (n, d) of every delay from its log likelihood (n, d), summing to one."""
    relative = np.exp(log_likelihood - np.max(log_likelihood, axis=1, keepdims=True))
    return relative / relative.sum(axis=1, keepdims=True)


def vertex(delays_s: FloatArray, log_likelihood: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return where the parabola through the best delay and its neighbours peaks, and its spread, both (n,), in s.

    The peak lies inside the range looked at. At an end of the range the fall to the next delay may show more; the
    spread is infinite where the likelihood is flat.
    """
    first = np.argmax(log_likelihood, axis=1)
    best = np.clip(first, 1, delays_s.size - 2)
    rows = np.arange(len(log_likelihood))
    left, middle, right = (log_likelihood[rows, best + shift] for shift in (-1, 0, 1))
    bend = left - 2 * middle + right
    offset = np.where(bend < 0, (left - right) / np.where(bend < 0, 2 * bend, 1.0), np.sign(right - left))
    step = delays_s[1] - delays_s[0]
    peak = np.clip(delays_s[best] + np.clip(offset, -1, 1) * step, delays_s[0], delays_s[-1])
    fall = np.maximum(-bend, np.where(first == best, 0.0, 2 * np.abs(log_likelihood[rows, first] - middle)))
    return peak, np.where(fall > 0, step / np.sqrt(np.where(fall > 0, fall, 1.0)), np.inf)
