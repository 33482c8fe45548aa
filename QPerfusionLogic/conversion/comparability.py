"""Whether two states were converted alike: a perfusion reserve between unlike conversions is refused."""

from __future__ import annotations

from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.results import StateResult

MUST_AGREE = ("agent", "r1")
SHOULD_AGREE = (
    "tissue saturation time",
    "tissue flip angle",
    "tissue repetition time",
    "tissue field strength",
    "normalisation",
    "native T1",
)


def comparability(stress: StateResult, rest: StateResult) -> tuple[tuple[str, ...], tuple[Notice, ...]]:
    """Return the reasons to refuse a perfusion reserve, and notices on what differs without forbidding it.

    Agent, relaxivity, conversion mode and mode of the arterial input must agree; the sequence should.

    Parameters
    ----------
    stress, rest : StateResult
        With concentration and arterial input.

    Returns
    -------
    tuple of str
        One sentence per reason; empty where the two states may be divided.
    tuple of Notice
        Code `sequence-differs`, one per parameter.
    """
    first, second = stress.concentration, rest.concentration
    if first is None or second is None:
        return ("one of the states has no concentration",), ()
    reasons = [
        _sentence(name, first.constants.get(name, ""), second.constants.get(name, ""))
        for name in MUST_AGREE
        if _number(first.constants.get(name)) != _number(second.constants.get(name))
    ]
    if first.mode != second.mode:
        reasons.append(_sentence("conversion mode", first.mode, second.mode))
    inputs = stress.arterial_input, rest.arterial_input
    modes = tuple(item.mode if item is not None else "none" for item in inputs)
    if modes[0] != modes[1]:
        reasons.append(_sentence("mode of the arterial input", *modes))
    notices = tuple(
        _differs(name, first.constants[name], second.constants[name])
        for name in SHOULD_AGREE
        if name in first.constants
        and name in second.constants
        and _number(first.constants[name]) != _number(second.constants[name])
    )
    return tuple(reasons), notices


def unlike_conversions(stress: StateResult, rest: StateResult) -> tuple[Notice, ...]:
    """Return notices on everything in which the two conversions differ; none before both were converted.

    Code `states-converted-differently`, serious, where a reserve must not be formed; else `sequence-differs`.
    """
    if stress.concentration is None or rest.concentration is None:
        return ()
    reasons, notices = comparability(stress, rest)
    if not reasons:
        return notices
    refused = Notice(
        code="states-converted-differently",
        message=f"{'; '.join(reasons)}: stress and rest are not on one scale, read no reserve from them",
        action="run both with the same agent, relaxivity, conversion and route of the arterial input",
        severity=Severity.SERIOUS,
        stage="conversion",
    )
    return (refused, *notices)


def _number(text: str | None) -> str:
    """The value without its source: the same number from a header and from a setting is the same number."""
    return (text or "").split(" (")[0]


def _sentence(name: str, stress: str, rest: str) -> str:
    return f"{name} is {stress or 'unknown'} at stress and {rest or 'unknown'} at rest"


def _differs(name: str, stress: str, rest: str) -> Notice:
    return Notice(
        code="sequence-differs",
        message=f"{_sentence(name, stress, rest)}: their ratio is less certain than either",
        action="acquire stress and rest with the same protocol",
        severity=Severity.WARNING,
        stage="conversion",
    )
