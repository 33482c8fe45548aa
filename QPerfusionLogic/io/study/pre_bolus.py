"""Assignment of the pre-bolus series of a dual-bolus study to stress and rest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.series import SeriesKind, State
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.dicom.frame_clock import examination_window
from QPerfusionLogic.io.dicom.header.identity import same_patient

from .contents import Found
from .request import StudyRequest


def named_pre_bolus(request: StudyRequest, states: Sequence[State]) -> dict[State, str]:
    """Return the field of the request that holds the pre-bolus of each state; states without one are left out.

    Raises
    ------
    InputError
        When one pre-bolus is given for two states, two for one state, or the same for both.
    """
    given = request.given
    names = {state: f"{state}_pre_bolus" for state in states if f"{state}_pre_bolus" in given}
    paths = [Path(given[name]).resolve() for name in names.values()]
    if len(set(paths)) < len(paths):
        raise InputError(
            f"the same pre-bolus for stress and rest ({given['stress_pre_bolus']})",
            expected="the pre-bolus that was injected before each of them",
            action="give each state its own with --stress-pre-bolus and --rest-pre-bolus",
        )
    if "pre_bolus" not in given:
        return names
    if len(states) > 1:
        raise InputError(
            "one pre-bolus for both stress and rest (--pre-bolus)",
            expected="the pre-bolus of each state",
            action="give each state its own with --stress-pre-bolus and --rest-pre-bolus",
        )
    if names:
        raise InputError(
            f"two pre-bolus series for {states[0]} (--pre-bolus and --{states[0]}-pre-bolus)",
            expected="one",
            action="leave out one of them",
        )
    return {states[0]: "pre_bolus"}


def pre_bolus_beside(found: Sequence[Found], tissue: Found, state: State) -> Found | None:
    """Return the pre-bolus acquisition of the perfusion series of one state among those found beside it.

    A pre-bolus whose words name a state belongs to that state. One that names none belongs to the perfusion series
    that follows it, by time or else by series number, so that no pre-bolus serves two states.
    """
    fitting = [
        item
        for item in found
        if item.fits(SeriesKind.PRE_BOLUS) and same_patient(item.group.header, tissue.group.header)
    ]
    fitting = [item for item in fitting if not item.role.derived] or fitting
    main = [item for item in found if item.fits(SeriesKind.TISSUE)]
    of_state = [item for item in fitting if item.role.state is state]
    chosen = of_state or [item for item in fitting if item.role.state is State.UNKNOWN and _leads(item, tissue, main)]
    before = [item for item in chosen if _place(item) < _place(tissue)] or chosen
    return max(before, key=_place) if before else None


def order_notice(pre_bolus: Found, tissue: Found) -> tuple[Notice, ...]:
    """Return a notice when a pre-bolus was acquired after the main bolus that it was given for."""
    own, main = examination_window(pre_bolus.group.records), examination_window(tissue.group.records)
    if own is None or main is None or own[0] < main[0]:
        return ()
    message = f"the pre-bolus series {pre_bolus.name} was acquired after the {tissue.role.state} series {tissue.name}"
    return (Notice.of("pre-bolus-after-main", message, "check that it is the pre-bolus of this state"),)


def state_notice(given: tuple[State, str], state: State) -> tuple[Notice, ...]:
    """Return a notice when a pre-bolus, by its own state and name, was given for the other state."""
    own, name = given
    if own in (State.UNKNOWN, state):
        return ()
    message = f"the pre-bolus {name} was given for {state} but calls itself {own}"
    action = "check --stress-pre-bolus and --rest-pre-bolus"
    return (Notice.of("pre-bolus-state-contradicted", message, action),)


def unused_notice(found: Sequence[Found], used: Sequence[object]) -> tuple[Notice, ...]:
    """Return a notice about the pre-bolus acquisitions of a study that belong to neither state."""
    groups = [item.group for item in used if isinstance(item, Found)]
    left = [item for item in found if item.fits(SeriesKind.PRE_BOLUS) and not item.role.derived]
    left = [item for item in left if not any(item.group is group for group in groups)]
    if not left:
        return ()
    names = "; ".join(item.name for item in left)
    action = "name the pre-bolus of each state with --stress-pre-bolus and --rest-pre-bolus"
    return (Notice.of("pre-bolus-unused", f"pre-bolus series not used: {names}", action),)


def _leads(item: Found, tissue: Found, main: Sequence[Found]) -> bool:
    """Return True when no other state's perfusion series lies between a pre-bolus and this one."""
    later = [other for other in main if _place(other) > _place(item)]
    if not later:
        return len({other.role.state for other in main}) < 2
    following = min(later, key=_place)
    return following.group is tissue.group or following.role.state is tissue.role.state is not State.UNKNOWN


def _place(item: Found) -> tuple[float, float]:
    """Return where an acquisition stands in its examination: its start, then its series number."""
    window = examination_window(item.group.records)
    number = item.group.header.get("SeriesNumber")
    return (window[0] if window else 0.0, float(number) if number is not None else 0.0)
