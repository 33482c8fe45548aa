"""The inner loop of the sliding-fluid solver, compiled."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def _diffuse(plasma, number):
    """Spread the plasma over neighbouring cells (implicit step, closed ends: mass is kept)."""
    cells = plasma.size
    upper = np.empty(cells)
    right = np.empty(cells)
    for i in range(cells):
        sides = (1.0 if i > 0 else 0.0) + (1.0 if i < cells - 1 else 0.0)
        diagonal = 1.0 + number * sides
        lower = -number if i > 0 else 0.0
        pivot = diagonal - (lower * upper[i - 1] if i > 0 else 0.0)
        upper[i] = (-number if i < cells - 1 else 0.0) / pivot
        right[i] = (plasma[i] - (lower * right[i - 1] if i > 0 else 0.0)) / pivot
    plasma[cells - 1] = right[cells - 1]
    for i in range(cells - 2, -1, -1):
        plasma[i] = right[i] - upper[i] * plasma[i + 1]


@numba.njit(cache=True)
def _exchange(state, matrix):
    for i in range(state.shape[1]):
        plasma, interstitium, cell = state[0, i], state[1, i], state[2, i]
        state[0, i] = matrix[0, 0] * plasma + matrix[0, 1] * interstitium + matrix[0, 2] * cell
        state[1, i] = matrix[1, 0] * plasma + matrix[1, 1] * interstitium + matrix[1, 2] * cell
        state[2, i] = matrix[2, 0] * plasma + matrix[2, 1] * interstitium + matrix[2, 2] * cell


@numba.njit(cache=True)
def _integral(time_s, cumulated, curve, at, hint):
    """Return the integral of the piecewise-linear curve (constant after its end) up to `at`, and its interval."""
    while hint < time_s.size - 2 and time_s[hint + 1] <= at:
        hint += 1
    last = time_s[time_s.size - 1]
    span = min(at, last) - time_s[hint]
    slope = (curve[hint + 1] - curve[hint]) / (time_s[hint + 1] - time_s[hint])
    amount = cumulated[hint] + span * (curve[hint] + 0.5 * slope * span)
    return amount + max(at - last, 0.0) * curve[time_s.size - 1], hint


@numba.njit(cache=True)
def slide(time_s, cumulated, curve, half, volumes, diffusion_number, step_s, cells, output):
    """Run one unit and write (content, entered, left) at `time_s`, linear between steps, into `output` (3, times)."""
    state = np.zeros((3, cells))
    now = np.zeros(3)
    before = np.zeros(3)
    amount_before = 0.0
    hint = 0
    written = 0
    step = 0
    while written < time_s.size:
        reached = step * step_s
        while written < time_s.size and time_s[written] <= reached + 1e-12:
            weight = 1.0 if step == 0 else (time_s[written] - (reached - step_s)) / step_s
            for k in range(3):
                output[k, written] = before[k] + weight * (now[k] - before[k])
            written += 1
        if written == time_s.size:
            return
        before[:] = now
        _exchange(state, half)
        if diffusion_number > 0:
            _diffuse(state[0], diffusion_number)
        now[2] += volumes[0] * state[0, cells - 1]
        for i in range(cells - 1, 0, -1):
            state[0, i] = state[0, i - 1]
        amount, hint = _integral(time_s, cumulated, curve, reached + step_s, hint)
        state[0, 0] = (amount - amount_before) / step_s
        now[1] += volumes[0] * state[0, 0]
        amount_before = amount
        _exchange(state, half)
        content = 0.0
        for i in range(cells):
            content += volumes[0] * state[0, i] + volumes[1] * state[1, i] + volumes[2] * state[2, i]
        now[0] = content
        step += 1
