"""Images that belong together: one readout at one matrix and orientation, over slices and time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.slice_order import TO_THE_APEX
from QPerfusionLogic.data.wording import counted

from .image_record import ImageRecord, start_of

SLICE_TOLERANCE_MM = 1.0
SAME_SLICE_SHARE = 0.4
"""Positions closer than this share of the slice thickness are one slice that follows the breathing."""
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
        Images that the tags tell apart as the proton-density frames of this acquisition.
    header : Dataset
        Header of one image.
    remarks : tuple of str
        What was done to the series to get here.
    """

    records: tuple[ImageRecord, ...]
    header: Any
    second_echo: tuple[ImageRecord, ...] = ()
    proton_density: tuple[ImageRecord, ...] = ()
    remarks: tuple[str, ...] = field(default=())

    @property
    def first(self) -> ImageRecord:
        """Any one record, for what all share."""
        return self.records[0]

    @property
    def slice_index(self) -> NDArray[np.intp]:
        """(n,) index of the slice of each record, base to apex."""
        return slice_indices(self.records)

    @property
    def temporal_positions(self) -> tuple[int | None, ...]:
        """Number of the frame of each record, where its header tells it."""
        return tuple(record.temporal_position for record in self.records)

    @property
    def slices(self) -> int:
        """Number of slice positions."""
        return int(self.slice_index.max()) + 1

    @property
    def frames(self) -> int:
        """Largest number of images of one slice."""
        return int(np.bincount(self.slice_index).max())


def groups_of(records: Sequence[ImageRecord], headers: dict[str, Any]) -> tuple[ImageGroup, ...]:
    """Split the images of all series into acquisitions.

    A series is split by matrix, orientation, kind of image (magnitude, phase, motion corrected) and preparation
    (saturation time and flip angle). A second echo and a short leading part with another preparation (proton density)
    stay with their acquisition.
    """
    groups: list[ImageGroup] = []
    for series_uid, of_series in _split(records, lambda record: record.series_uid).items():
        remarks: tuple[str, ...] = ()
        unique = list({(record.sop_uid, record.frame): record for record in reversed(of_series)}.values())[::-1]
        if len(unique) < len(of_series):
            remarks = (f"{counted(len(of_series) - len(unique), 'image')} found twice; one of each was used",)
        same_grid = _split(unique, grid_of)
        found = [group for on_grid in same_grid.values() for group in _by_preparation(on_grid, headers[series_uid])]
        if len(found) > 1:
            sizes = ", ".join(_size(group) for group in found)
            remarks = (*remarks, f"the series holds {len(found)} acquisitions ({sizes}) and was split")
        groups.extend(replace(group, remarks=remarks) for group in found)
    return tuple(groups)


def _size(group: ImageGroup) -> str:
    return f"{counted(len(group.records), 'image')} of {group.first.rows} x {group.first.columns}"


def slice_indices(records: Sequence[ImageRecord]) -> NDArray[np.intp]:
    """Return (n,) index of the slice of each record.

    Slices are counted from base to apex: along the axis of the stack in the direction that points more to the left,
    front and feet, where the apex of a heart lies.
    """
    positions = np.array([_along_normal(record) for record in records])
    order = np.argsort(positions, kind="stable")
    thickness = records[0].thickness_mm or 0.0
    steps = np.diff(positions[order]) > max(SLICE_TOLERANCE_MM, SAME_SLICE_SHARE * thickness)
    index = np.empty(len(records), dtype=np.intp)
    index[order] = np.concatenate([[0], np.cumsum(steps)])
    return index


def apex_direction(orientation: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the unit slice normal, with the sign that points to the apex."""
    if not orientation:
        return np.array([0.0, 0.0, 1.0])
    normal = np.cross(orientation[:3], orientation[3:])
    normal = normal / (np.linalg.norm(normal) or 1.0)
    return -normal if normal @ TO_THE_APEX < 0 else normal


def _along_normal(record: ImageRecord) -> float:
    if record.position_mm:
        return float(apex_direction(record.orientation) @ np.array(record.position_mm))
    return record.slice_location_mm or 0.0


def grid_of(record: ImageRecord) -> Hashable:
    """Return what images of one stack share: matrix, spacing, orientation and kind of image."""
    spacing = tuple(round(value, 2) for value in record.spacing_mm or ())
    orientation = tuple(round(value, 1) + 0.0 for value in record.orientation)
    return record.rows, record.columns, spacing, orientation, _kind_of_image(record)


def _kind_of_image(record: ImageRecord) -> str:
    words = set(record.image_type)
    for names, kind in (
        ({"P", "PHASE", "PHASE MAP"}, "phase"),
        ({"R", "REAL"}, "real"),
        ({"I", "IMAGINARY"}, "imaginary"),
        ({"MOCO"}, "moco"),
    ):
        if words & names:
            return kind
    return "magnitude"


def _by_preparation(records: Sequence[ImageRecord], header: Any) -> list[ImageGroup]:
    """Split images of one grid by preparation; short parts beside one dynamic part are its proton-density frames."""
    parts = sorted(_split(records, preparation_of).values(), key=len, reverse=True)
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
        first_echo = sorted(_split(short, _echo).values(), key=_echo_time)[0]
        return [replace(group, proton_density=tuple(first_echo))]
    return [_with_echoes(part, header) for part in parts]


def _on_different_slices(parts: Sequence[Sequence[ImageRecord]]) -> bool:
    """Return True when each preparation has slices of its own, as where the saturation time is told per slice."""
    everything = [record for part in parts for record in part]
    index = slice_indices(everything)
    ends = np.cumsum([len(part) for part in parts])
    sets = [set(index[end - len(part) : end].tolist()) for part, end in zip(parts, ends, strict=True)]
    return sum(len(members) for members in sets) == len(set().union(*sets))


def _with_echoes(records: Sequence[ImageRecord], header: Any) -> ImageGroup:
    echoes = sorted(_split(records, _echo).values(), key=_echo_time)
    if len(echoes) == 2 and abs(len(echoes[0]) - len(echoes[1])) <= 0.2 * len(echoes[0]):
        return ImageGroup(tuple(echoes[0]), header, second_echo=tuple(echoes[1]))
    return ImageGroup(tuple(records), header)


def _frames(records: Sequence[ImageRecord]) -> int:
    return int(np.bincount(slice_indices(records)).max())


def preparation_of(record: ImageRecord) -> Hashable:
    """Return what tells AIF, tissue and proton-density images of one grid apart."""
    inversion = None if record.inversion_time_ms is None else round(record.inversion_time_ms, 0)
    flip = None if record.flip_angle_deg is None else round(record.flip_angle_deg, 0)
    return inversion, flip


def _echo(record: ImageRecord) -> Hashable:
    return record.echo_number, None if record.echo_time_ms is None else round(record.echo_time_ms, 1)


def _echo_time(records: Sequence[ImageRecord]) -> float:
    return records[0].echo_time_ms or float(records[0].echo_number or 0)


def _split(records: Sequence[ImageRecord], key: Any) -> dict[Any, list[ImageRecord]]:
    parts: dict[Any, list[ImageRecord]] = defaultdict(list)
    for record in records:
        parts[key(record)].append(record)
    return dict(parts)
