"""Checks that only make sense with both states or all parts of a study in hand."""

from __future__ import annotations

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.study import Notice, PerfusionSeries, Severity, State

LARGE_RATE_DIFFERENCE_BPM = 8.0


def check_not_swapped(
    told: dict[State, tuple[State, str]],
    stress: PerfusionSeries | None,
    rest: PerfusionSeries | None,
    accept_swapped: bool = False,
) -> tuple[Notice, ...]:
    """Compare the states that the user gave with what the series tell of themselves.

    Parameters
    ----------
    told : dict
        State given by the user -> (state that the series' words tell, its name).
    accept_swapped : bool
        Only warn where both series contradict.

    Raises
    ------
    InputError
        When both series say the opposite of what they were given as.
    """
    opposite = {State.STRESS: State.REST, State.REST: State.STRESS}
    contrary = {given: name for given, (words, name) in told.items() if words is opposite[given]}
    if len(contrary) == 2 and not accept_swapped:
        raise InputError(
            f"stress and rest swapped: {contrary[State.STRESS]} was given as stress, {contrary[State.REST]} as rest",
            expected="--stress with the stress series and --rest with the rest series",
            action="swap the two paths, or --set loading.accept_swapped=true if the descriptions are wrong",
        )
    notices = [
        Notice(
            "state-contradicted",
            f"series {name} was given as {given} but calls itself {opposite[given]}",
            "check --stress and --rest",
            Severity.SERIOUS,
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
    return (Notice("heart-rate-swapped", message, "check that stress and rest are not swapped", Severity.SERIOUS),)
