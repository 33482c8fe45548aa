"""Notices as a person reads them: the serious ones first, each said once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a notice matters to the reading."""

    NOTE = "note"
    WARNING = "warning"
    SERIOUS = "serious"


ORDER = (Severity.SERIOUS, Severity.WARNING, Severity.NOTE)


@dataclass(frozen=True)
class Notice:
    """Something the reader of a result has to know: what was found, what it means, what to do.

    `code` is a stable kebab-case name (`aif-saturated`), `stage` the stage that noticed, `state` stress, rest or "",
    `option` the option of the command line that does what `action` advises.
    """

    code: str
    message: str
    action: str = ""
    severity: Severity = Severity.WARNING
    stage: str = ""
    state: str = ""
    option: str = ""


def merged(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Return the notices by severity, with those that say the same of both states or of several stages put into one.

    Examples
    --------
    >>> found = [Notice("no-t1-map", "no T1 map", stage="aif", state=state) for state in ("stress", "rest")]
    >>> [(item.message, item.state) for item in merged(found)]
    [('no T1 map', 'stress and rest')]
    """
    groups: dict[Notice, list[Notice]] = {}
    for item in notices:
        groups.setdefault(dataclasses.replace(item, state="", stage=""), []).append(item)
    joined = [
        dataclasses.replace(same, state=_both(item.state for item in group), stage=_both(item.stage for item in group))
        for same, group in groups.items()
    ]
    return tuple(item for severity in ORDER for item in joined if item.severity == severity)


def _both(names: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(str(name) for name in names if name))
