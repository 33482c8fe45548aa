"""Training samples of the segmentation network: random anatomy and bolus through blur, motion, shading and noise."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.segmentation.contours.slice_input import Crop, normalised, phase_images

from .samples import Sample, heat_of
from .synthetic_anatomy import FIELD, PIXEL_MM, random_anatomy
from .synthetic_bolus import FRAMES, SyntheticBolus, random_bolus


class Stream:
    """An endless row of samples, each drawn when it is first asked for and kept in half precision.

    `digital` is the share of samples from the digital patients; sample k of a seed is always the same.

    Examples
    --------
    >>> Stream(0, digital=0.0)[5].labels.shape
    (64, 64)
    """

    def __init__(self, seed: int, digital: float) -> None:
        self.seed, self.digital = seed, digital
        self._kept: dict[int, Sample] = {}

    def __getitem__(self, index: int) -> Sample:
        if index not in self._kept:
            own = 1 + self.seed * 1_000_000 + index
            sample = self._draw(own, np.random.default_rng([own, 11]).random() < self.digital)
            images, heat = sample.images.astype(np.float16), sample.heat.astype(np.float16)
            self._kept[index] = Sample(images, sample.labels, heat)
        return self._kept[index]

    @staticmethod
    def _draw(seed: int, digital: bool) -> Sample:
        if not digital:
            return random_sample(seed)
        from .digital_data import digital_sample

        return digital_sample(seed)


def random_sample(seed: int) -> Sample:
    """Return the training sample of a seed; the same seed gives the same sample."""
    random = np.random.default_rng(seed)
    anatomy, bolus = random_anatomy(random), random_bolus(random)
    frames = _acquired(random, anatomy.heart, anatomy.body, anatomy.cover, bolus)
    baseline = frames[: bolus.onset].mean(axis=0)
    value = ndimage.gaussian_filter1d(frames - baseline, 0.7, axis=0, mode="nearest")
    right = max(bolus.right_frame + int(random.integers(-1, 2)), 0)
    left = min(max(bolus.left_frame + int(random.integers(-1, 2)), right + 2), FRAMES - 1)
    images = phase_images(value, baseline, right, left)

    crop = _random_crop(random)
    pool = crop.take((anatomy.labels == 2).astype(np.float32)) > 0.5
    labels = np.stack([crop.take((anatomy.labels == value).astype(np.float32)) for value in range(4)])
    return Sample(
        normalised(crop.take(images), pool),
        np.argmax(labels, axis=0).astype(np.uint8),
        crop.take(heat_of(anatomy.insertions)),
    )


def _acquired(
    random: np.random.Generator, heart: FloatArray, body: FloatArray, cover: FloatArray, bolus: SyntheticBolus
) -> FloatArray:
    """Return (FRAMES, FIELD, FIELD) magnitude images; the body moves behind a heart held still but for jitter."""
    shading = _shading(random)
    curves = np.ascontiguousarray(bolus.signal.T)
    front = (curves @ heart.reshape(len(heart), -1)).reshape(FRAMES, FIELD, FIELD) * shading
    back = (curves @ body.reshape(len(body), -1)).reshape(FRAMES, FIELD, FIELD) * shading
    texture = ndimage.gaussian_filter(random.normal(size=cover.shape), random.uniform(0.7, 3.0))
    back = back * (1.0 + random.uniform(0.0, 0.25) * texture / texture.std()).astype(np.float32)
    breath = random.uniform(0.0, 4.0) * np.sin(np.arange(FRAMES) * random.uniform(0.2, 1.5) + random.uniform(0.0, 6.0))
    where = random.uniform(0.0, np.pi)
    jitter = random.normal(0.0, random.uniform(0.0, 0.7), (FRAMES, 2))
    jitter[random.random(FRAMES) < 0.03] *= 5.0
    sigma = random.uniform(0.2, 0.9)
    result = np.empty((FRAMES, FIELD, FIELD), dtype=np.float32)
    for index in range(FRAMES):
        moved = _moved(back[index], breath[index] * np.array([np.sin(where), np.cos(where)]))
        result[index] = _moved(front[index] + (1.0 - cover) * moved, jitter[index])
    result = ndimage.gaussian_filter(result, (0.0, sigma, sigma))
    noise = random.uniform(0.005, 0.06) * float(np.percentile(result.max(axis=0), 99.0))
    return np.asarray(np.abs(result + noise * random.standard_normal(result.shape, dtype=np.float32)))


def _moved(image: FloatArray, shift: FloatArray) -> FloatArray:
    """Return an image shifted by (rows, columns); what nobody would see is left undone."""
    if np.abs(shift).max() < 0.15:
        return image
    return np.asarray(ndimage.shift(image, shift, order=1, mode="nearest", prefilter=False))


def _shading(random: np.random.Generator) -> FloatArray:
    """Return a smooth coil sensitivity that falls off in a random direction, mostly away from the chest."""
    offset = (np.arange(FIELD) - 0.5 * (FIELD - 1)) * PIXEL_MM / 80.0
    where = -0.5 * np.pi + random.normal(0.0, 1.2)
    along = offset[:, None] * np.sin(where) + offset[None, :] * np.cos(where)
    curve = random.normal(0.0, 0.2) * (offset[:, None] ** 2 + offset[None, :] ** 2)
    return np.asarray(np.exp(random.uniform(0.0, 0.9) * along + curve), dtype=np.float32)


def _random_crop(random: np.random.Generator) -> Crop:
    """Return a crop near the truth: off by some millimetres, degrees and scale, at times turned anyhow."""
    centre = 0.5 * (FIELD - 1) + random.normal(0.0, 2.0, 2)
    angle = -0.5 * np.pi + (random.uniform(-np.pi, np.pi) if random.random() < 0.15 else random.normal(0.0, 0.35))
    spacing = PIXEL_MM * random.uniform(0.85, 1.15)
    return Crop((float(centre[0]), float(centre[1])), float(angle), (spacing, spacing))
