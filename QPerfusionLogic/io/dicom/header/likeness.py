"""Likeness of images by grid, orientation, kind and preparation, each within the tolerance of rounded headers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .image_record import ImageRecord

SPACING_TOLERANCE = 0.01
"""Share by which the pixel spacing of images of one stack may differ."""
LARGEST_TILT_DEGREES = 25.0
"""Slices of one short-axis stack that were planned one by one differ by less, long axes from them by much more."""
SATURATION_TOLERANCE_MS = 1.0
FLIP_TOLERANCE_DEGREES = 0.5
ECHO_TOLERANCE_MS = 0.1


def same_grid(one: ImageRecord, other: ImageRecord) -> bool:
    """Return True for images of one stack: same matrix, spacing and kind of image, and nearly one orientation."""
    return (
        (one.rows, one.columns, kind_of_image(one)) == (other.rows, other.columns, kind_of_image(other))
        and _same_spacing(one.spacing_mm, other.spacing_mm)
        and tilt_degrees(one.orientation, other.orientation) <= LARGEST_TILT_DEGREES
    )


def same_preparation(one: ImageRecord, other: ImageRecord) -> bool:
    """Return True for images of one saturation time and flip angle; AIF and proton-density images differ in these."""
    return _close(one.inversion_time_ms, other.inversion_time_ms, SATURATION_TOLERANCE_MS) and _close(
        one.flip_angle_deg, other.flip_angle_deg, FLIP_TOLERANCE_DEGREES
    )


def same_echo(one: ImageRecord, other: ImageRecord) -> bool:
    """Return True for images of one echo."""
    return one.echo_number == other.echo_number and _close(one.echo_time_ms, other.echo_time_ms, ECHO_TOLERANCE_MS)


def tilt_degrees(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Return the largest angle in degrees between the axes of two orientations; 0 where one is unknown.

    Examples
    --------
    >>> tilt_degrees((1, 0, 0, 0, 1, 0), (0.9986295, 0.0523360, 0, -0.0523360, 0.9986295, 0))
    3.0
    """
    if one == other or not one or not other:
        return 0.0
    pairs = np.array(one).reshape(2, 3), np.array(other).reshape(2, 3)
    lengths = np.linalg.norm(pairs[0], axis=1) * np.linalg.norm(pairs[1], axis=1)
    cosines = (pairs[0] * pairs[1]).sum(axis=1) / np.where(lengths > 0, lengths, 1.0)
    return round(float(np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0))).max()), 2)


def kind_of_image(record: ImageRecord) -> str:
    """Return magnitude, phase, real, imaginary, velocity or moco, by the type of the image."""
    words = set(record.image_type)
    for names, kind in (
        ({"P", "PHASE", "PHASE MAP"}, "phase"),
        ({"R", "REAL"}, "real"),
        ({"I", "IMAGINARY"}, "imaginary"),
        ({"VELOCITY", "VELOCITY MAP"}, "velocity"),
        ({"MOCO"}, "moco"),
    ):
        if words & names:
            return kind
    return "magnitude"


def alike(records: Sequence[ImageRecord], same: Callable[[ImageRecord, ImageRecord], bool]) -> list[list[ImageRecord]]:
    """Return the records in parts; each is like the first of its part."""
    parts: list[list[ImageRecord]] = []
    for record in records:
        part = next((part for part in parts if same(part[0], record)), None)
        if part is None:
            parts.append([record])
        else:
            part.append(record)
    return parts


def _same_spacing(one: tuple[float, float] | None, other: tuple[float, float] | None) -> bool:
    if one is None or other is None:
        return one == other
    return all(abs(a - b) <= SPACING_TOLERANCE * a for a, b in zip(one, other, strict=True))


def _close(one: float | None, other: float | None, tolerance: float) -> bool:
    if one is None or other is None:
        return one == other
    return abs(one - other) <= tolerance
