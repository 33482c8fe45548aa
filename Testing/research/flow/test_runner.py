"""An evaluation goes on where it was cut, and runs again what was made by another plan."""

from __future__ import annotations

import operator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from qperfusion_research.flow.runner import run_patients
from QPerfusionLogic.errors import CancelledError
from QPerfusionLogic.progress import Progress


def squared(seed: int, seen: list[int] | None = None) -> dict[str, Any]:
    if seen is not None:
        seen.append(seed)
    return {"value": seed**2}


def test_finished_patients_are_not_run_again(tmp_path: Path) -> None:
    seen: list[int] = []
    task = partial(squared, seen=seen)
    run_patients(task, [1, 2], tmp_path, {"plan": 1})
    results = run_patients(task, [1, 2, 3], tmp_path, {"plan": 1})
    assert seen == [1, 2, 3]
    assert [result["value"] for result in results] == [1, 4, 9]


def test_patients_of_another_plan_are_run_again(tmp_path: Path) -> None:
    seen: list[int] = []
    task = partial(squared, seen=seen)
    run_patients(task, [1], tmp_path, {"plan": 1})
    run_patients(task, [1], tmp_path, {"plan": 2})
    assert seen == [1, 1]


def test_a_damaged_file_is_run_again(tmp_path: Path) -> None:
    run_patients(squared, [1], tmp_path, {})
    (tmp_path / "patient_00001.json").write_text('{"plan": ')
    assert run_patients(squared, [1], tmp_path, {}) == [{"value": 1}]


def test_a_cancel_keeps_the_patients_that_are_done(tmp_path: Path) -> None:
    done = tmp_path / "patient_00001.json"
    with pytest.raises(CancelledError):
        run_patients(squared, [1, 2], tmp_path, {}, progress=Progress(is_cancelled=done.exists))
    assert done.exists()
    assert not (tmp_path / "patient_00002.json").exists()


@pytest.mark.slow
def test_workers_give_the_same_results_in_the_same_order(tmp_path: Path) -> None:
    results = run_patients(operator.neg, [5, 6, 7], tmp_path, {}, workers=2)
    assert results == [-5, -6, -7]
