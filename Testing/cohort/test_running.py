"""A cohort runs, goes on where it was cut, and survives its worst study."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from QPerfusionLogic.cli.main import main
from QPerfusionLogic.cohort.manifest import read_manifest
from QPerfusionLogic.cohort.running import run_cohort
from QPerfusionLogic.errors import CancelledError, InputError, MissingPackageError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import Settings

from .conftest import manifest_of


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def a_cohort(a_study: Path, quick_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output of two good studies and one whose arterial input is no table."""
    folder = tmp_path_factory.mktemp("cohort")
    (folder / "broken.csv").write_text("nothing\n")
    broken = f"broken,{a_study / 'rest.seq.nrrd'},broken.csv,"
    manifest = manifest_of(folder / "manifest.csv", a_study, ("one", "two"), (broken, "lost,nowhere,,"))
    run_cohort(read_manifest(manifest, quick_settings), folder / "out", workers=1)
    return folder


def test_every_good_study_has_an_output_folder(a_cohort: Path) -> None:
    for name in ("one", "two"):
        assert (a_cohort / "out" / "studies" / name / "report.html").exists()


def test_the_table_tells_status_and_flow_of_every_row(a_cohort: Path) -> None:
    rows = {row["id"]: row for row in rows_of(a_cohort / "out" / "cohort.csv")}
    assert {name: row["status"] for name, row in rows.items()} == {
        "one": "done",
        "two": "done",
        "broken": "failed",
        "lost": "wrong row",
    }
    assert float(rows["one"]["rest_mbf"]) == pytest.approx(0.9, rel=0.05)
    assert "broken.csv" in rows["broken"]["message"]
    assert rows["lost"]["message"].startswith("line 5")


def test_segments_of_all_studies_are_in_one_table(a_cohort: Path) -> None:
    studies = [row["study"] for row in rows_of(a_cohort / "out" / "segments.csv")]
    assert set(studies) == {"one", "two"}


def test_finished_studies_are_not_run_again(a_cohort: Path, quick_settings: Settings) -> None:
    before = (a_cohort / "out" / "studies" / "one" / "report.html").stat().st_mtime_ns
    result = run_cohort(read_manifest(a_cohort / "manifest.csv", quick_settings), a_cohort / "out", workers=1)
    assert result.skipped == ("one", "two")
    assert result.failed == ("broken",)
    assert (a_cohort / "out" / "studies" / "one" / "report.html").stat().st_mtime_ns == before


def test_changed_settings_or_inputs_run_a_study_again(a_study: Path, quick_settings: Settings, tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path / "manifest.csv", a_study, ("one",))
    run_cohort(read_manifest(manifest, quick_settings), tmp_path / "out", workers=1)
    other = quick_settings.with_value("kinetics.hematocrit", 0.3)
    assert run_cohort(read_manifest(manifest, other), tmp_path / "out", workers=1).skipped == ()
    assert run_cohort(read_manifest(manifest, other), tmp_path / "out", workers=1).skipped == ("one",)
    (a_study / "aif.csv").touch()
    assert run_cohort(read_manifest(manifest, other), tmp_path / "out", workers=1).skipped == ()


def test_a_study_that_lost_a_file_or_whose_state_is_damaged_runs_again(
    a_study: Path, quick_settings: Settings, tmp_path: Path
) -> None:
    manifest = read_manifest(manifest_of(tmp_path / "manifest.csv", a_study, ("one",)), quick_settings)
    out = tmp_path / "out"
    run_cohort(manifest, out, workers=1)
    (out / "studies" / "one" / "segments.csv").unlink()
    assert run_cohort(manifest, out, workers=1).skipped == ()
    assert (out / "studies" / "one" / "segments.csv").exists()
    (out / "state" / "one.json").write_text("[]")
    assert run_cohort(manifest, out, workers=1).skipped == ()
    assert run_cohort(manifest, out, workers=1).skipped == ("one",)


def test_an_unforeseen_error_is_one_failed_study(
    a_study: Path, quick_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> None:
        raise ZeroDivisionError("no reason")

    monkeypatch.setattr("QPerfusionLogic.workflow.quantification.quantify", breaks)
    manifest = manifest_of(tmp_path / "manifest.csv", a_study, ("one", "two"))
    result = run_cohort(read_manifest(manifest, quick_settings), tmp_path / "out", workers=1)
    assert result.failed == ("one", "two")
    assert "ZeroDivisionError: no reason" in result.outcomes["one"]["message"]


def test_a_cancel_keeps_what_was_finished(a_study: Path, quick_settings: Settings, tmp_path: Path) -> None:
    manifest = read_manifest(manifest_of(tmp_path / "manifest.csv", a_study, ("one", "two")), quick_settings)
    told: list[str] = []
    progress = Progress(lambda _, message: told.append(message), lambda: "one done" in told)
    with pytest.raises(CancelledError):
        run_cohort(manifest, tmp_path / "out", workers=1, progress=progress)
    assert [row["status"] for row in rows_of(tmp_path / "out" / "cohort.csv")] == ["done", "not run"]


def test_missing_dask_is_told_with_the_extra_to_install(
    a_study: Path, quick_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = read_manifest(manifest_of(tmp_path / "manifest.csv", a_study, ("one", "two")), quick_settings)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"qperfusion\[cohort\].*--workers 1"):
        run_cohort(manifest, tmp_path / "out", workers=2)


def test_the_command_tells_wrong_rows_and_ends_with_2(
    a_study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = manifest_of(tmp_path / "manifest.csv", a_study, (), ("bad/id,nowhere,,", "lost,nowhere,,"))
    assert main(["cohort", str(manifest), "--output", str(tmp_path / "out"), "--workers", "1"]) == 2
    shown = capsys.readouterr()
    assert "line 2 (bad/id)" in shown.out
    assert "line 3 (lost)" in shown.out
    assert "2 studies without a result" in shown.err


@pytest.mark.slow
def test_two_workers_give_what_one_gives(a_study: Path, quick_settings: Settings, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    manifest = read_manifest(manifest_of(tmp_path / "manifest.csv", a_study, ("one", "two")), quick_settings)
    alone = run_cohort(manifest, tmp_path / "alone", workers=1)
    together = run_cohort(manifest, tmp_path / "together", workers=2)
    flows = [[outcome.get("flows") for outcome in result.outcomes.values()] for result in (alone, together)]
    assert flows[0] == flows[1]


def test_a_scheduler_that_does_not_answer_is_told(
    a_study: Path, quick_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("QPerfusionLogic.cohort.running.ANSWER_S", 0.2)
    manifest = read_manifest(manifest_of(tmp_path / "manifest.csv", a_study, ("one",)), quick_settings)
    with pytest.raises(InputError, match="no Dask scheduler at"):
        run_cohort(manifest, tmp_path / "out", scheduler="tcp://127.0.0.1:9")
