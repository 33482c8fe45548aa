"""Score the segmentation on digital patients with known truth, and count confident rings where there is no heart.

Run: python Testing/benchmarks/segmentation_phantom.py [--mode automatic] [--samples 40] [--negatives 40]

The digital slices (QPerfusionLogic.phantom.training) come from other code than the training slices. They move
with the breath and go through the registration room first. Images are mirrored and turned at random without a geometry
that tells how, so insertion points are scored as an unordered pair.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
from scipy import ndimage
from segmentation_benchmark import box_dice, dice

from QPerfusionLogic.phantom.training import TrainingSample, training_sample
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.registration import RegistrationLogic
from QPerfusionLogic.segmentation import SegmentationLogic, heart_box
from QPerfusionLogic.settings import RegistrationSettings, SegmentationSettings
from QPerfusionLogic.study import Geometry, PerfusionSeries, Registered, Segmented

FIRST_SEED = 5000


def registered_sample(sample: TrainingSample, signal: np.ndarray) -> Registered:
    """Return a sample's images (frames, rows, columns) after motion correction."""
    geometry = Geometry.axis_aligned(1, (sample.pixel_mm, sample.pixel_mm))
    series = PerfusionSeries(signal[:, None].astype(np.float32), sample.time_s[:, None], geometry)
    return RegistrationLogic(RegistrationSettings()).run(series, Progress())


def score(sample: TrainingSample, registered: Registered, found: Segmented) -> dict[str, float]:
    """Return the figures of one sample."""
    moved = registered.displacement_mm.reshape(len(sample.signal), -1, 2).mean(axis=1)
    offset = np.median(sample.displacement_mm - moved, axis=0) / sample.pixel_mm
    truth = {value: ndimage.shift((sample.labels == value).astype(float), offset, order=1) > 0.5 for value in (1, 2, 3)}
    labels = found.labels[0]
    wall, cavity = labels == 1, labels == 2
    real = np.where(truth[1], 1, np.where(truth[2], 2, 0))[None]
    both = dice(wall | cavity, truth[1] | truth[2])
    return {
        "myocardium": dice(wall, truth[1]),
        "LV": dice(cavity, truth[2]),
        "RV": dice(labels == 3, truth[3]) if truth[3].any() else np.nan,
        "box": box_dice(found.heart_box, heart_box(real)) if both > 0.0 else 0.0,
        "located": float(both > 0.3),
        "peak error (frames)": abs(found.peak_frames["left_ventricle"] - sample.peak_frames["left_ventricle"]),
        "insertion error (mm)": _insertion_error(sample, found, offset) if both > 0.3 else np.nan,
        "flagged": float(is_flagged(found)),
    }


def _insertion_error(sample: TrainingSample, found: Segmented, offset: np.ndarray) -> float:
    truth = sample.insertion_points + offset
    pairs = [found.insertion_points[0], found.insertion_points[0][::-1]]
    errors = [np.linalg.norm((pair - truth) * sample.pixel_mm, axis=1).mean() for pair in pairs]
    return float(np.min(errors)) if np.isfinite(errors).all() else float("nan")


def is_flagged(found: Segmented) -> bool:
    """Tell whether the result says that it may be wrong."""
    return any(notice.code in ("segmentation-uncertain", "heart-not-found") for notice in found.notices)


def negative(sample: TrainingSample, kind: int, random: np.random.Generator) -> np.ndarray:
    """Return images (frames, rows, columns) of a sample without a first pass through both ventricles."""
    signal = np.array(sample.signal, dtype=np.float32)
    heart = ndimage.binary_dilation(np.isin(sample.labels, (1, 2)), iterations=6)
    if kind == 0:
        return signal[random.permutation(len(signal))]
    if kind == 1:
        return np.where(heart[None], signal[:1], signal)
    if kind == 2:
        return signal.max() - signal
    if kind == 3:
        return signal[: max(sample.peak_frames["right_ventricle"] - 2, 6)]
    return signal[:1] + random.normal(0.0, 0.05 * float(signal.max()), signal.shape).astype(np.float32)


KINDS = ("frames shuffled", "no LV (heart frozen)", "inverted contrast", "before the bolus", "noise on a still image")


def main(arguments: list[str] | None = None) -> int:
    """Print the summary of digital patients and negatives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mode", default="automatic", choices=("automatic", "classical", "network"))
    parser.add_argument("--samples", type=int, default=40)
    parser.add_argument("--negatives", type=int, default=40)
    options = parser.parse_args(arguments)
    logic = SegmentationLogic(SegmentationSettings(mode=options.mode))
    rows = []
    for index in range(options.samples):
        sample = training_sample(FIRST_SEED + index)
        registered = registered_sample(sample, sample.signal)
        rows.append(score(sample, registered, logic.run(registered)))
    for name in rows[0] if rows else ():
        values = np.array([row[name] for row in rows], dtype=float)
        known = values[np.isfinite(values)]
        print(f"{name}: mean {known.mean():.3f} median {np.median(known):.3f} of {len(known)}")
    lost = [row for row in rows if not row["located"]]
    print(f"not located {len(lost)}, of them flagged {sum(int(row['flagged']) for row in lost)}")
    random = np.random.default_rng(0)
    confident = dict.fromkeys(KINDS, 0)
    for index in range(options.negatives):
        sample, kind = training_sample(FIRST_SEED + 1000 + index), index % len(KINDS)
        signal = negative(sample, kind, random)
        time_s = sample.time_s[: len(signal)]
        cut = TrainingSample(**{**vars(sample), "signal": signal, "time_s": time_s})
        confident[KINDS[kind]] += not is_flagged(logic.run(registered_sample(cut, signal)))
    print(f"negatives: confident rings {sum(confident.values())} of {options.negatives}: {confident}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
