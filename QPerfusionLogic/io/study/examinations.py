"""Examinations in one folder: which series belong to one visit, and whether stress and rest do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.series import SeriesKind, State
from QPerfusionLogic.data.wording import counted
from QPerfusionLogic.io.dicom.frame_clock import examination_window
from QPerfusionLogic.io.dicom.header.tags import Tags

from .contents import Found

LONGEST_EXAMINATION_S = 3.0 * 3600.0
"""Series of one day under two study UIDs belong to one visit when they lie no further apart than this."""


def of_one_examination(found: Sequence[Found]) -> tuple[tuple[Found, ...], tuple[Notice, ...]]:
    """Return the series of the latest examination that has two perfusion series, with a serious notice on the others.

    Where no examination has both states, or there is only one examination, all series are returned.
    """
    visits = _examinations(found)
    whole = [visit for visit in visits if _has_both_states(visit)]
    if len(visits) < 2 or not whole:
        return tuple(found), ()
    chosen = max(whole, key=_moment)
    left = [item for visit in visits if visit is not chosen for item in visit if item.fits(SeriesKind.TISSUE)]
    if not left:
        return tuple(found), ()
    names = "; ".join(item.name for item in left)
    message = (
        f"there are {len(visits)} examinations in the folder{_apart(chosen[0], left[0])}. The latest one with stress "
        f"and rest was taken; {counted(len(left), 'perfusion series')} of other examinations left out: {names}"
    )
    notice = Notice.of("several-examinations", message, "give the folder of the right examination")
    return tuple(chosen), (notice,)


def pair_notices(stress: Found, rest: Found) -> tuple[Notice, ...]:
    """Return a notice when stress and rest come from two examinations, or lie in two frames of reference."""
    if not _same_day(stress, rest):
        message = (
            f"stress ({stress.name}) and rest ({rest.name}) come from two examinations{_apart(stress, rest)}: their "
            "reserve mixes two visits"
        )
        return (Notice.of("examinations-differ", message, "take both from one examination"),)
    uids = {Tags(item.group.header).text("StudyInstanceUID") for item in (stress, rest)} - {""}
    if len(uids) > 1:
        near = _seconds_apart(stress, rest) <= LONGEST_EXAMINATION_S
        message = f"stress ({stress.name}) and rest ({rest.name}) have different study UIDs on one day"
        severity = Severity.WARNING if near else Severity.SERIOUS
        return (Notice.of("study-uids-differ", message, "check that both are of one examination", severity=severity),)
    frames = {Tags(item.group.header).text("FrameOfReferenceUID") for item in (stress, rest)} - {""}
    if len(frames) > 1:
        message = "stress and rest lie in different frames of reference: table or patient were moved"
        action = "check that the slices of stress and rest show the same levels"
        return (Notice.of("frames-of-reference-differ", message, action),)
    return ()


def _examinations(found: Sequence[Found]) -> list[list[Found]]:
    visits: list[list[Found]] = []
    for item in sorted(found, key=lambda item: -item.group.frames):
        visit = next((visit for visit in visits if _same_examination(visit[0], item)), None)
        if visit is None:
            visits.append([item])
        else:
            visit.append(item)
    return visits


def _same_examination(one: Found, other: Found) -> bool:
    if not _same_day(one, other):
        return False
    uids = {Tags(item.group.header).text("StudyInstanceUID") for item in (one, other)} - {""}
    return len(uids) < 2 or _seconds_apart(one, other) <= LONGEST_EXAMINATION_S


def _has_both_states(visit: Sequence[Found]) -> bool:
    tissue = [item for item in visit if item.fits(SeriesKind.TISSUE) and not item.role.derived]
    states = {item.role.state for item in tissue}
    return {State.STRESS, State.REST} <= states or (State.UNKNOWN in states and len(tissue) > 1)


def _same_day(one: Found, other: Found) -> bool:
    days = _day(one), _day(other)
    return None in days or days[0] == days[1] or _seconds_apart(one, other) <= LONGEST_EXAMINATION_S


def _day(item: Found) -> dt.date | None:
    tags = Tags(item.group.header)
    for keyword in ("AcquisitionDate", "SeriesDate", "StudyDate"):
        text = tags.text(keyword).replace(".", "")[:8]
        try:
            return dt.datetime.strptime(text, "%Y%m%d").date()
        except ValueError:
            continue
    return None


def _moment(visit: Sequence[Found]) -> tuple[str, float]:
    days = [day.isoformat() for item in visit if (day := _day(item)) is not None]
    return max(days, default=""), max(_start(item) for item in visit)


def _start(item: Found) -> float:
    window = examination_window(item.group.records)
    return window[0] if window else 0.0


def _seconds_apart(one: Found, other: Found) -> float:
    """Return the time from one acquisition to another in s, over midnight too; infinity over more than a day."""
    days = _day(one), _day(other)
    between = abs((days[0] - days[1]).days) if days[0] is not None and days[1] is not None else 0
    if between > 1:
        return float("inf")
    gap_s = abs(_start(one) % 86400.0 - _start(other) % 86400.0)
    return 86400.0 - gap_s if between == 1 else gap_s


def _apart(one: Found, other: Found) -> str:
    days = _day(one), _day(other)
    if days[0] is None or days[1] is None or days[0] == days[1]:
        return ""
    return f", {counted(abs((days[0] - days[1]).days), 'day')} apart"
