"""Training samples of the segmentation network from the digital patients' anatomy, circulation and tissue."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from qperfusion_research.phantom.training_slices import TrainingSample, training_sample
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.segmentation.contours.slice_input import Crop, normalised, phase_images
from QPerfusionLogic.segmentation.first_pass.enhancement import bolus_onset

from .samples import Sample, heat_of

MATRIX, FRAMES = 112, 44
FIRST_SEED = 2_000_000
"""Far from the seeds that the benchmarks draw."""


def digital_sample(seed: int) -> Sample:
    """Return the training sample of a seed, motion taken out but for what a registration leaves.

    Drawn as `random_sample` draws: papillary muscles and trabeculae belong to the LV, the crop is a little off.
    """
    random = np.random.default_rng([seed, 7])
    source = training_sample(FIRST_SEED + seed, MATRIX, FRAMES)
    frames = _held_still(source, random)
    onset = bolus_onset(frames[:, None])
    baseline = frames[: onset + 1].mean(axis=0)
    value = ndimage.gaussian_filter1d(frames - baseline, 0.7, axis=0, mode="nearest")
    right = source.peak_frames["right_ventricle"] + int(random.integers(-1, 2))
    left = source.peak_frames["left_ventricle"] + int(random.integers(-1, 2))
    right = int(np.clip(right, 0, FRAMES - 4))
    images = phase_images(value, baseline, right, int(np.clip(left, right + 2, FRAMES - 1)))

    crop = _crop(source, random)
    pool = crop.take((source.labels == 2).astype(np.float32)) > 0.5
    labels = np.stack([crop.take((source.labels == label).astype(np.float32)) for label in range(4)])
    heat = heat_of(source.insertion_points, source.labels.shape, 4.0 / source.pixel_mm)
    return Sample(normalised(crop.take(images), pool), np.argmax(labels, axis=0).astype(np.uint8), crop.take(heat))


def _held_still(source: TrainingSample, random: np.random.Generator) -> FloatArray:
    """Return the frames with their displacement taken out, up to the jitter of a registration."""
    jitter = random.normal(0.0, random.uniform(0.0, 1.2), source.displacement_mm.shape)
    shift = (source.displacement_mm + jitter) / source.pixel_mm
    moved = [
        ndimage.shift(frame, -step, order=1, mode="nearest", prefilter=False)
        for frame, step in zip(source.signal, shift, strict=True)
    ]
    return np.asarray(moved, dtype=np.float32)


def _crop(source: TrainingSample, random: np.random.Generator) -> Crop:
    left, right = np.argwhere(source.labels == 2), np.argwhere(source.labels == 3)
    middle = left.mean(axis=0) if len(left) else np.argwhere(source.labels == 1).mean(axis=0)
    centre = middle + random.normal(0.0, 4.0, 2) / source.pixel_mm
    towards = right.mean(axis=0) - middle if len(right) else np.array([-1.0, 0.0])
    angle = float(np.arctan2(*towards))
    turn = random.uniform(-np.pi, np.pi) if random.random() < 0.1 else random.normal(0.0, 0.3)
    spacing = source.pixel_mm * random.uniform(0.9, 1.1)
    return Crop((float(centre[0]), float(centre[1])), angle + float(turn), (spacing, spacing))
