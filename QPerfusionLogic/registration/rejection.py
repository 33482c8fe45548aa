"""Frames that no shift can mend: found by what they do not share with the frames around them, and named."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.registration.shifts.edge_features import DISC_RADIUS

NEIGHBOURS = 3
"""Frames on either side that a frame is compared with."""
WINDOW = 21
"""Frames over which the usual difference between neighbours is judged."""
ODD = 4.0
"""Deviations from the usual above which an image of a single slice is odd."""
ODD_BEAT = 2.5
"""The same for the mean over three or more slices of one beat."""
CLEARLY_ODD = 6.0
"""Deviations above which a slice is rejected whatever the other slices of its beat say."""
MOST_WEIGHT = 2.9
"""One slice counts for at most this many limits in the mean of its beat, so that it cannot reject the beat alone."""
RIDGE = 1e-3
PICTURE_BLUR_PX = 0.7
"""Standard deviation of the blur of images before their brightness is compared."""
LEAST_SPREAD = 0.05
"""Least deviation, as a share of the usual value, that counts as one."""
BLANK_SHARE = 0.05
"""Share of the usual signal below which a frame is blank."""
DISAGREEMENT_PX = 1.0
"""Median residual of a frame's pairs above which its position is not trusted."""
LONG_BEAT = (0.7, 1.5)
"""Beat length over the median beat outside of which the trigger was wrong."""
BREATH_MM = 10.0
"""Displacement from the neighbouring frames that goes with a breath."""
GHOSTING = 6.0
"""Deviations of the signal in the air above which a frame has ghosts."""
HEART_RADIUS = 20.0
"""Radius in working pixels that holds the left ventricle and its insertions."""


def oddness(aligned: FloatArray, pictures: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return how odd each frame is, (frames,) deviations, and whether the heart is odder than its surroundings.

    A frame is odd when no mixture of the frames around it explains it: neither its edges nor its brightness. A mixture
    follows the bolus, which comes and goes over several beats; it cannot make a heart of another phase, level or shape.
    Edges vanish and come back while blood passes the brightness of myocardium, which no mixture of edges explains, but
    one of images does; the brightness of single frames varies for other reasons, which the edges do not see.

    Parameters
    ----------
    aligned, pictures : (frames, n, n) arrays
        Edge features and images of the aligned frames around the heart.
    """
    axis = np.arange(aligned.shape[-1]) - (aligned.shape[-1] - 1) / 2.0
    radius = np.hypot(axis[:, None], axis[None, :])
    heart, outside = radius <= HEART_RADIUS, (radius > HEART_RADIUS) & (radius <= DISC_RADIUS)
    inner = deviations(_unexplained(aligned[:, heart]))
    smooth = ndimage.gaussian_filter(np.asarray(pictures, dtype=float), (0.0, PICTURE_BLUR_PX, PICTURE_BLUR_PX))
    brightness = deviations(_unexplained(smooth[:, heart]))
    return np.minimum(inner, brightness), inner >= deviations(_unexplained(aligned[:, outside]))


def deviations(values: FloatArray) -> FloatArray:
    """Return by how many robust standard deviations (frames,) values lie above what is usual around them."""
    frames = np.arange(len(values))
    around = [values[max(0, frame - WINDOW // 2) : frame + WINDOW // 2 + 1] for frame in frames]
    excess = values - np.array([np.median(part) for part in around])
    near = np.array([np.median(np.abs(part - np.median(part))) for part in around])
    everywhere = np.median(np.abs(excess))
    spread = 1.4826 * np.sqrt(np.maximum(near, 0.5 * everywhere) * everywhere)
    return np.asarray(excess / np.maximum(spread, LEAST_SPREAD * np.median(np.abs(values)) + 1e-9))


def odd_frames(score: FloatArray) -> BoolArray:
    """Return which images are odd, (frames, slices), from their deviations; slices of one beat are judged together."""
    slices = score.shape[1]
    if slices == 1:
        return score > ODD
    limit = max(ODD_BEAT, ODD / np.sqrt(slices))
    beat = np.minimum(score, MOST_WEIGHT * limit).mean(axis=1) > limit
    return np.asarray(beat[:, None] | (score > CLEARLY_ODD))


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
    level = np.abs(frames[:, air]).mean(axis=1)
    around = [np.max([np.median(part) for part in _sides(level, frame)]) for frame in range(len(level))]
    return deviations(level - np.array(around))


def jumps_mm(position_mm: FloatArray) -> FloatArray:
    """Return (frames,) how far each frame lies from the median of the frames around it."""
    usual = ndimage.median_filter(position_mm, (2 * NEIGHBOURS + 1, 1), mode="nearest")
    return np.asarray(np.linalg.norm(position_mm - usual, axis=1))


def _sides(values: FloatArray, frame: int) -> list[FloatArray]:
    """Return the values of the frames before and of those after one frame."""
    sides = values[max(0, frame - NEIGHBOURS) : frame], values[frame + 1 : frame + 1 + NEIGHBOURS]
    return [side for side in sides if len(side)]


def _unexplained(pixels: FloatArray) -> FloatArray:
    """Return (frames,) the rms of what least squares on the neighbouring frames leaves of (frames, pixels) features."""
    frames = len(pixels)
    rest = np.zeros(frames)
    for frame in range(frames):
        start = min(max(0, frame - NEIGHBOURS), max(0, frames - 2 * NEIGHBOURS - 1))
        near = np.delete(np.arange(start, min(frames, start + 2 * NEIGHBOURS + 1)), frame - start)
        basis = np.vstack([pixels[near], np.ones(pixels.shape[1])])
        gram = basis @ basis.T
        gram[np.diag_indices_from(gram)] += RIDGE * np.trace(gram) / len(gram)
        mixture = np.linalg.solve(gram, basis @ pixels[frame]) @ basis
        rest[frame] = np.sqrt(np.mean((pixels[frame] - mixture) ** 2))
    return rest
