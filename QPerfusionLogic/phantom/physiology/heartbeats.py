"""When each image is taken and where the heart then is: heart beats, breathing, and what goes wrong with both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray


@dataclass(frozen=True)
class Motion:
    """Heart rate and breathing of one acquisition; lengths in mm along (row, column).

    `breathing_mm` is the amplitude along `direction_rad` (0 moves along increasing rows), `breath_depth_variation`
    its scatter from breath to breath; `hold_until_s` keeps the breath until then. `drift_mm` is reached at the end,
    `sudden_mm` jumps at `sudden_at_s`.
    """

    heart_rate_bpm: float = 70.0
    rr_jitter: float = 0.04
    breathing_mm: float = 5.0
    breathing_period_s: float = 4.5
    breath_depth_variation: float = 0.25
    direction_rad: float = 0.2
    hold_until_s: float = 0.0
    drift_mm: tuple[float, float] = (0.0, 0.0)
    sudden_mm: tuple[float, float] = (0.0, 0.0)
    sudden_at_s: float = 1e9
    jitter_mm: float = 0.3
    mistrigger_share: float = 0.0
    missed_share: float = 0.0


@dataclass(frozen=True)
class Beats:
    """What was imaged when.

    Parameters
    ----------
    time_s : (frames, slices) array
        Time of each image, 0 at the first of the series.
    displacement_mm : (frames, slices, 2) array
        Where the heart lies relative to its reference, along (row, column).
    contraction_change, level_change : (frames, slices) arrays
        Wrong cardiac phase (factor - 1) and through-plane shift (in levels) of mistriggered images, else 0.
    bad : (frames, slices) bool array
        Images that no in-plane shift can mend.
    """

    time_s: FloatArray
    displacement_mm: FloatArray
    contraction_change: FloatArray
    level_change: FloatArray
    bad: BoolArray


def sample_beats(
    motion: Motion,
    frames: int,
    slice_delays_s: FloatArray,
    leading: int,
    random: np.random.Generator,
    beats_per_frame: int = 1,
) -> Beats:
    """Let a heart beat and its owner process_events for `frames` images of every slice.

    Parameters
    ----------
    motion : Motion
        Rates, amplitudes and mishaps.
    frames : int
        Heart beats that are imaged.
    slice_delays_s : (slices,) array
        Time of each slice after the R wave.
    leading : int
        First frames that nothing happens to (baseline).
    random : Generator
        Source of chance.
    beats_per_frame : int
        2 where all slices do not fit into one beat.
    """
    slices = slice_delays_s.size
    interval = 60.0 / motion.heart_rate_bpm * (1.0 + motion.rr_jitter * random.standard_normal(frames).clip(-2.5, 2.5))
    missed = random.random(frames) < motion.missed_share
    missed[: leading + 1] = False
    interval = interval * np.where(missed, 2.0, 1.0) * beats_per_frame
    start = np.concatenate(([0.0], np.cumsum(interval[1:])))
    time_s = start[:, None] + slice_delays_s[None, :]
    displacement = _breathing(motion, time_s, random) + motion.jitter_mm * random.standard_normal((frames, slices, 2))
    mistriggered = (random.random(frames) < motion.mistrigger_share) & (np.arange(frames) > leading)
    off = (mistriggered | missed)[:, None] & np.ones((1, slices), bool)
    contraction = np.where(off, random.uniform(0.15, 0.35, (frames, 1)) * random.choice([-1.0, 1.0], (frames, 1)), 0.0)
    level = np.where(off, random.uniform(0.08, 0.2, (frames, 1)) * random.choice([-1.0, 1.0], (frames, 1)), 0.0)
    return Beats(time_s, displacement, contraction, level, off)


def _breathing(motion: Motion, time_s: FloatArray, random: np.random.Generator) -> FloatArray:
    """Return displacement (frames, slices, 2): breaths of varying depth, drift and a jump."""
    end_s = float(time_s.max()) + 1.0
    count = int(end_s / motion.breathing_period_s) + 4
    depth = 1.0 + motion.breath_depth_variation * random.standard_normal(count)
    phase = time_s / motion.breathing_period_s + random.random()
    breath = np.clip(depth[phase.astype(int)], 0.2, 2.0) * np.sin(np.pi * (phase % 1.0)) ** 3
    free = np.clip((time_s - motion.hold_until_s) / 2.0, 0.0, 1.0) if motion.hold_until_s > 0 else np.ones_like(time_s)
    along = motion.breathing_mm * breath * free
    direction = np.array([np.cos(motion.direction_rad), np.sin(motion.direction_rad)])
    drift = (time_s / end_s)[..., None] * np.asarray(motion.drift_mm)
    jump = (time_s >= motion.sudden_at_s)[..., None] * np.asarray(motion.sudden_mm)
    return np.asarray(along[..., None] * direction + drift + jump)
