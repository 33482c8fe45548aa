"""Known motion put into real series: what the correction finds more than without it has to be that motion."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from registration_scoring import DrawnSeries
from scipy import ndimage

SEED = 20
LATE = 0.25
"""Share of the series, at its end, in which drift is looked for."""


def respiratory_motion(frames: int, generator: np.random.Generator) -> np.ndarray:
    """Return (frames, 2) pixels: a breath-hold that drifts, then breathing, one sudden step, jitter."""
    beat = np.arange(frames)
    depth, period = generator.uniform(1.5, 4.0), generator.uniform(3.5, 6.0)
    start = generator.integers(frames // 4, frames // 2)
    breathing = depth * np.sin(2 * np.pi * (beat - start) / period) * (beat >= start)
    drift = generator.uniform(-3.0, 3.0) * np.minimum(beat, start) / max(start, 1)
    step = generator.uniform(-3.0, 3.0) * (beat >= generator.integers(5, frames - 5))
    along = breathing + drift + step
    direction = generator.normal(size=2)
    direction /= np.linalg.norm(direction)
    return along[:, None] * direction + generator.normal(0.0, 0.3, (frames, 2))


def injected_errors(
    method: Callable[[np.ndarray, tuple[float, float]], np.ndarray], series: list[DrawnSeries]
) -> dict[str, float]:
    """Return median and 95th percentile of the error in pixels, and the 90th percentile of the late frames' drift."""
    generator = np.random.default_rng(SEED)
    errors, drifts = [], []
    for each in series:
        motion = respiratory_motion(len(each.frames), generator)
        moved = np.stack(
            [ndimage.shift(f, m, order=3, mode="nearest") for f, m in zip(each.frames, motion, strict=True)]
        )
        found = method(moved, each.spacing_mm)[:, 0, 0] - method(each.frames, each.spacing_mm)[:, 0, 0]
        difference = found - motion
        difference -= np.median(difference, axis=0)
        errors.append(np.linalg.norm(difference, axis=1))
        late = max(1, round(LATE * len(motion)))
        drifts.append(np.linalg.norm(np.median(difference[-late:], axis=0) - difference[each.reference]))
    every = np.concatenate(errors)
    return {
        "median_px": float(np.median(every)),
        "p95_px": float(np.percentile(every, 95)),
        "late_drift_p90_px": float(np.percentile(drifts, 90)),
    }
