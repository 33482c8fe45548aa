"""Image quality of super-resolved frames of digital patients against other ways to fill the missing lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates

from QPerfusionLogic.agreement.image_quality import nrmse, psnr, ssim, to_grey_scale
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.series import State
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.simulation.simulated import StateTruth
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient
from QPerfusionLogic.superresolution.frames.degradation import kept_lines, low_resolution, measured_count, only_lines

from .flow_cases import without_noise

FIELD = 96
"""Rows and columns round the heart inside which images are compared, as in the paper."""
FRAMES = 20
"""Beats of a patient in the table: from baseline to about the peak of the LV."""
Method = Callable[[FloatArray], FloatArray]
"""Full-resolution frames (n, rows, columns) to what a method makes of their central lines."""


@dataclass(frozen=True)
class Frames:
    """Frames of one digital patient at stress, one slice.

    Parameters
    ----------
    full : (n, rows, columns) array
    quiet : (n, rows, columns) array
        The same scan without noise.
    truth : StateTruth
    """

    full: FloatArray
    quiet: FloatArray
    truth: StateTruth


def patient_frames(seed: int, frames: int = FRAMES) -> Frames:
    """Return the first frames of a digital patient at stress, with and without the noise of its scan."""
    patient = sample_patient(seed, slices=1, frames=frames, states=(State.STRESS,), dual_sequence=False)
    noisy, silent = (simulate_patient(one) for one in (patient, without_noise(patient)))
    full, without = (one.study.acquisition(State.STRESS).tissue.signal[:, 0] for one in (noisy, silent))
    return Frames(np.asarray(full, np.float32), np.asarray(without, np.float32), noisy.truth[State.STRESS])


def bicubic(frames: FloatArray, fraction: float) -> FloatArray:
    """Return cubic interpolation, along the rows, of the small matrix that the central lines alone give."""
    rows = frames.shape[-2]
    count = measured_count(rows, fraction)
    spectrum = np.fft.fftshift(np.fft.fft(frames, axis=-2), axes=-2)
    first = rows // 2 - count // 2
    small = np.fft.ifft(np.fft.ifftshift(spectrum[..., first : first + count, :], axes=-2), axis=-2)
    small = np.abs(small) * (count / rows)
    position = np.arange(rows) * count / rows
    columns = np.arange(frames.shape[-1])
    where = np.meshgrid(position, columns, indexing="ij")
    return np.stack([map_coordinates(image, where, order=3, mode="grid-wrap") for image in small])


def noise_floor(frames: Frames, fraction: float) -> FloatArray:
    """Return (n,) nRMSE that is left when all but the noise of the missing lines is known: no method comes below it."""
    missing = ~kept_lines(frames.full.shape[-2], fraction)
    noise = only_lines(frames.full - frames.quiet, missing, -2).real
    box = heart_field(frames.truth, frames.full.shape[-2:])
    return np.array(
        [
            nrmse(full[box], full[box] + rest[box])
            for full, rest in zip(frames.full, noise.astype(np.float32), strict=True)
        ]
    )


def heart_field(truth: StateTruth, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return the square of FIELD pixels round the heart, inside the image."""
    centre = np.argwhere(truth.labels[0] > 0).mean(axis=0)
    first = [
        int(np.clip(round(float(middle)) - FIELD // 2, 0, max(size - FIELD, 0)))
        for middle, size in zip(centre, shape, strict=True)
    ]
    return slice(first[0], first[0] + FIELD), slice(first[1], first[1] + FIELD)


def quality(reference: FloatArray, image: FloatArray) -> tuple[float, float, float]:
    """Return nRMSE, PSNR (dB) and SSIM of a frame in the paper's definitions."""
    one, two = to_grey_scale(reference, image)
    return nrmse(reference, image), psnr(one, two), ssim(one, two)


def zero_filled(frames: FloatArray, fraction: float) -> FloatArray:
    """Return the paper's low-resolution frames."""
    return np.asarray(low_resolution(frames, fraction), np.float32)
