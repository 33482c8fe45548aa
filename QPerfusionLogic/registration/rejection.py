"""Frames that no shift can mend: found by what they do not share with the frames around them, and named."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from QPerfusionLogic.study import BoolArray, FloatArray

from .features import soft_disc

NEIGHBOURS = 3
"""Frames on either side that a frame is compared with."""
WINDOW = 21
"""Frames over which the usual difference between neighbours is judged."""
ODD = 5.0
"""Deviations from the usual difference above which a beat of one slice is odd."""
ODD_BEAT = 3.5
"""The same for the mean over three or more slices of one beat."""
CLEARLY_ODD = 8.0
"""Deviations above which a slice is rejected whatever the other slices of its beat say."""
BLANK_SHARE = 0.05
"""Share of the usual signal below which a frame is blank."""
DISAGREEMENT_PX = 1.0
"""Median residual of a frame's pairs above which its position is not believed."""
LONG_BEAT = (0.7, 1.5)
"""Beat length over the median beat outside of which the trigger was wrong."""
BREATH_MM = 10.0
"""Displacement from the neighbouring frames that goes with a breath."""
GHOSTING = 6.0
"""Deviations of the signal in the air above which a frame has ghosts."""
HEART_RADIUS = 16.0
"""Radius in working pixels that holds the left ventricle."""


def oddness(aligned: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return how odd each frame is, (frames,) deviations, and whether the heart is odder than its surroundings.

    A frame is compared with the median of the frames before it, after it, and around it, whichever it is most like:
    when the bolus arrives a frame is like one side only, a bad frame is like neither.

    Parameters
    ----------
    aligned : (frames, n, n) array
        Edge features of the aligned frames around the heart.
    """
    disc = soft_disc(aligned.shape[-1])
    axis = np.arange(aligned.shape[-1]) - (aligned.shape[-1] - 1) / 2.0
    heart = disc * (np.hypot(axis[:, None], axis[None, :]) <= HEART_RADIUS)
    differences = np.array([_difference(aligned, frame, (disc, heart, disc - heart)) for frame in range(len(aligned))])
    whole, inside, outside = (deviations(column) for column in differences.T)
    return whole, inside >= outside


def deviations(values: FloatArray) -> FloatArray:
    """Return by how many robust standard deviations (frames,) values lie above what is usual around them."""
    frames = np.arange(len(values))
    around = [values[max(0, frame - WINDOW // 2) : frame + WINDOW // 2 + 1] for frame in frames]
    excess = values - np.array([np.median(part) for part in around])
    near = np.array([np.median(np.abs(part - np.median(part))) for part in around])
    everywhere = np.median(np.abs(excess))
    spread = 1.4826 * np.sqrt(np.maximum(near, 0.5 * everywhere) * everywhere)
    return np.asarray(excess / np.maximum(spread, 1e-6 + 0.01 * np.median(np.abs(values))))


def odd_frames(score: FloatArray) -> BoolArray:
    """Return which images are odd, (frames, slices), from their deviations; slices of one beat are judged together."""
    slices = score.shape[1]
    limit = max(ODD_BEAT, ODD / np.sqrt(slices))
    beat = score.mean(axis=1) > limit
    return np.asarray((beat[:, None] & (score > 0.3 * limit)) | (score > (ODD if slices == 1 else CLEARLY_ODD)))


def blank_frames(frames: FloatArray) -> BoolArray:
    """Return which of (frames, rows, columns) images hold no picture."""
    spread = np.nan_to_num(frames, nan=0.0, posinf=0.0, neginf=0.0).std(axis=(1, 2))
    return np.asarray(spread <= BLANK_SHARE * np.median(spread[spread > 0]) if (spread > 0).any() else spread <= 0)


def wrong_beats(time_s: FloatArray) -> BoolArray:
    """Return (frames,) whether the beat before or after a frame had a wrong length."""
    interval = np.diff(time_s)
    usual = np.median(interval) if len(interval) else 0.0
    wrong = np.zeros(len(time_s), dtype=bool)
    if usual > 0.0:
        wrong[1:] = (interval < LONG_BEAT[0] * usual) | (interval > LONG_BEAT[1] * usual)
    return wrong


def ghosts(frames: FloatArray) -> FloatArray:
    """Return by how many deviations the signal in the air of (frames, rows, columns) images is above its usual."""
    mean = frames.mean(axis=0)
    positive = mean > 0
    if positive.mean() < 0.5:
        return np.zeros(len(frames))
    air = positive & (mean <= np.percentile(mean[positive], 15.0))
    return deviations(np.abs(frames[:, air]).mean(axis=1))


def jumps_mm(position_mm: FloatArray) -> FloatArray:
    """Return (frames,) how far each frame lies from the median of the frames around it."""
    usual = ndimage.median_filter(position_mm, (2 * NEIGHBOURS + 1, 1), mode="nearest")
    return np.asarray(np.linalg.norm(position_mm - usual, axis=1))


def _difference(aligned: FloatArray, frame: int, weights: tuple[FloatArray, ...]) -> list[float]:
    """Return the rms difference to the most similar of the three references, for every weighting."""
    before = np.arange(max(0, frame - NEIGHBOURS), frame)
    after = np.arange(frame + 1, min(len(aligned), frame + 1 + NEIGHBOURS))
    sides = [part for part in (before, after) if len(part) > 1]
    references = [np.median(aligned[part], axis=0) for part in (*sides, np.concatenate([before[-2:], after[:2]]))]
    squared = [(aligned[frame] - reference) ** 2 for reference in references]
    closest = min(squared, key=lambda part: float((part * weights[0]).sum()))
    return [float(np.sqrt((closest * weight).sum() / weight.sum())) for weight in weights]
