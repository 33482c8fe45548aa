"""From images with slice and time to a full (frames, slices) stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.wording import counted

DUPLICATE_TOLERANCE_S = 1e-3
DELAY_JITTER_S = 0.01


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
    repeated: tuple[tuple[int, int], ...] = ()
    """(left out, kept) indices of images with the same slice and time."""


def stack_of(
    slice_index: NDArray[np.intp],
    time_s: NDArray[np.float64],
    temporal_position: Sequence[int | None] | None = None,
) -> Stack:
    """Order images in time, drop duplicates, and keep the frames in which every slice was acquired.

    Frames are counted by the temporal position of the headers where it grows with the time of every slice and does not
    count the images instead. Elsewhere each slice, acquired in the same beat as the others or in one of its own, is
    matched to the frames of the most complete slice that lie at its usual delay.

    Parameters
    ----------
    slice_index : (n,) int array
    time_s : (n,) array
    temporal_position : sequence of n int or None, optional
    """
    per_slice, repeated = _ordered_slices(slice_index, time_s)
    table = _table_by_position(per_slice, temporal_position)
    if table is None:
        table = _table_by_delay(per_slice, time_s)
    whole = table[(table >= 0).all(axis=1)]
    left_out = sum(len(members) for members in per_slice) - whole.size
    notices = [*_missing_notice(left_out, whole.size), *_gap_notice(time_s[whole])]
    return Stack(whole, time_s[whole], tuple(notices), repeated)


def _table_by_position(
    per_slice: list[NDArray[np.intp]], temporal_position: Sequence[int | None] | None
) -> NDArray[np.intp] | None:
    """Return (frames, slices) indices, -1 where there is no image; None where positions do not count the frames."""
    if temporal_position is None or any(position is None for position in temporal_position):
        return None
    positions = np.array(temporal_position, dtype=np.intp)
    if any((np.diff(positions[members]) <= 0).any() for members in per_slice):
        return None
    known, images = np.unique(positions, return_counts=True)
    if len(per_slice) > 1 and images.max() == 1:
        return None
    table = np.full((len(known), len(per_slice)), -1, dtype=np.intp)
    for index, members in enumerate(per_slice):
        table[np.searchsorted(known, positions[members]), index] = members
    return table


def _table_by_delay(per_slice: list[NDArray[np.intp]], time_s: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return (frames, slices) indices, -1 where there is no image, with the frames of the most complete slice."""
    reference = time_s[max(per_slice, key=len)]
    table = np.full((len(reference), len(per_slice)), -1, dtype=np.intp)
    for index, members in enumerate(per_slice):
        frame = _frames_of(time_s[members], reference)
        table[frame[frame >= 0], index] = members[frame >= 0]
    return table


def _ordered_slices(
    slice_index: NDArray[np.intp], time_s: NDArray[np.float64]
) -> tuple[list[NDArray[np.intp]], tuple[tuple[int, int], ...]]:
    """Return for each slice its records in order of time, one of each time, and the others with the one kept."""
    per_slice: list[NDArray[np.intp]] = []
    repeated: list[tuple[int, int]] = []
    for index in range(int(slice_index.max()) + 1):
        members = np.flatnonzero(slice_index == index)
        members = members[np.argsort(time_s[members], kind="stable")]
        repeats = np.concatenate([[False], np.diff(time_s[members]) < DUPLICATE_TOLERANCE_S])
        kept = members[~repeats]
        repeated.extend(zip(members[repeats].tolist(), kept[np.cumsum(~repeats)[repeats] - 1].tolist(), strict=True))
        per_slice.append(kept)
    return per_slice, tuple(repeated)


def _frames_of(times: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return for each time the index of its frame on the reference slice, -1 where it has none.

    A slice lies at one delay before or behind the reference slice. Hearts beat unevenly, so of the possible delays (to
    the frame before, behind or nearest) that is right which fits best; in even beats that which finds most frames.
    """
    last = len(reference) - 1
    behind = np.clip(np.searchsorted(reference, times - DUPLICATE_TOLERANCE_S), 0, last)
    before = np.clip(np.searchsorted(reference, times + DUPLICATE_TOLERANCE_S, side="right") - 1, 0, last)
    best: tuple[tuple[float, int, float], NDArray[np.intp]] | None = None
    for index in (_nearest(times, reference), before, behind):
        delay = float(np.median(times - reference[index]))
        matched = _matched(times - delay, reference)
        misfit = float(np.median(np.abs(times - delay - reference[_nearest(times - delay, reference)])))
        rank = (round(misfit / DELAY_JITTER_S), int(np.count_nonzero(matched < 0)), abs(delay))
        if best is None or rank < best[0]:
            best = (rank, matched)
    return best[1] if best else np.empty(0, dtype=np.intp)


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


def _missing_notice(left_out: int, used: int) -> tuple[Notice, ...]:
    if not left_out:
        return ()
    message = f"{counted(left_out, 'image')} left out whose frame lacks an image of another slice"
    severity = Severity.SERIOUS if left_out > 0.2 * (used + left_out) else Severity.WARNING
    return (Notice.of("missing-images", message, "export the series again if images were lost", severity=severity),)


def _gap_notice(time_s: NDArray[np.float64]) -> tuple[Notice, ...]:
    steps = np.diff(time_s.min(axis=1)) if len(time_s) else np.array([])
    if steps.size < 3:
        return ()
    gaps = int(np.count_nonzero(steps > 1.7 * np.median(steps)))
    if not gaps:
        return ()
    message = f"{counted(gaps, 'gap')} of more than 1.7 heart beats between frames (missed triggers or lost frames)"
    return (Notice.of("frame-gaps", message, "nothing: all stages use the true times"),)
