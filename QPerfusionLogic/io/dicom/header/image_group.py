"""Images that belong together: one readout at one matrix and orientation, over slices and time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.wording import counted

from .image_record import ImageRecord, start_of
from .likeness import alike, kind_of_image, same_echo, same_grid, same_preparation
from .slice_places import JITTER_DEGREES, largest_tilt_degrees, slice_indices

MAXIMUM_PROTON_DENSITY_FRAMES = 10
MINIMUM_FRAMES = 8
"""Fewer frames cannot show a first pass."""


@dataclass(frozen=True)
class ImageGroup:
    """One dynamic or static acquisition.

    Parameters
    ----------
    records : tuple of ImageRecord
        The images of the (first) echo.
    second_echo : tuple of ImageRecord
        The images of the second echo; empty where there is one echo.
    proton_density : tuple of ImageRecord
        Images that the tags distinguish as the proton-density frames of this acquisition.
    density_is_named : bool
        False where no tag shows what these images are, only that they were taken right before.
    header : Dataset
        Header of one image.
    remarks : tuple of str
        What was done to the series to get here.
    """

    records: tuple[ImageRecord, ...]
    header: Any
    second_echo: tuple[ImageRecord, ...] = ()
    proton_density: tuple[ImageRecord, ...] = ()
    density_is_named: bool = True
    remarks: tuple[str, ...] = field(default=())

    @property
    def first(self) -> ImageRecord:
        """Any one record, for what all share."""
        return self.records[0]

    @cached_property
    def slice_index(self) -> NDArray[np.intp]:
        """(n,) index of the slice of each record, base to apex."""
        return slice_indices(self.records)

    @property
    def temporal_positions(self) -> tuple[int | None, ...]:
        """Number of the frame of each record, where its header shows it."""
        return tuple(record.temporal_position for record in self.records)

    @property
    def slices(self) -> int:
        """Number of slice positions."""
        return int(self.slice_index.max()) + 1

    @property
    def frames(self) -> int:
        """Largest number of images of one slice."""
        return int(np.bincount(self.slice_index).max())


def groups_of(
    series: Sequence[Sequence[ImageRecord]], header_of: Callable[[Sequence[ImageRecord]], Any]
) -> tuple[ImageGroup, ...]:
    """Split the images of each series into acquisitions.

    A series is split by matrix, orientation, kind of image (magnitude, phase, motion corrected) and preparation
    (saturation time and flip angle). A second echo and a short leading part with another preparation (proton density)
    stay with their acquisition.
    """
    groups: list[ImageGroup] = []
    for of_series in series:
        header = header_of(of_series)
        found = [group for on_grid in alike(of_series, same_grid) for group in _by_preparation(on_grid, header)]
        remarks: tuple[str, ...] = ()
        if len(found) > 1:
            sizes = ", ".join(_size(group) for group in found)
            remarks = (f"the series holds {len(found)} acquisitions ({sizes}) and was split",)
        groups.extend(replace(group, remarks=(*remarks, *_tilt_remark(group))) for group in found)
    return tuple(groups)


def _tilt_remark(group: ImageGroup) -> tuple[str, ...]:
    tilt = largest_tilt_degrees(group.records)
    return (f"slices of one stack are tilted by up to {tilt:.0f} degrees",) if tilt > JITTER_DEGREES else ()


def _size(group: ImageGroup) -> str:
    kind = kind_of_image(group.first)
    words = "" if kind == "magnitude" else " (motion corrected)" if kind == "moco" else f" ({kind}, left out)"
    return f"{counted(len(group.records), 'image')} of {group.first.rows} x {group.first.columns}{words}"


def _by_preparation(records: Sequence[ImageRecord], header: Any) -> list[ImageGroup]:
    """Split images of one grid by preparation; short parts beside one dynamic part are its proton-density frames."""
    parts = sorted(alike(records, same_preparation), key=len, reverse=True)
    if len(parts) > 1 and _on_different_slices(parts):
        parts = [list(records)]
    dynamic = [part for part in parts if _frames(part) >= MINIMUM_FRAMES]
    if not dynamic:
        return [ImageGroup(tuple(records), header)]
    short = [record for part in parts if _frames(part) < MINIMUM_FRAMES for record in part]
    if len(dynamic) == 1 and short and _frames(short) <= 2 * MAXIMUM_PROTON_DENSITY_FRAMES:
        group = _with_echoes(dynamic[0], header)
        if start_of(short) > start_of(dynamic[0]):
            return [group, ImageGroup(tuple(short), header)]
        first_echo = sorted(alike(short, same_echo), key=_echo_time)[0]
        return [replace(group, proton_density=tuple(first_echo))]
    return [_with_echoes(part, header) for part in parts]


def _on_different_slices(parts: Sequence[Sequence[ImageRecord]]) -> bool:
    """Return True when each preparation has slices of its own, as where the saturation time is reported per slice."""
    everything = [record for part in parts for record in part]
    index = slice_indices(everything)
    ends = np.cumsum([len(part) for part in parts])
    sets = [set(index[end - len(part) : end].tolist()) for part, end in zip(parts, ends, strict=True)]
    return sum(len(members) for members in sets) == len(set().union(*sets))


def _with_echoes(records: Sequence[ImageRecord], header: Any) -> ImageGroup:
    echoes = sorted(alike(records, same_echo), key=_echo_time)
    if len(echoes) == 2 and abs(len(echoes[0]) - len(echoes[1])) <= 0.2 * len(echoes[0]):
        return ImageGroup(tuple(echoes[0]), header, second_echo=tuple(echoes[1]))
    return ImageGroup(tuple(records), header)


def _frames(records: Sequence[ImageRecord]) -> int:
    return int(np.bincount(slice_indices(records)).max())


def _echo_time(records: Sequence[ImageRecord]) -> float:
    return records[0].echo_time_ms or float(records[0].echo_number or 0)
