from __future__ import annotations

import io
import json

import pytest

from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.errors import CancelledError, InputError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.workflow.terminal import Terminal


def test_nested_parts_fill_their_share() -> None:
    heard: list[float] = []
    progress = Progress(lambda fraction, message: heard.append(fraction))
    progress.part(0.5, 1.0).part(0.0, 0.5).update(1.0)
    assert heard == [pytest.approx(0.75)]


def test_a_cancel_reaches_the_innermost_part() -> None:
    cancelled = False
    progress = Progress(is_cancelled=lambda: cancelled).part(0.0, 0.5)
    progress.update(0.1)
    cancelled = True
    with pytest.raises(CancelledError):
        progress.update(0.2)


def test_a_machine_reads_progress_notices_and_errors_as_json_lines() -> None:
    out, err = io.StringIO(), io.StringIO()
    terminal = Terminal(as_json=True, out=out, err=err)
    terminal.progress().update(0.25, "registration, stress")
    terminal.notices((Notice("aif-saturated", "saturated", "use a dual sequence", Severity.SERIOUS),))
    terminal.error(InputError("no series", "a folder", "choose another"))
    progress, notice, error = (json.loads(line) for line in out.getvalue().splitlines())
    assert progress == {"progress": 0.25, "message": "registration, stress"}
    assert notice["notice"]["code"] == "aif-saturated"
    assert error["found"] == "no series"
    assert err.getvalue().count("\n") == 1


def test_people_read_each_notice_once_and_remarks_only_as_a_number() -> None:
    out = io.StringIO()
    said = [Notice("no-t1-map", "no T1 map", stage=stage, state="rest") for stage in ("aif", "conversion")]
    Terminal(out=out).notices((Notice("agent-assumed", "gadobutrol", severity=Severity.NOTE), *said))
    assert out.getvalue().splitlines() == ["warning  [rest] no T1 map", "note     remarks in warnings.json: 1"]
