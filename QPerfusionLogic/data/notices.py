"""Notices as a person reads them, the serious ones first, each said once, and the catalogue of their codes."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from QPerfusionLogic.resources import table_rows


class Severity(StrEnum):
    """How much a notice matters to the reading."""

    NOTE = "note"
    WARNING = "warning"
    SERIOUS = "serious"


ORDER = (Severity.SERIOUS, Severity.WARNING, Severity.NOTE)


@dataclass(frozen=True)
class NoticeKind:
    """A line of the catalogue of notices, `Resources/Words/notices.csv`.

    `severities` are those that its notices can have, `withholds` what cannot be read behind a serious one ("flow",
    "reserve" or ""), `repeats` the code of an earlier stage that says the same, `meaning` is one sentence.
    """

    code: str
    severities: tuple[Severity, ...]
    withholds: str
    repeats: str
    meaning: str


@functools.cache
def notice_kinds() -> Mapping[str, NoticeKind]:
    """Return the catalogue of notices by code.

    Examples
    --------
    >>> kind = notice_kinds()["aif-cut"]
    >>> [str(severity) for severity in kind.severities], kind.withholds, kind.meaning
    (['serious'], 'flow', 'The arterial input ends within the first pass.')
    """
    found = {}
    for row in table_rows("Words", "notices.csv"):
        severities = tuple(Severity(word) for word in row["severity"].split(", "))
        found[row["code"]] = NoticeKind(row["code"], severities, row["withholds"], row["repeats"], row["meaning"])
    return MappingProxyType(found)


@dataclass(frozen=True)
class Notice:
    """Something the reader of a result has to know: what was found, what it means, what to do.

    `code` is a stable kebab-case name (`aif-saturated`), `stage` the stage that noticed, `state` stress, rest or "",
    `option` the option of the command line that does what `action` advises. Stages make theirs by `Notice.of`.
    """

    code: str
    message: str
    action: str = ""
    severity: Severity = Severity.WARNING
    stage: str = ""
    state: str = ""
    option: str = ""

    @classmethod
    def of(
        cls,
        code: str,
        message: str,
        action: str = "",
        *,
        severity: Severity | None = None,
        stage: str = "",
        state: str = "",
        option: str = "",
    ) -> Notice:
        """Return a notice of the catalogue; its severity has to be given where the catalogue leaves a choice.

        Raises
        ------
        KeyError
            When the catalogue does not hold the code.
        ValueError
            When the catalogue does not hold the severity, or holds several and none is given.

        Examples
        --------
        >>> Notice.of("aif-cut", "the arterial input ends too early").severity
        <Severity.SERIOUS: 'serious'>
        """
        allowed = notice_kinds()[code].severities
        chosen = allowed[0] if severity is None and len(allowed) == 1 else severity
        if chosen not in allowed:
            raise ValueError(f"severity {chosen} of {code}: the catalogue of notices holds {', '.join(allowed)}")
        return cls(code, message, action, chosen, stage, state, option)


def merged(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Return the notices by severity, each said once.

    Those that say the same of both states or of several stages are put into one; one that repeats in other words what
    an earlier stage says of its state is left out.

    Examples
    --------
    >>> found = [Notice("no-t1-map", "no T1 map", stage="aif", state=state) for state in ("stress", "rest")]
    >>> [(item.message, item.state) for item in merged(found)]
    [('no T1 map', 'stress and rest')]
    """
    found = list(notices)
    given = {(item.code, item.state) for item in found}
    groups: dict[Notice, list[Notice]] = {}
    for item in found:
        if _repeated_code(item) and (_repeated_code(item), item.state) in given:
            continue
        groups.setdefault(dataclasses.replace(item, state="", stage=""), []).append(item)
    joined = [
        dataclasses.replace(same, state=_both(item.state for item in group), stage=_both(item.stage for item in group))
        for same, group in groups.items()
    ]
    return tuple(item for severity in ORDER for item in joined if item.severity == severity)


def _repeated_code(item: Notice) -> str:
    kind = notice_kinds().get(item.code)
    return kind.repeats if kind is not None else ""


def _both(names: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(str(name) for name in names if name))
