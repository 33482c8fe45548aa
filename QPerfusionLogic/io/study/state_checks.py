"""Checks that only make sense with both states or all parts of a study in hand."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.series import PerfusionSeries, State
from QPerfusionLogic.data.study import Acquisition
from QPerfusionLogic.errors import InputError

LARGE_RATE_DIFFERENCE_BPM = 8.0


def check_states_given(given: Mapping[str, Path], found: Mapping[State, object]) -> None:
    """Raise `InputError` when a part was given for a state that has no perfusion series.

    Parameters
    ----------
    given : mapping
        Field of `StudyRequest` -> path.
    found : mapping
        State -> its perfusion series, or None.
    """
    for name, path in given.items():
        state, _, part = name.partition("_")
        if part and state in (State.STRESS, State.REST) and found.get(State(state)) is None:
            raise InputError(
                f"{path.name} for --{name.replace('_', '-')} and no {state} series",
                expected=f"a {state} series for it",
                action=f"name the series with --{state}, or leave --{name.replace('_', '-')} out",
            )


def check_distinct(acquired: Mapping[State, Acquisition]) -> tuple[Notice, ...]:
    """Return a notice for images or curves that serve two purposes.

    Raises
    ------
    InputError
        When one series was given as stress and as rest, or as a perfusion series and its arterial input.
    """
    series = [
        (f"{state} {what}", item)
        for state, acquisition in acquired.items()
        for what, item in (
            ("series", acquisition.tissue),
            ("AIF series", acquisition.aif_series),
            ("pre-bolus", acquisition.pre_bolus),
        )
        if item is not None
    ]
    notices: list[Notice] = []
    for (one, first), (other, second) in itertools.combinations(series, 2):
        if not np.array_equal(first.signal, second.signal):
            continue
        if first.source.series_hash == second.source.series_hash:
            raise InputError(
                f"the same images as {one} and as {other}",
                expected="series that were acquired apart",
                action="give each its own series",
            )
        message = f"the images of {one} and {other} are equal, under different series UIDs"
        notices.append(Notice.of("same-images", message, "check that no series was exported twice"))
    curves = [acquisition.aif_curve for acquisition in acquired.values() if acquisition.aif_curve is not None]
    if len(curves) == 2 and np.array_equal(curves[0].value, curves[1].value):
        message = "stress and rest have the same arterial input curve"
        notices.append(Notice.of("same-aif-curve", message, "give each state the curve of its bolus"))
    return tuple(notices)


def check_not_swapped(
    given: dict[State, tuple[State, str]],
    stress: PerfusionSeries | None,
    rest: PerfusionSeries | None,
    accept_swapped: bool = False,
) -> tuple[Notice, ...]:
    """Compare the states that the user gave with what the series show of themselves.

    Parameters
    ----------
    given : dict
        State given by the user -> (state that the series' words show, its name).
    accept_swapped : bool
        Only warn where both series contradict.

    Raises
    ------
    InputError
        When both series say the opposite of what they were given as.
    """
    opposite = {State.STRESS: State.REST, State.REST: State.STRESS}
    contrary = {given: name for given, (words, name) in given.items() if words is opposite[given]}
    if len(contrary) == 2 and not accept_swapped:
        raise InputError(
            f"stress and rest swapped: {contrary[State.STRESS]} was given as stress, {contrary[State.REST]} as rest",
            expected="--stress with the stress series and --rest with the rest series",
            action="swap the two paths, or --set loading.accept_swapped=true if the descriptions are wrong",
        )
    notices = [
        Notice.of(
            "state-contradicted",
            f"series {name} was given as {given} but calls itself {opposite[given]}",
            "check --stress and --rest",
        )
        for given, name in contrary.items()
    ]
    return (*notices, *_heart_rate_notice(stress, rest))


def _heart_rate_notice(stress: PerfusionSeries | None, rest: PerfusionSeries | None) -> tuple[Notice, ...]:
    if stress is None or rest is None:
        return ()
    at_stress, at_rest = stress.protocol.heart_rate_bpm, rest.protocol.heart_rate_bpm
    if at_stress is None or at_rest is None or at_rest - at_stress < LARGE_RATE_DIFFERENCE_BPM:
        return ()
    message = f"the heart rate is higher at rest ({at_rest:.0f}) than at stress ({at_stress:.0f} per minute)"
    return (Notice.of("heart-rate-swapped", message, "check that stress and rest are not swapped"),)
