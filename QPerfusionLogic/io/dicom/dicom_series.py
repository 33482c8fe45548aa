"""From a group of DICOM images to a perfusion series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.series import PerfusionSeries, SeriesSource
from QPerfusionLogic.data.study import T1Map
from QPerfusionLogic.data.wording import counted
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.dicom.header.identity import hashed, patient_of, without_names
from QPerfusionLogic.io.dicom.header.image_group import MINIMUM_FRAMES, ImageGroup
from QPerfusionLogic.io.dicom.header.image_record import CONTENT_TIME, WALL_CLOCKS, ImageRecord
from QPerfusionLogic.io.dicom.header.protocol_tags import protocol_of, vendor_of
from QPerfusionLogic.io.dicom.header.slice_places import DEFAULT_THICKNESS_MM, slice_indices
from QPerfusionLogic.io.dicom.header.tags import SECONDS_OF_DAY, Tags
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import LoadingSettings

from .clipped import clipping_notice
from .dicom_pixels import read_images
from .frame_clock import FrameClock, clock_of, examination_window
from .leading_frames import found_notice, judged_density, leading_frames
from .repeated_images import check_repeated
from .roles import Role
from .signal_scale import with_one_scale
from .stacking import Stack, stack_of

SAME_BEAT_S = 0.05
"""Frames of two series that were taken in the same beats are as far apart from beat to beat."""
LEAST_TOGETHER = 0.7
"""Share of the frames that have to be so; of the others the partner may be lost."""


@dataclass(frozen=True)
class Timed:
    """A series together with the zero of its times on every clock that runs with it."""

    series: PerfusionSeries
    origins_s: dict[str, float]
    series_uid: str

    def delay_after(self, other: Timed) -> float | None:
        """Return how many seconds after another series this one starts, None where the two share no clock."""
        for clock, origin_s in self.origins_s.items():
            shared = clock in WALL_CLOCKS and clock != CONTENT_TIME
            if clock in other.origins_s and (shared or self.series_uid == other.series_uid):
                return origin_s - other.origins_s[clock]
        return None

    def beats_after(self, other: Timed) -> float | None:
        """Return how many seconds after another series this one starts in whole beats, by when images were stored.

        None unless stored images of the two follow each other at one delay of less than half a beat.
        """
        if CONTENT_TIME not in self.origins_s or CONTENT_TIME not in other.origins_s:
            return None
        offset_s = self.origins_s[CONTENT_TIME] - other.origins_s[CONTENT_TIME]
        times, beats = self.series.time_s[:, 0] + offset_s, other.series.time_s[:, 0]
        delays = times - beats[np.abs(times[:, None] - beats).argmin(axis=1)]
        delay_s = float(np.median(delays))
        together = np.abs(delays - delay_s) < SAME_BEAT_S
        if together.mean() < LEAST_TOGETHER or abs(delay_s) > 0.5 * float(np.median(np.diff(beats))):
            return None
        return offset_s - delay_s


def check_dynamic(group: ImageGroup, role: Role, path: Path) -> None:
    """Raise `InputError` when a group cannot be a perfusion series."""
    if "MOSAIC" in group.first.image_type:
        raise InputError(
            f"a Siemens mosaic in {path}: slices are tiled in one image and their times are lost",
            expected="one image per slice",
            action="export the series without mosaic",
        )
    if group.frames < MINIMUM_FRAMES:
        raise InputError(
            f"a series of {counted(group.frames, 'frame')} in {path} ({role.reason})",
            expected=f"at least {MINIMUM_FRAMES} frames of the first pass",
            action="choose the dynamic series; `qperfusion inspect` lists them",
        )


def load_series(
    group: ImageGroup, role: Role, path: Path, salt: str, settings: LoadingSettings, progress: Progress
) -> Timed:
    """Read a dynamic group: times, pixels, geometry, protocol, second echo and proton-density frames."""
    check_dynamic(group, role, path)
    group, scale_notices = with_one_scale(group)
    clock = clock_of(group, vendor_of(group.header), settings.frame_interval_s)
    stack = stack_of(group.slice_index, clock.time_s, group.temporal_positions)
    repeats = check_repeated(group.records, stack.repeated, path)
    if len(stack.index) < MINIMUM_FRAMES:
        raise InputError(
            f"{len(stack.index)} complete frames in {path}",
            expected=f"at least {MINIMUM_FRAMES}",
            action="export the series again",
        )
    signal = _images(group.records, stack.index, progress.part(0.0, 0.8))
    protocol, notices = protocol_of(group)
    lines = _lines(group.records, stack.index)
    density, density_lines = _tagged_proton_density(group, stack, progress.part(0.8, 0.9))
    if density is not None and not group.density_is_named:
        density, judged = judged_density(density, signal)
        notices += judged
    leading = leading_frames(signal, settings) if density is None else 0
    if leading:
        notices += (found_notice(leading),)
        density, signal = signal[:leading], signal[leading:]
        density_lines, lines = lines[:, :leading], lines[:, leading:]
        stack = replace(stack, index=stack.index[leading:], time_s=stack.time_s[leading:])
    if density is None:
        message = "no proton-density frames; the signal is normalised to the baseline before the bolus"
        notices += (Notice.of("no-proton-density", message, severity=Severity.NOTE),)
    first = stack.index[0]
    origins_s = {name: float(times[first].min()) for name, times in clock.running.items()}
    echo = _second_echo(group, stack, settings, progress.part(0.9, 1.0))
    series = PerfusionSeries(
        signal=signal,
        time_s=stack.time_s - stack.time_s[0].min(),
        geometry=geometry_of([group.records[index] for index in stack.index[0]]),
        protocol=protocol,
        kind=role.kind,
        state=role.state,
        proton_density=density,
        second_echo=echo,
        source=_source(group, path, clock, salt),
        notices=(
            *(Notice.of("series-split", remark) for remark in group.remarks),
            *clock.notices,
            *scale_notices,
            *clipping_notice(signal, density, lines, density_lines),
            *repeats,
            *stack.notices,
            *notices,
        ),
    )
    return Timed(series, origins_s, group.first.series_uid)


def load_t1_map(group: ImageGroup, path: Path, salt: str, progress: Progress) -> T1Map:
    """Read a static group as a T1 map in seconds, one image per slice."""
    index = group.slice_index
    chosen = [group.records[int(np.flatnonzero(index == k)[-1])] for k in range(int(index.max()) + 1)]
    values = read_images(chosen, progress)
    return T1Map(t1_in_seconds(values, path), geometry_of(chosen), _source(group, path, None, salt))


def t1_in_seconds(values: FloatArray, path: Path) -> FloatArray:
    """Return T1 in s from values in ms or s, distinguished by their size; NaN where there is no value.

    Raises
    ------
    InputError
        When the values are no T1 of tissue in either unit.
    """
    known = values[np.isfinite(values) & (values > 0)]
    median = float(np.median(known)) if known.size else float("nan")
    if not (0.2 <= median <= 5.0 or 200.0 <= median <= 5000.0):
        raise InputError(
            f"a median of {median:g} in the T1 map {path}",
            expected="T1 of 0.2 to 5 s, or 200 to 5000 ms",
            action="give a T1 map",
        )
    seconds = values / 1000.0 if median > 100.0 else values
    return np.where(np.isfinite(seconds) & (seconds > 0), seconds, np.nan).astype(np.float32)


def geometry_of(records: Sequence[ImageRecord]) -> Geometry:
    """Return where the slices of one frame lie; a plain stack where the headers do not show."""
    first = records[0]
    if not first.orientation or not first.position_mm:
        return Geometry.axis_aligned(
            len(records), first.spacing_mm or (1.0, 1.0), first.thickness_mm or DEFAULT_THICKNESS_MM
        )
    matrices = np.tile(np.eye(4), (len(records), 1, 1))
    for matrix, record in zip(matrices, records, strict=True):
        spacing = record.spacing_mm or (1.0, 1.0)
        matrix[:3, 0] = np.array(record.orientation[:3]) * spacing[1]
        matrix[:3, 1] = np.array(record.orientation[3:]) * spacing[0]
        normal = np.cross(record.orientation[:3], record.orientation[3:])
        matrix[:3, 2] = normal * (record.thickness_mm or DEFAULT_THICKNESS_MM)
        matrix[:3, 3] = record.position_mm
    return Geometry(matrices)


def places_of_images(group: ImageGroup) -> dict[str, tuple[FloatArray, tuple[int, int]]]:
    """Return for the SOPInstanceUID of each image of one frame its (4, 4) index to LPS, and its rows and columns."""
    return {
        record.sop_uid: (geometry_of([record]).index_to_lps[0], (record.rows, record.columns))
        for record in (*group.records, *group.proton_density)
        if record.sop_uid and record.frame == 0
    }


def _images(records: Sequence[ImageRecord], index: Any, progress: Progress) -> FloatArray:
    """Return images (frames, slices, rows, columns) of a table of record indices."""
    images = read_images([records[k] for k in index.ravel()], progress)
    return images.reshape(*index.shape, *images.shape[1:])


def _lines(records: Sequence[ImageRecord], index: Any) -> FloatArray:
    """Return slope and intercept (2, frames, slices) of the images of a table of record indices."""
    lines = [(records[k].slope, records[k].intercept) for k in index.ravel()]
    return np.array(lines, dtype=float).T.reshape(2, *index.shape)


def _tagged_proton_density(group: ImageGroup, stack: Stack, progress: Progress) -> tuple[FloatArray | None, FloatArray]:
    """Return the proton-density frames that the tags distinguish, or None, and the lines of their images."""
    density, none = group.proton_density, np.empty((2, 0, stack.index.shape[1]))
    if not density:
        return None, none
    together = slice_indices([*(group.records[k] for k in stack.index[0]), *density])
    slices = stack.index.shape[1]
    per_slice = [[density[k] for k in np.flatnonzero(together[slices:] == together[index])] for index in range(slices)]
    frames = min(len(members) for members in per_slice)
    if frames == 0:
        return None, none
    ordered = [sorted(members, key=_order)[:frames] for members in per_slice]
    chosen = [ordered[k][frame] for frame in range(frames) for k in range(slices)]
    index = np.arange(len(chosen)).reshape(frames, slices)
    return _images(chosen, index, progress), _lines(chosen, index)


def _order(record: ImageRecord) -> tuple[float, int]:
    window = examination_window((record,))
    return (window[0] if window else 0.0), record.instance or 0


def _second_echo(group: ImageGroup, stack: Stack, settings: LoadingSettings, progress: Progress) -> FloatArray | None:
    """Return the second echo of exactly the frames of the first, or None where some lack it."""
    if not group.second_echo:
        return None
    second = replace(group, records=group.second_echo, second_echo=())
    clock = clock_of(second, vendor_of(group.header), settings.frame_interval_s)
    other = stack_of(second.slice_index, clock.time_s, second.temporal_positions)
    if other.index.shape[1] != stack.index.shape[1]:
        return None
    nearest = np.abs(other.time_s[None, :, 0] - stack.time_s[:, None, 0]).argmin(axis=1)
    if np.abs(other.time_s[nearest, 0] - stack.time_s[:, 0]).max() > 0.05 or len(set(nearest.tolist())) < len(nearest):
        return None
    return _images(second.records, other.index[nearest], progress)


def _source(group: ImageGroup, path: Path, clock: FrameClock | None, salt: str) -> SeriesSource:
    tags = Tags(group.header)
    window = examination_window(group.records)
    return SeriesSource(
        path=without_names(str(path), group.header),
        description=without_names(tags.text("SeriesDescription") or tags.text("ProtocolName"), group.header),
        series_hash=hashed(group.first.series_uid, salt),
        patient_hash=hashed(patient_of(group.header), salt),
        series_number=tags.integer("SeriesNumber"),
        time_source=clock.source if clock else "",
        acquired_at_s=window[0] % SECONDS_OF_DAY if window else None,
        files=len({record.path for record in (*group.records, *group.second_echo, *group.proton_density)}),
    )
