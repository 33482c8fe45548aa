"""How a low-resolution frame comes about: the central phase-encoding lines are measured, the outer ones are zero."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.errors import InputError

ComplexArray = NDArray[np.complexfloating[Any]]


def measured_count(size: int, fraction: float) -> int:
    """Return how many of `size` phase-encoding lines a fraction is.

    Raises
    ------
    InputError
        When fewer than 3 or none of the lines would be left out.

    Examples
    --------
    >>> measured_count(96, 0.4)
    38
    """
    count = round(fraction * size)
    if not 3 <= count < size:
        raise InputError(f"a fraction {fraction:g} of {size} phase-encoding lines", expected="3 lines to all but one")
    return count


def measured_lines(size: int, fraction: float) -> BoolArray:
    """Return (size,) True for the measured lines, in the order of `numpy.fft.fftfreq`.

    Examples
    --------
    >>> measured_lines(8, 0.5).astype(int)
    array([1, 1, 0, 0, 0, 0, 1, 1])
    """
    count = measured_count(size, fraction)
    order = np.arange(size) - size // 2
    inside = (order >= -(count // 2)) & (order < count - count // 2)
    return np.fft.ifftshift(inside)


def kept_lines(size: int, fraction: float) -> BoolArray:
    """Return (size,) True for the lines of a magnitude image that stand for measured ones, both signs of each.

    An even number of lines is measured one further on the negative side; of a real image that last line is only half
    known, so that it is not among them.

    Examples
    --------
    >>> kept_lines(8, 0.5).astype(int)
    array([1, 1, 0, 0, 0, 0, 0, 1])
    """
    lines = measured_lines(size, fraction)
    return np.asarray(lines & lines[(-np.arange(size)) % size])


def only_lines(image: FloatArray | ComplexArray, lines: BoolArray, axis: int) -> ComplexArray:
    """Return the image (complex) with all k-space lines along `axis` but the given ones set to zero."""
    shape = [1] * image.ndim
    shape[axis] = len(lines)
    return np.asarray(np.fft.ifft(np.fft.fft(image, axis=axis) * lines.reshape(shape), axis=axis))


def low_resolution(image: FloatArray, fraction: float = 0.4, axis: int = -2) -> FloatArray:
    """Return the magnitude image of the central lines of a magnitude image, zero-padded to the same matrix.

    Parameters
    ----------
    image : (..., rows, columns) array
        Full-resolution magnitude frames.
    fraction : float
        Share of the phase-encoding lines that is measured, 0.3 to 0.5 in the paper.
    axis : int
        Phase-encoding direction.

    Returns
    -------
    (..., rows, columns) array

    Source
    ------
    Sun et al., Front Cardiovasc Med 2025;12:1499593, figure 1.
    """
    return np.abs(only_lines(image, measured_lines(image.shape[axis], fraction), axis))


def low_resolution_pair(
    image: ComplexArray, noise: float, fraction: float, random: np.random.Generator, axis: int = -2
) -> tuple[FloatArray, FloatArray]:
    """Return (low, full) magnitude frames of a complex object with noise added before the lines are cut.

    The noise of the measured lines is the same in both, as when one scan is reconstructed twice.

    Parameters
    ----------
    image : (..., rows, columns) complex array
        The object without noise, with its phase.
    noise : float
        Standard deviation of the real and imaginary part, in units of the image.
    """
    drawn = random.standard_normal(image.shape) + 1j * random.standard_normal(image.shape)
    noisy = image + noise * drawn
    return np.abs(only_lines(noisy, measured_lines(image.shape[axis], fraction), axis)), np.abs(noisy)
