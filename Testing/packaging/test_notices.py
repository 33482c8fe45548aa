"""The catalogue of notices: every code that a stage uses stands in it, and nothing else; the document shows it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from QPerfusionLogic.data.notices import Notice, Severity, merged, notice_kinds

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "Documentation" / "notices.md"
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
MAKES_NOTICES = re.compile(r"(Notice\.of|_?note|_?notice)")
RECORDS = {"QPerfusionLogic/data/notices.py", "QPerfusionLogic/io/results/stage_records.py"}
"""Where notices of any code are made: by the catalogue itself, and from files."""
HEAD = """# Notices

Every notice that a result can carry, by its code (`warnings.json`, report, panel). Behind a serious notice that
withholds the flow, flows of its state are not interpretable; behind one that withholds the reserve, the reserve is not.
Messages name what was found and what to do; this table says what each code means.

| code | severity | withholds | meaning |
|---|---|---|---|
"""


def _calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted((ROOT / "QPerfusionLogic").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name not in RECORDS:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            yield from ((name, node) for node in ast.walk(tree) if isinstance(node, ast.Call))


CALLS = list(_calls())


def _argument(call: ast.Call, name: str, place: int = -1) -> ast.expr | None:
    if 0 <= place < len(call.args):
        return call.args[place]
    return next((item.value for item in call.keywords if item.arg == name), None)


def _page() -> str:
    rows = (
        f"| `{kind.code}` | {', '.join(kind.severities)} | {kind.withholds} | {kind.meaning} |"
        for kind in notice_kinds().values()
    )
    return HEAD + "\n".join(rows) + "\n"


def test_stages_take_their_notices_from_the_catalogue() -> None:
    wrong = [f"{name}:{call.lineno}" for name, call in CALLS if ast.unparse(call.func) == "Notice"]
    assert wrong == [], "make it with Notice.of and add its code to Resources/Words/notices.csv"


def test_every_code_in_use_stands_in_the_catalogue_and_no_other() -> None:
    used = {
        node.value
        for name in {name for name, _ in CALLS}
        for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    }
    assert set(notice_kinds()) - used == set()
    made = {
        code.value
        for _, call in CALLS
        if MAKES_NOTICES.fullmatch(ast.unparse(call.func))
        and isinstance(code := _argument(call, "code", 0), ast.Constant)
        and CODE.fullmatch(str(code.value))
    }
    assert made - set(notice_kinds()) == set()


def test_a_severity_is_said_where_the_catalogue_leaves_a_choice_and_nowhere_else() -> None:
    wrong = []
    for name, call in CALLS:
        code = _argument(call, "code", 0)
        if ast.unparse(call.func) == "Notice.of" and isinstance(code, ast.Constant):
            several = len(notice_kinds()[code.value].severities) > 1
            if several != (_argument(call, "severity") is not None):
                wrong.append(f"{name}:{call.lineno} {code.value}")
    assert wrong == []


def test_the_catalogue_is_sorted_and_complete() -> None:
    kinds = list(notice_kinds().values())
    assert [kind.code for kind in kinds] == sorted(kind.code for kind in kinds)
    for kind in kinds:
        assert CODE.fullmatch(kind.code)
        assert re.fullmatch(r"[A-Z0-9].*\.", kind.meaning), kind.code
        assert kind.withholds in ("", "flow", "reserve")
        assert not kind.withholds or Severity.SERIOUS in kind.severities
        assert not kind.repeats or kind.repeats in notice_kinds()


def test_the_document_shows_the_catalogue() -> None:
    """After a change: `python -m Testing.packaging.test_notices`."""
    assert PAGE.read_text(encoding="utf-8") == _page()


def test_what_an_earlier_stage_says_of_the_same_state_is_not_said_again() -> None:
    found = [Notice.of("aif-no-bolus", "no bolus", state="rest")]
    found += [Notice.of("aif-without-bolus", "no bolus, no flow", state=state) for state in ("rest", "stress")]
    assert [(item.code, item.state) for item in merged(found)] == [
        ("aif-no-bolus", "rest"),
        ("aif-without-bolus", "stress"),
    ]


def test_a_severity_that_the_catalogue_does_not_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="aif-cut"):
        Notice.of("aif-cut", "cut", severity=Severity.NOTE)
    with pytest.raises(ValueError, match="no-baseline"):
        Notice.of("no-baseline", "no baseline")


if __name__ == "__main__":
    PAGE.write_text(_page(), encoding="utf-8")
    print(f"{PAGE.name} written")
