"""Series by all that is known of their images: identifier, number, description, grid, slices and times.

One SeriesInstanceUID is no proof. Anonymisation gives one to every image, takes it away, or gives one to all; an export
may cut a series in two, and two injections may lie in one. Images of one number and description whose times adjoin and
that do not repeat each other are one series; a pause of minutes between two dynamic parts makes two of one.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from QPerfusionLogic.data.wording import counted
from QPerfusionLogic.io.dicom.header.image_group import MINIMUM_FRAMES
from QPerfusionLogic.io.dicom.header.image_record import ImageRecord
from QPerfusionLogic.io.dicom.header.likeness import alike, kind_of_image, same_grid, same_preparation
from QPerfusionLogic.io.dicom.header.slice_places import slice_indices

from .frame_clock import examination_times, examination_window

LONGEST_PAUSE_S = 30.0
"""No acquisition of a first pass pauses for longer between two frames and goes on."""
LONGEST_PAUSE_BETWEEN_SLICES_S = 120.0
"""Slices whose images were stored one after the other lie no further apart than this."""
PART = "#"
"""Stands between the identifier of a series and the number of one of its parts."""
JOINED = "images of {} SeriesInstanceUIDs with one number and description were joined to one series"
MOST_REPEATED = 0.2
"""Share of images that repeat slice and time of others above which two sets of images are no parts of one series."""


_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Series:
    """The images of one series and what was done to find them."""

    records: tuple[ImageRecord, ...]
    remarks: tuple[str, ...] = ()


def series_of(records: Sequence[ImageRecord]) -> tuple[Series, ...]:
    """Return the series of images; the identifier in every record of a series is made the same and its own.

    Parameters
    ----------
    records : sequence of ImageRecord
        Of one or more series, as their headers name them.
    """
    named = [
        Series(tuple(own), _duplicate_remark(len(of_name) - len(own)))
        for of_name in _split(records, _name_of).values()
        for own in (_without_copies(of_name),)
    ]
    found = [part for series in _joined(named) for part in _in_parts(series)]
    return _with_identifiers(found)


def whole_uid(series_uid: str) -> str:
    """Return the identifier of the series that a part was taken from.

    Examples
    --------
    >>> whole_uid("1.2.3#2"), whole_uid("1.2.3")
    ('1.2.3', '1.2.3')
    """
    return series_uid.split(PART)[0]


def _name_of(record: ImageRecord) -> Hashable:
    return record.patient, record.study_uid, record.series_uid, record.series_number, record.description


def _without_copies(records: Sequence[ImageRecord]) -> list[ImageRecord]:
    """Return the records without copies of one image; an identifier that different images share is not trusted."""
    known: dict[Hashable, ImageRecord] = {}
    for record in records:
        own = record.sop_uid or record.path
        known.setdefault((own, record.frame, record.instance, _content_of(record)), record)
    return list(known.values())


def _duplicate_remark(copies: int) -> tuple[str, ...]:
    return (f"{counted(copies, 'image')} found twice; one of each was used",) if copies else ()


def _content_of(record: ImageRecord) -> Hashable:
    """Return what shows one image of a series from all others: place, times and preparation."""
    return (
        *(tuple(round(value, 1) for value in record.position_mm), record.slice_location_mm),
        *(tuple(sorted(record.clocks.items())), record.temporal_position, kind_of_image(record)),
        *(record.rows, record.echo_number, record.echo_time_ms, record.inversion_time_ms, record.flip_angle_deg),
    )


def _joined(named: Sequence[Series]) -> list[Series]:
    """Join the series of one identifier that differ in their number, then those that differ in the identifier alone."""
    of_uid = [
        series
        for alike_named in _split(named, lambda series: _uid_of(series.records[0])).values()
        for series in _one_series(alike_named, "")
    ]
    return [
        series
        for alike_named in _split(of_uid, lambda series: _words_of(series.records[0])).values()
        for cluster in _adjoining(alike_named)
        for series in _one_series(cluster, JOINED.format(len(cluster)))
    ]


def _uid_of(record: ImageRecord) -> Hashable:
    if not record.series_uid:
        return record.path
    return record.patient, record.series_uid, record.description


def _words_of(record: ImageRecord) -> Hashable:
    if record.series_number is not None:
        return record.patient, record.series_number, record.description
    grid = (record.rows, record.columns, record.inversion_time_ms, record.flip_angle_deg)
    return record.patient, record.description, grid, kind_of_image(record)


def _adjoining(named: Sequence[Series]) -> list[list[Series]]:
    """Return the series in clusters between which there is a pause; all in one where no clock shows."""
    windows = {id(series): examination_window(series.records) for series in named}
    if len(named) == 1 or any(window is None for window in windows.values()):
        return [list(named)]
    ordered = sorted(named, key=lambda series: windows[id(series)] or ())
    clusters, end = [[ordered[0]]], (windows[id(ordered[0])] or (0.0, 0.0))[1]
    for series in ordered[1:]:
        start, stop = windows[id(series)] or (0.0, 0.0)
        if start - end > LONGEST_PAUSE_S:
            clusters.append([])
        clusters[-1].append(series)
        end = max(end, stop)
    return clusters


def _one_series(cluster: list[Series], remark: str) -> list[Series]:
    """Return a cluster joined, or as it was where its series repeat each other or are of two examinations."""
    records = tuple(record for series in cluster for record in series.records)
    examinations = {series.records[0].study_uid for series in cluster if _is_dynamic(series.records)}
    if len(cluster) == 1 or len(examinations) > 1 or _repeats(*(series.records for series in cluster)):
        return cluster
    remarks = dict.fromkeys((*(text for series in cluster for text in series.remarks), remark))
    return [Series(records, tuple(filter(None, remarks)))]


def _repeats(*parts: Sequence[ImageRecord]) -> bool:
    """Return True when many images have the place, time and preparation of one in another part.

    Of a single part, when they have those of another image of it.
    """
    contents = [[(_content_of(record), _number_without_clock(record)) for record in part] for part in parts]
    different = set().union(*contents)
    count = sum(len(set(part)) for part in contents) if len(parts) > 1 else len(contents[0])
    return count - len(different) > MOST_REPEATED * count


def _number_without_clock(record: ImageRecord) -> Hashable:
    return None if record.clocks else (record.instance, record.frame)


def _in_parts(series: Series) -> list[Series]:
    """Return a series cut at every long pause between two dynamic parts, or by folders where its images repeat."""
    parts = _parts_by_time(series.records)
    if len(parts) > 1:
        windows = [examination_window(part) or (0.0, 0.0) for part in parts]
        pauses = ", ".join(f"{after[0] - before[1]:.0f} s" for before, after in itertools.pairwise(windows))
        why = f"with a pause of {pauses} between them"
    else:
        parts = _parts_by_folder(series.records)
        why = "in folders of their own, with the same places and times"
    if len(parts) < 2:
        return [series]
    remark = f"the series holds {len(parts)} acquisitions {why}; each was taken as a series of its own"
    return [Series(tuple(part), (*series.remarks, remark)) for part in parts]


def _parts_by_time(records: Sequence[ImageRecord]) -> list[list[ImageRecord]]:
    """Return the dynamic parts between which there is a pause; short pieces lie with the dynamic one next in time."""
    times = examination_times(records)
    if times is None:
        return [list(records)]
    order = np.argsort(times, kind="stable")
    cuts = np.flatnonzero(np.diff(times[order]) > LONGEST_PAUSE_S) + 1
    pieces = [[records[k] for k in piece] for piece in np.split(order, cuts)]
    windows = [(float(times[piece].min()), float(times[piece].max())) for piece in np.split(order, cuts)]
    seeds = [k for k, piece in enumerate(pieces) if _is_dynamic(piece)]
    if len(seeds) < 2:
        return [list(records)]
    parts: dict[int, list[ImageRecord]] = {}
    for k, piece in enumerate(pieces):
        nearest = min(seeds, key=lambda seed: _pause(windows[k], windows[seed]))
        parts.setdefault(nearest, []).extend(piece)
    return _of_one_injection_each(list(parts.values()))


def _pause(one: tuple[float, float], other: tuple[float, float]) -> float:
    return max(one[0] - other[1], other[0] - one[1], 0.0)


def _of_one_injection_each(parts: list[list[ImageRecord]]) -> list[list[ImageRecord]]:
    """Return the parts with those put together that are slices acquired one after the other."""
    kept = [parts[0]]
    for part in parts[1:]:
        before, after = examination_window(kept[-1]), examination_window(part)
        pause = _pause(before, after) if before and after else 0.0
        if pause > LONGEST_PAUSE_BETWEEN_SLICES_S or _share_slices(kept[-1], part):
            kept.append(part)
        else:
            kept[-1] = [*kept[-1], *part]
    return kept


def _share_slices(one: Sequence[ImageRecord], other: Sequence[ImageRecord]) -> bool:
    for part in alike([*one, *other], same_grid):
        index = slice_indices(part)
        own = {id(record) for record in one}
        slices = [
            {k for k, record in zip(index, part, strict=True) if (id(record) in own) is side} for side in (True, False)
        ]
        if slices[0] & slices[1]:
            return True
    return False


def _parts_by_folder(records: Sequence[ImageRecord]) -> list[list[ImageRecord]]:
    folders = list(_split(records, lambda record: record.path.parent).values())
    if len(folders) < 2 or not _repeats(records) or any(_repeats(part) or not _is_dynamic(part) for part in folders):
        return [list(records)]
    return folders


def _is_dynamic(records: Sequence[ImageRecord]) -> bool:
    """Return True when the images of one grid and preparation are enough for a first pass."""
    parts = alike(records, lambda one, other: same_grid(one, other) and same_preparation(one, other))
    return any(np.bincount(slice_indices(part)).max() >= MINIMUM_FRAMES for part in parts)


def _with_identifiers(found: Sequence[Series]) -> tuple[Series, ...]:
    """Return the series with an identifier of its own in every record of each."""
    names = [series.records[0].series_uid for series in found]
    numbers: dict[str, int] = defaultdict(int)
    done = []
    for series, name in zip(found, names, strict=True):
        numbers[name] += 1
        own = name if name and names.count(name) == 1 else f"{name}{PART}{numbers[name]}"
        records = (record if record.series_uid == own else replace(record, series_uid=own) for record in series.records)
        done.append(replace(series, records=tuple(records)))
    return tuple(done)


def _split(items: Iterable[_Item], key: Callable[[_Item], Hashable]) -> dict[Hashable, list[_Item]]:
    parts: dict[Hashable, list[_Item]] = defaultdict(list)
    for item in items:
        parts[key(item)].append(item)
    return dict(parts)
