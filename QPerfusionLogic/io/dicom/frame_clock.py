"""When each image was taken: the one clock among a header's many that really runs with the frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.wording import counted
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.dicom.header.image_group import MINIMUM_FRAMES, ImageGroup
from QPerfusionLogic.io.dicom.header.image_record import (
    ACQUISITION_TIME,
    CONTENT_TIME,
    DATE_TIME_CLOCKS,
    PHILIPS_DYNAMIC_TIME,
    TEMPORAL_OFFSET,
    TRIGGER_TIME,
    WALL_CLOCKS,
    ImageRecord,
)
from QPerfusionLogic.io.dicom.header.tags import SECONDS_OF_DAY

SHORTEST_INTERVAL_S, LONGEST_INTERVAL_S = 0.15, 6.0
"""Heart beats, singly or a few together; shorter steps are phases of one beat."""
_SIEMENS = (*DATE_TIME_CLOCKS, ACQUISITION_TIME, TEMPORAL_OFFSET, TRIGGER_TIME, CONTENT_TIME)
_GE = (TRIGGER_TIME, *DATE_TIME_CLOCKS, ACQUISITION_TIME, TEMPORAL_OFFSET, CONTENT_TIME)
_PHILIPS = (TEMPORAL_OFFSET, TRIGGER_TIME, PHILIPS_DYNAMIC_TIME, *DATE_TIME_CLOCKS, ACQUISITION_TIME, CONTENT_TIME)
_PREFERENCES = {"siemens": _SIEMENS, "ge": _GE, "philips": _PHILIPS}
NOMINAL = "TemporalPositionIdentifier (0020,0100) x nominal R-R interval"
LARGEST_DISAGREEMENT = 0.1
"""Share by which the spans of two clocks that run with the frames may differ."""
FIXED_INTERVAL = "loading.frame_interval_s"


@dataclass(frozen=True)
class FrameClock:
    """Seconds of each image (n,) on one clock, the clock's name, and why the others were not taken.

    `running` holds the times (n,) on every clock that runs with the frames in better than whole seconds.
    """

    time_s: NDArray[np.float64]
    source: str
    rejected: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    running: dict[str, NDArray[np.float64]] = field(default_factory=dict)


def clock_of(group: ImageGroup, vendor: str, frame_interval_s: float | None) -> FrameClock:
    """Return the time of every record of a dynamic group from the vendor's most trusted clock that runs.

    Raises
    ------
    InputError
        When no clock runs and no interval was given.
    """
    usable, rejected = running_clocks(group, vendor)
    exact = [name for name, times in usable.items() if name not in WALL_CLOCKS or not _is_in_whole_seconds(times)]
    if exact:
        name, disagreement = _most_trusted(exact, usable, group)
        notices = disagreement + _late_clock(name) + _interval_unused(usable[name], name, frame_interval_s)
        return FrameClock(usable[name], name, rejected, notices, {key: usable[key] for key in exact})
    nominal = _nominal_times(group)
    if nominal is not None and frame_interval_s is None:
        return FrameClock(nominal, NOMINAL, rejected, (_nominal_notice(group),))
    if usable and frame_interval_s is None:
        name = next(iter(usable))
        return FrameClock(usable[name], name, rejected, (_whole_seconds_notice(name),))
    if frame_interval_s is not None:
        return FrameClock(_positions(group) * frame_interval_s, FIXED_INTERVAL, rejected)
    repeats = repeated_times(group)
    if repeats:
        raise InputError(
            repeats,
            expected="one image for each slice and time",
            action="put the images of each kind (magnitude, phase) and injection into a folder of their own",
        )
    raise InputError(
        f"no clock that runs with the frames ({'; '.join(rejected)})",
        expected="times that grow from frame to frame",
        action="give the times or a constant interval",
        option="--times CSV, --set loading.frame_interval_s=SECONDS",
    )


def repeated_times(group: ImageGroup) -> str:
    """Return how a clock runs that gives each of its times to several images of a slice; "" where none does."""
    of_slice = np.flatnonzero(group.slice_index == 0)
    for name in _SIEMENS:
        times = clock_times([group.records[k] for k in of_slice], name)
        values, counts = np.unique(times[np.isfinite(times)], return_counts=True)
        if len(values) < MINIMUM_FRAMES or counts.min() < 2 or counts.sum() < len(times):
            continue
        if SHORTEST_INTERVAL_S <= float(np.median(np.diff(values))) <= LONGEST_INTERVAL_S:
            return f"{len(times)} images of a slice at {len(values)} times of {name}"
    return ""


def running_clocks(group: ImageGroup, vendor: str = "") -> tuple[dict[str, NDArray[np.float64]], tuple[str, ...]]:
    """Return the clocks that run with the frames, most trusted first, and what is wrong with the others."""
    usable: dict[str, NDArray[np.float64]] = {}
    rejected: list[str] = []
    for name in _PREFERENCES.get(vendor, _SIEMENS):
        times = clock_times(group.records, name)
        reason = _why_unusable(times, group)
        if reason:
            rejected.append(f"{name}: {reason}")
        else:
            usable[name] = times
    return usable, tuple(rejected)


def examination_window(records: Sequence[ImageRecord]) -> tuple[float, float] | None:
    """Return first and last second of the images on a clock that all series of a session share, or None."""
    times = examination_times(records)
    return None if times is None else (float(times.min()), float(times.max()))


def examination_times(records: Sequence[ImageRecord]) -> NDArray[np.float64] | None:
    """Return (n,) seconds of images on the first clock that all series of a session share, or None."""
    for name in WALL_CLOCKS:
        times = clock_times(records, name)
        if np.isfinite(times).all():
            return times
    return None


def overlap_of(records: tuple[ImageRecord, ...], others: tuple[ImageRecord, ...]) -> float:
    """Return the share of the shorter of two acquisitions during which the other ran; 0 where no clock shows."""
    first, second = examination_window(records), examination_window(others)
    if first is None or second is None:
        return 0.0
    shorter = min(first[1] - first[0], second[1] - second[0])
    overlap = min(first[1], second[1]) - max(first[0], second[0])
    if shorter <= 0:
        return 1.0 if overlap >= 0 else 0.0
    return max(overlap / shorter, 0.0)


def clock_times(records: Sequence[ImageRecord], name: str) -> NDArray[np.float64]:
    """Return (n,) seconds of one clock, NaN where absent, made continuous over midnight."""
    times = np.array([record.clocks.get(name, np.nan) for record in records])
    if np.isfinite(times).any() and np.nanmax(times) - np.nanmin(times) > 0.5 * SECONDS_OF_DAY:
        day = np.floor(times / SECONDS_OF_DAY)
        if np.nanmax(day) == np.nanmin(day):
            times = np.where(times - day * SECONDS_OF_DAY < 0.5 * SECONDS_OF_DAY, times + SECONDS_OF_DAY, times)
    return times


def _why_unusable(times: NDArray[np.float64], group: ImageGroup) -> str:
    """Return "" when a clock runs with the frames, else what is wrong with it."""
    known = np.isfinite(times)
    if not known.any():
        return "absent"
    if not known.all():
        return f"absent in {np.count_nonzero(~known)} of {len(times)} images"
    slice_index = group.slice_index
    for index in range(slice_index.max() + 1):
        members = np.flatnonzero(slice_index == index)
        of_slice, images = np.unique(times[members]), _different([group.records[k] for k in members])
        if of_slice.size < 0.8 * images:
            return f"{counted(int(of_slice.size), 'value')} in {counted(images, 'frame')}"
        if of_slice.size < 2:
            continue
        interval = float(np.median(np.diff(of_slice)))
        if not SHORTEST_INTERVAL_S <= interval <= LONGEST_INTERVAL_S:
            return f"steps of {interval:.3g} s are no heart beats"
    return ""


def _different(records: Sequence[ImageRecord]) -> int:
    """Return the number of images of a slice without those that have number and all clocks of another."""
    if any(record.instance is None for record in records):
        return len(records)
    return len({(record.instance, record.temporal_position, *record.clocks.values()) for record in records})


def _is_in_whole_seconds(times: NDArray[np.float64]) -> bool:
    return bool(np.all(times == np.round(times)))


def _most_trusted(
    exact: list[str], usable: dict[str, NDArray[np.float64]], group: ImageGroup
) -> tuple[str, tuple[Notice, ...]]:
    """Return the clock to take and a serious notice where others span much more or less.

    The vendor's most trusted clock gives way only where most of the others agree with each other, or where the only
    other one fits the heart beats of the headers and it does not.
    """
    first = exact[0]
    witnesses = [name for name in exact if name != CONTENT_TIME] or exact
    spans = {name: float(np.ptp(usable[name])) for name in witnesses}
    against = [name for name in witnesses if first in spans and not _close_spans(spans[name], spans[first])]
    if not against:
        return first, ()
    agreeing = [name for name in against if _close_spans(spans[name], spans[against[0]])]
    outvoted = len(agreeing) > len(witnesses) - len(against)
    tie = len(agreeing) == len(witnesses) - len(against)
    if tie and not _fits_beats(usable[first], group) and _fits_beats(usable[against[0]], group):
        outvoted = True
    taken, other = (against[0], first) if outvoted else (first, against[0])
    message = f"{taken} spans {spans[taken]:.1f} s but {other} {spans[other]:.1f} s; the first of the two was taken"
    action = "check the frame times; flow changes with them"
    return taken, (Notice.of("clocks-disagree", message, action, option="--times CSV"),)


def _close_spans(one: float, other: float) -> bool:
    return other > 0 and abs(one / other - 1.0) <= LARGEST_DISAGREEMENT


def _fits_beats(times: NDArray[np.float64], group: ImageGroup) -> bool:
    """Return True when frames are one to three nominal heart beats apart."""
    beats = [record.beat_s for record in group.records if record.beat_s is not None]
    of_slice = np.unique(times[group.slice_index == 0])
    if not beats or len(of_slice) < 2:
        return False
    ratio = float(np.median(np.diff(of_slice))) / float(np.median(beats))
    return any(abs(ratio / count - 1.0) <= LARGEST_DISAGREEMENT for count in (1, 2, 3))


def _interval_unused(times: NDArray[np.float64], name: str, frame_interval_s: float | None) -> tuple[Notice, ...]:
    span, count = float(np.ptp(times)), len(np.unique(times))
    if frame_interval_s is None or count < 2 or abs(frame_interval_s * (count - 1) / span - 1.0) < 0.1:
        return ()
    message = f"loading.frame_interval_s {frame_interval_s:g} s was left aside: {name} shows the time of every frame"
    return (Notice.of("interval-unused", message, "set the times to replace those of the files", option="--times CSV"),)


def _late_clock(name: str) -> tuple[Notice, ...]:
    if name != CONTENT_TIME:
        return ()
    message = "frame times come from ContentTime, when images were stored, not taken"
    return (Notice.of("content-time", message, "set the times where the true ones are known", option="--times CSV"),)


def _whole_seconds_notice(name: str) -> Notice:
    message = f"{name} is rounded to whole seconds: each frame time may be off by half a second"
    return Notice.of("whole-second-times", message, "give the true times", option="--times CSV")


def _positions(group: ImageGroup) -> NDArray[np.float64]:
    """Return the rank of each record among those of its slice, by temporal position or else instance number."""
    keys = np.array([_order_key(record) for record in group.records])
    ranks = np.empty(len(keys))
    for index in range(group.slices):
        members = np.flatnonzero(group.slice_index == index)
        ranks[members] = np.unique(keys[members], return_inverse=True)[1]
    return ranks


def _order_key(record: ImageRecord) -> int:
    position = record.temporal_position
    return position if position is not None else (record.instance or 0)


def _nominal_times(group: ImageGroup) -> NDArray[np.float64] | None:
    positions = [record.temporal_position for record in group.records]
    beats = [record.beat_s for record in group.records if record.beat_s is not None]
    if any(position is None for position in positions) or not beats or len(set(positions)) < 2:
        return None
    delay = np.nan_to_num(clock_times(group.records, TRIGGER_TIME))
    frames = np.array(positions, dtype=float)
    if group.slices > 1 and len(set(positions)) == len(positions):
        frames = _positions(group)
    return frames * float(np.median(beats)) + delay


def _nominal_notice(group: ImageGroup) -> Notice:
    beat_s = float(np.median([record.beat_s for record in group.records if record.beat_s is not None]))
    message = f"no clock runs with the frames; they were put one nominal R-R interval ({beat_s:.3f} s) apart"
    return Notice.of("nominal-times", message, "set the times where the true ones are known", option="--times CSV")
