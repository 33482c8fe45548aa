"""From an object to an image: k-space line by line, truncated, noisy, back to a magnitude image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import fft, fft2, fftfreq, ifft2, rfft

from QPerfusionLogic.data.arrays import FloatArray


@dataclass(frozen=True)
class Encoding:
    """How k-space is filled. The object lies on a grid `oversampling` times finer than the image.

    Parameters
    ----------
    matrix : int
        Rows and columns of the image.
    phase_resolution : float
        Share of the rows' lines that is acquired (the rest is zero-filled); rows are the phase direction.
    readout_resolution : float
        The same for the columns.
    parallel_factor : int
        Every so many lines are acquired; noise is amplified towards the middle of the picture.
    partial_fourier : float
        Share of the lines kept, from the late end of k-space.
    filter_strength : float
        0: no filter; 1: a full Hann window.
    noise_sd : float
        Standard deviation of each of real and imaginary part in the image where nothing amplifies it.
    """

    matrix: int = 160
    oversampling: int = 2
    phase_resolution: float = 0.75
    readout_resolution: float = 0.8
    parallel_factor: int = 2
    partial_fourier: float = 1.0
    filter_strength: float = 0.3
    noise_sd: float = 0.004

    @property
    def phase_lines(self) -> int:
        """Lines that span the phase direction."""
        return 2 * int(self.matrix * self.phase_resolution / 2)

    @property
    def pulses(self) -> int:
        """Pulses of one readout."""
        return int(np.ceil(self.phase_lines * self.partial_fourier / self.parallel_factor))

    @property
    def pulses_to_centre(self) -> int:
        """Pulses before the line through the centre of k-space (linear order)."""
        kept = round(self.phase_lines * self.partial_fourier)
        return (kept - self.phase_lines // 2) // self.parallel_factor


def line_pulses(encoding: Encoding) -> tuple[np.ndarray, np.ndarray]:
    """Return, for every row of k-space (FFT order), the pulse that reads it and its weight (0: not acquired)."""
    rows = np.round(fftfreq(encoding.matrix, 1.0 / encoding.matrix)).astype(int)
    half = encoding.phase_lines // 2
    kept = round(encoding.phase_lines * encoding.partial_fourier)
    position = rows - (half - kept)
    acquired = (position >= 0) & (rows < half)
    window = 0.5 * (1.0 + np.cos(np.pi * rows / max(half, 1)))
    weight = np.where(acquired, 1.0 - encoding.filter_strength + encoding.filter_strength * window, 0.0)
    pulses = np.clip(position // encoding.parallel_factor, 0, encoding.pulses - 1)
    return pulses, weight


def encode(objects: FloatArray, profiles: FloatArray, encoding: Encoding) -> FloatArray:
    """Return the noise-free complex image of an object whose signal changes along the readout.

    Parameters
    ----------
    objects : (profiles, fine rows, fine columns) array
        Weight of every line profile in every pixel of the fine grid.
    profiles : (profiles, lines) array
        Signal of the line read by each pulse.
    encoding : Encoding
        How k-space is filled.

    Returns
    -------
    (matrix, matrix) complex array
        Pixel (i, j) lies on fine pixel (i, j) times the oversampling.
    """
    matrix = encoding.matrix
    lines = np.round(fftfreq(matrix, 1.0 / matrix)).astype(int)
    pulses, row_weight = line_pulses(encoding)
    modulation = (profiles[:, pulses] * row_weight).astype(np.float32)
    half = fft(rfft(objects, axis=2)[:, :, : matrix // 2 + 1], axis=1)
    # Objects are real: the spectrum at the negative columns is that of the opposite rows and columns, conjugated.
    mirrored = np.conj(half[:, -lines][:, :, -lines[matrix // 2 :]])
    full = np.concatenate([half[:, lines, : matrix // 2], mirrored], axis=2)
    combined = np.einsum("krc,kr->rc", full, modulation) * _column_weight(encoding)
    return np.asarray(ifft2(combined) / encoding.oversampling**2)


def noise_image(encoding: Encoding, random: np.random.Generator) -> FloatArray:
    """Return complex noise (matrix, matrix) as k-space gives it: white where lines were acquired, none elsewhere."""
    _, row_weight = line_pulses(encoding)
    matrix = encoding.matrix
    shape = (2, matrix, matrix)
    white = random.standard_normal(shape, dtype=np.float32)
    kspace = (white[0] + 1j * white[1]) * (row_weight[:, None] * _column_weight(encoding)).astype(np.float32)
    return np.asarray(fft2(kspace) * (encoding.noise_sd / matrix))


def geometry_factor(encoding: Encoding) -> FloatArray:
    """Return how parallel imaging amplifies noise, (matrix, matrix): most where the folded copies overlap."""
    across = np.linspace(-1.0, 1.0, encoding.matrix)
    excess = 0.35 * (encoding.parallel_factor - 1)
    profile = np.exp(-((across / 0.45) ** 2))
    return np.asarray(1.0 + excess * np.outer(profile, np.exp(-((across / 0.7) ** 2))), np.float32)


def _column_weight(encoding: Encoding) -> FloatArray:
    """Return the window of the readout direction over the columns of k-space (FFT order)."""
    columns = np.abs(np.round(fftfreq(encoding.matrix, 1.0 / encoding.matrix)))
    half = encoding.matrix * encoding.readout_resolution / 2.0
    window = 1.0 - encoding.filter_strength * 0.5 * (1.0 - np.cos(np.pi * np.minimum(columns / half, 1.0)))
    return np.asarray(np.where(columns <= half, window, 0.0))
