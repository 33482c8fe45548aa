"""Known motion put into real series: what the correction finds more than without it has to be that motion."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from registration_scoring import DrawnSeries
from scipy import ndimage

SEED = 20
LATE = 0.25
"""Share of the series, at its end, in which drift is looked for."""
NEAR = 3
"""Frames on either side of the reference frame that the late ones are compared with."""


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
    method: Callable[[np.ndarray, tuple[float, float]], tuple[np.ndarray, np.ndarray]], series: list[DrawnSeries]
) -> dict[str, float]:
    """Return how far what is found in moved series, less what is found in the same series as acquired, is off.

    `method` returns displacement (frames, 1, 1, 2) in pixels and kept (frames,). Frames that were rejected, of another
    slice or without the heart, enter no curve: errors are given over frames in use, and over all frames. Late drift is
    the disagreement of the last quarter with the drawn reference frame's surroundings, 90th percentile over series;
    series without frames in use there have none.
    """
    generator = np.random.default_rng(SEED)
    used, every, drifts, all_drifts = [], [], [], []
    for each in series:
        motion = respiratory_motion(len(each.frames), generator)
        moved = np.stack(
            [ndimage.shift(f, m, order=3, mode="nearest") for f, m in zip(each.frames, motion, strict=True)]
        )
        (after, kept_after), (before, kept_before) = (method(f, each.spacing_mm) for f in (moved, each.frames))
        difference = (after - before)[:, 0, 0] - motion
        kept = kept_after & kept_before
        beat = np.arange(len(motion))
        late, near = beat >= len(motion) - max(1, round(LATE * len(motion))), abs(beat - each.reference) <= NEAR
        difference -= np.median(difference[kept], axis=0)
        error = np.linalg.norm(difference, axis=1)
        used.append(error[kept])
        every.append(error)
        all_drifts.append(_apart(difference[late], difference[near]))
        if (late & kept).any() and (near & kept).any():
            drifts.append(_apart(difference[late & kept], difference[near & kept]))
    in_use, errors = np.concatenate(used), np.concatenate(every)
    return {
        "median_px": float(np.median(in_use)),
        "p95_px": float(np.percentile(in_use, 95)),
        "p95_all_frames_px": float(np.percentile(errors, 95)),
        "late_drift_p90_px": float(np.percentile(drifts, 90)),
        "late_drift_series": float(len(drifts)),
        "late_drift_p90_all_frames_px": float(np.percentile(all_drifts, 90)),
    }


def _apart(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.linalg.norm(np.median(first, axis=0) - np.median(second, axis=0)))
