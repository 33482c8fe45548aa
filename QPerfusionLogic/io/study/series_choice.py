"""Which of the acquisitions found is stress, rest, AIF, pre-bolus and T1 map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.series import SeriesKind, State
from QPerfusionLogic.data.wording import counted
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.dicom.frame_clock import examination_window, running_clocks
from QPerfusionLogic.io.dicom.header.identity import same_patient
from QPerfusionLogic.io.dicom.header.likeness import tilt_degrees
from QPerfusionLogic.io.dicom.header.protocol_tags import protocol_of, vendor_of
from QPerfusionLogic.io.dicom.roles import words_of
from QPerfusionLogic.io.dicom.series_words import word_of

from .contents import Found

LEAST_RATE_DIFFERENCE_BPM = 5.0
LONG_AXIS_DEGREES = 50.0
"""Series that are tilted by more show another view of the heart."""
LEAST_PAUSE_S = 180.0
"""Stress and rest are further apart than this."""
MOST_REASONS = 3
BY_ORDER = "stress is mostly acquired before rest, and nothing else names the state"
AFTER_CONTRAST = "after_contrast"


def with_states(found: Sequence[Found]) -> tuple[tuple[Found, ...], tuple[Notice, ...]]:
    """Give a state to perfusion series that do not show theirs, by heart rate or else by order, with a notice."""
    everything = [item for item in found if item.fits(SeriesKind.TISSUE)]
    native = [item for item in everything if not item.role.derived]
    tissue = native + [
        item for item in everything if item.role.derived and not any(_overlaps(item, other) for other in native)
    ]
    unknown = sorted((item for item in tissue if item.role.state is State.UNKNOWN), key=_start)
    known = {item.role.state for item in tissue} - {State.UNKNOWN}
    if not unknown or known == {State.STRESS, State.REST}:
        return tuple(found), ()
    if len(unknown) == 1:
        state = State.STRESS if known == {State.REST} else State.REST
        reason = "the other series names its state" if known else "a single series that names no state"
        states = {id(unknown[0]): (state, reason)}
    elif len(unknown) == 2 and not known:
        _refuse_one_bolus(unknown)
        states = _two_states(unknown)
    else:
        names = ", ".join(item.name for item in unknown)
        raise InputError(
            f"{len(unknown)} perfusion series that do not name stress or rest ({names})",
            expected="one of each",
            action="name them with --stress PATH and --rest PATH",
        )
    notices = tuple(
        Notice.of(
            "state-guessed",
            f"series {item.name} was taken as {states[id(item)][0]}: {states[id(item)][1]}",
            "if that is wrong, name the stress and the rest series",
            severity=Severity.SERIOUS if states[id(item)][1] == BY_ORDER else Severity.WARNING,
            option="--stress PATH --rest PATH",
        )
        for item in unknown
    )
    given = tuple(_with_state(item, *states[id(item)]) if id(item) in states else item for item in found)
    return given, notices


def _refuse_one_bolus(unknown: Sequence[Found]) -> None:
    """Raise `InputError` for two acquisitions that follow each other too soon to be stress and rest."""
    first, second = unknown
    windows = [examination_window(item.group.records) for item in unknown]
    if windows[0] is None or windows[1] is None or windows[1][0] - windows[0][1] >= LEAST_PAUSE_S:
        return
    pause_s = max(windows[1][0] - windows[0][1], 0.0)
    raise InputError(
        f"two acquisitions (series {first.name} and {second.name}) without a state, {pause_s:.0f} s from the end of "
        "one to the start of the other",
        expected="the first pass of one bolus for each state, minutes apart",
        action="put the images of each injection into a folder of its own and name the right one as stress or rest",
    )


def reasons_of(found: Sequence[Found]) -> str:
    """Return why the largest acquisitions that were found are no perfusion series, in parentheses."""
    largest = sorted(found, key=lambda item: -item.group.frames)[:MOST_REASONS]
    reasons = [f"series {item.name}: {item.role.reason or item.role.kind}" for item in largest]
    more = [f"{len(found) - len(largest)} more"] if len(found) > len(largest) else []
    return f" ({'; '.join(reasons + more)})" if reasons else ""


def other_purpose_notice(item: Found, state: State) -> tuple[Notice, ...]:
    """Return a serious notice on a series that was given for a state and was identified as an AIF or pre-bolus."""
    if item.role.kind not in (SeriesKind.AIF, SeriesKind.PRE_BOLUS):
        return ()
    kind = "an AIF" if item.role.kind is SeriesKind.AIF else "a pre-bolus"
    message = f"series {item.name} was given as the {state} series but looks like {kind} series ({item.role.reason})"
    return (Notice.of("series-of-other-purpose", message, "give the perfusion series itself"),)


def choose(
    found: Sequence[Found], kind: SeriesKind, state: State | None = None
) -> tuple[Found | None, tuple[Notice, ...]]:
    """Return the best acquisition of a kind.

    Of several, images as acquired win over motion-corrected ones, then more slices, more frames, the later; of T1 maps
    the one before contrast, the earliest.
    """
    fitting = [item for item in found if item.fits(kind, state)]
    if not fitting:
        return None, ()
    ranked = sorted(fitting, key=_native_first if kind is SeriesKind.T1_MAP else _best_first)
    best, others = ranked[0], ranked[1:]
    if not others:
        return best, ()
    return best, (_choice_notice(best, others, f"{state or ''} {kind}".strip()),)


def _choice_notice(best: Found, others: Sequence[Found], purpose: str) -> Notice:
    """Return what was left out; a serious notice where it is another acquisition, not another look at this one."""
    what = "; ".join(f"{item.name}{' (derived)' if item.role.derived else ''}" for item in others)
    rivals = [item for item in others if _is_rival(item, best)]
    if best.role.kind is not SeriesKind.TISSUE or not rivals:
        message = f"series {best.name} was taken as {purpose}; left out: {what}"
        return Notice.of("series-chosen", message, "name the series by its path to choose another")
    images = sum(len(item.group.records) for item in rivals)
    message = (
        f"{len(rivals) + 1} series can be the {purpose}: series {best.name} was taken, {counted(images, 'image')} of "
        f"{what} left out"
    )
    return Notice.of("series-ambiguous", message, "name the right series by its path")


def _is_rival(item: Found, best: Found) -> bool:
    """Return True for an acquisition that could be meant as well: native images of nearly the same orientation."""
    if item.role.derived:
        return False
    tilt = tilt_degrees(item.group.first.orientation, best.group.first.orientation)
    return tilt < LONG_AXIS_DEGREES


def _best_first(item: Found) -> tuple[float, ...]:
    return item.role.derived, -item.group.slices, -item.group.frames, -_start(item)


def _native_first(item: Found) -> tuple[float, ...]:
    return bool(word_of(AFTER_CONTRAST, words_of(item.group))), _start(item)


def contrast_notice(t1_map: Found, tissue: Sequence[Found]) -> tuple[Notice, ...]:
    """Return a notice when a T1 map was acquired after the first bolus, so that it is not native."""
    starts = [examination_window(item.group.records) for item in tissue]
    own = examination_window(t1_map.group.records)
    first = min((start[0] for start in starts if start), default=None)
    after_words = word_of(AFTER_CONTRAST, words_of(t1_map.group))
    if not after_words and (own is None or first is None or own[0] < first):
        return ()
    message = f"the T1 map {t1_map.name} was acquired after contrast: it is not native T1"
    return (Notice.of("t1-map-after-contrast", message, "give a native T1 map or none"),)


def aif_beside(found: Sequence[Found], tissue: Found) -> Found | None:
    """Return the AIF acquisition of a perfusion series: same series, same state, or nearest in time."""
    all_fitting = [
        item
        for item in found
        if item.group is not tissue.group
        and item.fits(SeriesKind.AIF)
        and same_patient(item.group.header, tissue.group.header)
    ]
    fitting = [item for item in all_fitting if not item.role.derived] or all_fitting
    same_series = [item for item in fitting if item.group.first.series_uid == tissue.group.first.series_uid]
    same_state = [item for item in fitting if item.role.state is tissue.role.state]
    undecided = [item for item in fitting if item.role.state is State.UNKNOWN and _overlaps(item, tissue)]
    chosen = same_series or same_state or undecided
    return min(chosen, key=lambda item: abs(_start(item) - _start(tissue))) if chosen else None


def _overlaps(item: Found, tissue: Found) -> bool:
    own, other = examination_window(item.group.records), examination_window(tissue.group.records)
    if own is None or other is None:
        return True
    return min(own[1], other[1]) > max(own[0], other[0])


def _start(item: Found) -> float:
    window = examination_window(item.group.records)
    return window[0] if window else 0.0


def _two_states(unknown: Sequence[Found]) -> dict[int, tuple[State, str]]:
    first, second = unknown
    rates = [_heart_rate(item) for item in unknown]
    if None not in rates and abs(rates[0] - rates[1]) >= LEAST_RATE_DIFFERENCE_BPM:  # type: ignore[operator]
        fast, slow = (first, second) if rates[0] > rates[1] else (second, first)  # type: ignore[operator]
        reason = f"heart rates {max(rates):.0f} and {min(rates):.0f} per minute"  # type: ignore[type-var]
    else:
        fast, slow = first, second
        reason = BY_ORDER
    return {id(fast): (State.STRESS, reason), id(slow): (State.REST, reason)}


def _heart_rate(item: Found) -> float | None:
    """Return the heart rate of the header, else one frame per beat of the first clock that runs."""
    given = protocol_of(item.group)[0].heart_rate_bpm
    clocks, _ = running_clocks(item.group, vendor_of(item.group.header))
    if given is not None or not clocks:
        return given
    times = next(iter(clocks.values()))
    return 60.0 / float(np.median(np.diff(np.unique(times[item.group.slice_index == 0]))))


def _with_state(item: Found, state: State, reason: str) -> Found:
    role = replace(item.role, state=state, reason="; ".join(filter(None, (item.role.reason, reason))))
    return replace(item, role=role)
