"""The verdict on a result: interpretable, limited or not interpretable, with its reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from QPerfusionLogic.data.notices import Notice, Severity, merged, notice_kinds
from QPerfusionLogic.data.results import StudyResult
from QPerfusionLogic.data.series import State

STRESS_MBF, REST_MBF, MPR = "stress_mbf", "rest_mbf", "mpr"
"""Quantities of the segment table, by the names of their columns."""
LARGE_INPUT_ERROR = 0.2
"""Standard error that all segments share, as a share of flow, from which on a flow is limited; a convention."""
UNUSABLE_INPUT_ERROR = 0.5
"""The same from which on a flow is not interpretable; a convention."""
ESTIMATED_METHODS = {
    "neural_network": "estimated by a neural network",
    "population": "a population curve",
    "signal_inversion": "estimated by inverting saturated images",
}
"""AIF methods that do not measure the peak of the arterial input."""


class VerdictLevel(StrEnum):
    """Whether a result can be interpreted."""

    INTERPRETABLE = "interpretable"
    LIMITED = "limited"
    NOT_INTERPRETABLE = "not_interpretable"


_BEGINNINGS = {
    VerdictLevel.INTERPRETABLE: "Interpretable",
    VerdictLevel.LIMITED: "Limited",
    VerdictLevel.NOT_INTERPRETABLE: "Not interpretable",
}


@dataclass(frozen=True)
class Verdict:
    """Whether a result can be interpreted, and why not.

    Parameters
    ----------
    level : VerdictLevel
    reasons : tuple of str
        Sentences without their full stop, the decisive ones first.
    withheld : frozenset of str
        Quantities ("stress_mbf", "rest_mbf", "mpr") that are shown in grey and compared with no threshold.
    """

    level: VerdictLevel = VerdictLevel.INTERPRETABLE
    reasons: tuple[str, ...] = ()
    withheld: frozenset[str] = frozenset()

    @property
    def heading(self) -> str:
        """The level in words: "Limited, because"."""
        return f"{_BEGINNINGS[self.level]}, because" if self.reasons else _BEGINNINGS[self.level]

    @property
    def text(self) -> str:
        """The verdict with its reasons as one text.

        Examples
        --------
        >>> Verdict(VerdictLevel.LIMITED, ("the AIF is a population curve",)).text
        'Limited, because the AIF is a population curve.'
        >>> Verdict().text
        'Interpretable.'
        """
        return f"{self.heading} {'; '.join(self.reasons)}".rstrip() + "."

    def as_dictionary(self) -> dict[str, Any]:
        """Return the verdict as plain values, ready for JSON."""
        return {
            "level": str(self.level),
            "text": self.text,
            "reasons": list(self.reasons),
            "withheld": sorted(self.withheld),
        }


def judge(study: StudyResult, notices: Sequence[Notice]) -> Verdict:
    """Return the verdict on a study.

    Parameters
    ----------
    study : StudyResult
        After kinetics; before, nothing is there to be interpreted and the notices alone count.
    notices : sequence of Notice
        Those of the study and of its report.
    """
    decisive: list[str] = []
    limiting: list[str] = []
    withheld: set[str] = set()
    for item in merged(notices):
        if item.severity != Severity.SERIOUS:
            continue
        behind = _withheld_by(item, study)
        withheld |= behind
        (decisive if behind - {MPR} else limiting).append(_reason(item))
    for state, result in study.states.items():
        error = 0.0 if result.mapped is None else result.mapped.input_error
        if error >= UNUSABLE_INPUT_ERROR:
            withheld |= _quantities_of(state)
            decisive.append(f"the arterial input leaves flow at {state} uncertain by {error:.0%}")
    limiting += _limits_of_inputs(study)
    if decisive:
        level = VerdictLevel.NOT_INTERPRETABLE
    else:
        level = VerdictLevel.LIMITED if limiting else VerdictLevel.INTERPRETABLE
    return Verdict(level, tuple(dict.fromkeys((*decisive, *limiting))), frozenset(withheld))


def _withheld_by(item: Notice, study: StudyResult) -> set[str]:
    """Return the quantities that a serious notice leaves unreadable."""
    kind = notice_kinds().get(item.code)
    if kind is None or not kind.withholds:
        return set()
    if kind.withholds == "reserve":
        return {MPR}
    states = [state for state in study.states if str(state) in item.state] or list(study.states)
    return set().union(*(_quantities_of(state) for state in states))


def _quantities_of(state: State) -> set[str]:
    return {f"{state}_mbf", MPR}


def _limits_of_inputs(study: StudyResult) -> list[str]:
    """Return what limits the flows of each state: an arterial input that was not measured, a large common error."""
    found: dict[str, list[str]] = {}
    for state, result in study.states.items():
        method = "" if result.arterial_input is None else result.arterial_input.mode
        if method in ESTIMATED_METHODS:
            found.setdefault(f"the arterial input is {ESTIMATED_METHODS[method]}", []).append(str(state))
        error = 0.0 if result.mapped is None else result.mapped.input_error
        if LARGE_INPUT_ERROR <= error < UNUSABLE_INPUT_ERROR:
            found.setdefault(f"all flows share a standard error of {error:.0%}", []).append(str(state))
    return [f"{reason} ({' and '.join(states)})" for reason, states in found.items()]


def _reason(item: Notice) -> str:
    """Return the message of a notice as a clause."""
    text = item.message.rstrip(".")
    first = text.split(" ", 1)[0]
    begun = text if first.isupper() or any(letter.isupper() for letter in first[1:]) else text[:1].lower() + text[1:]
    return begun if not item.state or item.state.split(" ")[0] in text else f"{begun} ({item.state})"
