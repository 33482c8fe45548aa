"""From images with slice and time to a full (frames, slices) stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.study import Notice, Severity

from .image_record import ImageRecord
from .wording import counted

DUPLICATE_TOLERANCE_S = 1e-3


@dataclass(frozen=True)
class Stack:
    """Which record is which frame of which slice.

    Parameters
    ----------
    index : (frames, slices) int array
        Indices into the records.
    time_s : (frames, slices) array
        On the clock of the series.
    """

    index: NDArray[np.intp]
    time_s: NDArray[np.float64]
    notices: tuple[Notice, ...] = ()


def stack_of(records: Sequence[ImageRecord], slice_index: NDArray[np.intp], time_s: NDArray[np.float64]) -> Stack:
    """Order images in time, drop duplicates, and keep the frames in which every slice was acquired.

    Slices may be acquired in the same beat or in alternating beats: each is matched to the frame of the most complete
    slice that lies at that slice's usual delay.
    """
    notices: list[Notice] = []
    per_slice, duplicates = _ordered_slices(slice_index, time_s)
    if duplicates:
        notices.append(
            Notice(
                "duplicated-frames",
                f"{counted(duplicates, 'image')} with the time and slice of another",
            )
        )
    reference = max(range(len(per_slice)), key=lambda index: len(per_slice[index]))
    frames = len(per_slice[reference])
    table = np.full((frames, len(per_slice)), -1, dtype=np.intp)
    for index, members in enumerate(per_slice):
        frame = _frames_of(time_s[members], time_s[per_slice[reference]])
        table[frame[frame >= 0], index] = members[frame >= 0]
    complete = (table >= 0).all(axis=1)
    used = int(complete.sum()) * len(per_slice)
    missing = sum(len(members) for members in per_slice) - used
    if not complete.all() or missing:
        notices.append(_missing_notice(int(np.count_nonzero(~complete)), missing, frames))
    table = table[complete]
    notices.extend(_gap_notice(time_s[table]))
    return Stack(table, time_s[table], tuple(notices))


def _ordered_slices(slice_index: NDArray[np.intp], time_s: NDArray[np.float64]) -> tuple[list[NDArray[np.intp]], int]:
    """Return for each slice its records in order of time, without those that repeat a time, and how many repeated."""
    per_slice, duplicates = [], 0
    for index in range(int(slice_index.max()) + 1):
        members = np.flatnonzero(slice_index == index)
        members = members[np.argsort(time_s[members], kind="stable")]
        repeats = np.concatenate([[False], np.diff(time_s[members]) < DUPLICATE_TOLERANCE_S])
        duplicates += int(repeats.sum())
        per_slice.append(members[~repeats])
    return per_slice, duplicates


def _frames_of(times: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return for each time the index of its frame on the reference slice, -1 where it has none.

    Of the two delays that are possible in a periodic acquisition (to the nearest frame, to the one before), that which
    finds frames for more images is the slice's.
    """
    before = np.clip(np.searchsorted(reference, times + DUPLICATE_TOLERANCE_S, side="right") - 1, 0, len(reference) - 1)
    delays = [float(np.median(times - reference[index])) for index in (_nearest(times, reference), before)]
    matches = [_matched(times - delay, reference) for delay in delays]
    distances = [
        float(np.abs(times - delay - reference[match]).sum()) for delay, match in zip(delays, matches, strict=True)
    ]
    best = max(range(2), key=lambda k: (np.count_nonzero(matches[k] >= 0), -distances[k]))
    return matches[best]


def _matched(times: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the nearest reference frame of each time, each frame used once, -1 beyond half an interval."""
    frame = _nearest(times, reference)
    distance = np.abs(times - reference[frame])
    half_interval = 0.5 * float(np.median(np.diff(reference))) if len(reference) > 1 else np.inf
    frame[distance > half_interval] = -1
    for value in np.unique(frame[frame >= 0]):
        members = np.flatnonzero(frame == value)
        frame[np.delete(members, np.argmin(distance[members]))] = -1
    return frame


def _nearest(times: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.intp]:
    after = np.clip(np.searchsorted(reference, times), 0, len(reference) - 1)
    before = np.clip(after - 1, 0, None)
    return np.where(np.abs(times - reference[before]) <= np.abs(times - reference[after]), before, after)


def _missing_notice(frames: int, images: int, of_frames: int) -> Notice:
    message = f"{frames} of {of_frames} frames lack an image of some slice; they were left out ({images} images)"
    severity = Severity.SERIOUS if frames > 0.2 * of_frames else Severity.WARNING
    return Notice("missing-images", message, "export the series again if images were lost", severity)


def _gap_notice(time_s: NDArray[np.float64]) -> tuple[Notice, ...]:
    steps = np.diff(time_s.min(axis=1)) if len(time_s) else np.array([])
    if steps.size < 3:
        return ()
    gaps = int(np.count_nonzero(steps > 1.7 * np.median(steps)))
    if not gaps:
        return ()
    message = f"{counted(gaps, 'gap')} of more than 1.7 heart beats between frames (missed triggers or lost frames)"
    return (Notice("frame-gaps", message, "nothing: all stages use the true times", Severity.NOTE),)
