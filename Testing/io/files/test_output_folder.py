from __future__ import annotations

import errno
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from QPerfusionLogic.errors import OutputError
from QPerfusionLogic.io.files.folder_lock import lock_file
from QPerfusionLogic.io.files.output_folder import (
    MARKER,
    check_writable,
    holding,
    tidy_after_kill,
    writing,
    writing_file,
)


def _entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_folder_appears_complete(tmp_path: Path) -> None:
    with writing(tmp_path / "deep" / "out") as beside:
        (beside / "a.txt").write_text("a")
        assert not (tmp_path / "deep" / "out").exists()
    assert _entries(tmp_path / "deep") == ["out"]
    assert (tmp_path / "deep" / "out" / "a.txt").read_text() == "a"


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), writing(tmp_path / "out") as beside:
        (beside / "a.txt").write_text("a")
        raise RuntimeError
    assert _entries(tmp_path) == []


def test_a_full_disk_is_explained_and_leaves_the_earlier_output(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / MARKER).write_text("earlier")
    with pytest.raises(OutputError, match="no space left"), writing(out):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert (out / MARKER).read_text() == "earlier"
    assert _entries(tmp_path) == ["out"]


def test_a_rerun_replaces_its_files_removes_stale_ones_and_keeps_the_users(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with writing(out) as beside:
        for name in (MARKER, "report.html", "mpr.nrrd"):
            (beside / name).write_text("first")
    (out / "my notes.txt").write_text("mine")
    with writing(out, owned=("report.html", "mpr.nrrd")) as beside:
        (beside / MARKER).write_text("second")
        (beside / "report.html").write_text("second")
    assert _entries(out) == ["my notes.txt", MARKER, "report.html"]
    assert (out / "report.html").read_text() == "second"


def test_a_foreign_folder_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("important")
    with pytest.raises(OutputError, match="did not write"):
        check_writable(tmp_path)
    assert _entries(tmp_path) == ["thesis.docx"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match="a file at"):
        check_writable(tmp_path / "out")


def test_a_file_inside_a_file_cannot_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(OutputError, match="cannot be written"):
        check_writable(tmp_path / "file" / "out")


def test_a_single_file_is_whole_or_absent(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), writing_file(tmp_path / "fits.csv") as beside:
        beside.write_text("half")
        raise RuntimeError
    assert _entries(tmp_path) == []


def _earlier(folder: Path) -> Path:
    with writing(folder) as beside:
        (beside / MARKER).write_text("first")
        (beside / "stress").mkdir()
        (beside / "stress" / "flow.csv").write_text("first")
    return folder


def _write_second(folder: Path) -> None:
    with writing(folder, owned=("stress/*",)) as beside:
        (beside / MARKER).write_text("second")
        (beside / "stress").mkdir()
        (beside / "stress" / "flow.csv").write_text("second")


WRITE = """
import os, sys
from pathlib import Path
left = int(sys.argv[2])
def watch(event, arguments):
    global left
    if event in ("os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree", "open"):
        if "out" in str(arguments[0]) or event != "open":
            left -= 1
            if left < 0:
                os._exit(9)
from QPerfusionLogic.io.files.output_folder import (
    MARKER,
    check_writable,
    holding,
    tidy_after_kill,
    writing,
    writing_file,
)
sys.addaudithook(watch)
with writing(Path(sys.argv[1]), ("*.csv",)) as beside:
    for name in ("a.csv", "b.csv", "provenance.json"):
        (beside / name).write_text("second")
"""


def test_a_run_killed_at_any_step_leaves_the_old_output_or_the_new_one(tmp_path: Path) -> None:
    ended = False
    for step in range(60):
        out = tmp_path / str(step) / "out"
        with writing(out) as beside:
            for name in ("a.csv", "b.csv", "provenance.json"):
                (beside / name).write_text("first")
        (out / "mine.txt").write_text("mine")
        arguments = [sys.executable, "-c", WRITE, str(out), str(step)]
        ended = subprocess.run(arguments, check=False).returncode == 0
        with holding(out):
            found = {(out / name).read_text() for name in ("a.csv", "b.csv", "provenance.json")}
            assert len(found) == 1, f"mixed after step {step}"
        assert (out / "mine.txt").read_text() == "mine"
        assert _entries(out.parent) == ["out"]
        if ended:
            break
    assert ended
    assert found == {"second"}


def test_a_second_run_into_the_same_folder_is_refused(tmp_path: Path) -> None:
    out = _earlier(tmp_path / "out")
    code = "import sys; from QPerfusionLogic.io.files.output_folder import check_writable, holding\n"
    code += "with holding(sys.argv[1]): pass"
    with holding(out):
        second = subprocess.run([sys.executable, "-c", code, str(out)], check=False, capture_output=True, text=True)
        assert "another run that writes" in second.stderr
        _write_second(out)
    assert (out / "stress" / "flow.csv").read_text() == "second"


def test_the_lock_of_a_process_that_ended_gives_way(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    owner = {"process": process.pid, "started": "1", "host": platform.node()}
    lock_file(tmp_path / "out").write_text(json.dumps(owner))
    _earlier(tmp_path / "out")
    assert _entries(tmp_path) == ["out"]


def test_the_lock_of_another_machine_is_kept(tmp_path: Path) -> None:
    lock_file(tmp_path / "out").write_text(json.dumps({"process": 1, "started": "", "host": "elsewhere"}))
    with pytest.raises(OutputError, match="another run"):
        _earlier(tmp_path / "out")
    assert lock_file(tmp_path / "out").exists()


def test_what_killed_runs_left_is_removed_and_what_others_write_is_not(tmp_path: Path) -> None:
    for name in (".out-99-abc_1.partial", ".out-2-99-abc.partial", ".output-9-abc.partial"):
        (tmp_path / name).mkdir()
    _earlier(tmp_path / "out")
    assert _entries(tmp_path) == [".out-2-99-abc.partial", ".output-9-abc.partial", "out"]


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    _earlier(tmp_path / "elsewhere")
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    _write_second(tmp_path / "out")
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "elsewhere" / MARKER).read_text() == "second"


def test_a_link_inside_the_output_is_never_written_through(tmp_path: Path) -> None:
    out = _earlier(tmp_path / "out")
    (tmp_path / "private").mkdir()
    (out / "stress" / "flow.csv").unlink()
    (out / "stress").rmdir()
    (out / "stress").symlink_to(tmp_path / "private", target_is_directory=True)
    with pytest.raises(OutputError, match="no folder"):
        _write_second(out)
    assert _entries(tmp_path / "private") == []
    assert (out / MARKER).read_text() == "first"


def test_whoever_works_inside_the_folder_stays_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = _earlier(tmp_path / "out")
    monkeypatch.chdir(out)
    _write_second(Path())
    assert Path("stress/flow.csv").read_text() == "second"


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_what_is_no_path_is_refused(name: str) -> None:
    with pytest.raises(OutputError):
        check_writable(Path(name))


def test_whoever_kills_a_run_leaves_the_earlier_output_and_nothing_else(tmp_path: Path) -> None:
    """Killed in the middle of the swap: the earlier output stands aside, the new one is not yet in its place."""
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    owner = {"process": killed.pid, "started": "1", "host": platform.node()}
    lock_file(tmp_path / "out").write_text(json.dumps(owner))
    for name in (f".out-{killed.pid}.earlier", f".out-{killed.pid}-abc.partial"):
        (tmp_path / name).mkdir()
        (tmp_path / name / MARKER).write_text(name)
    tidy_after_kill(tmp_path / "out")
    assert _entries(tmp_path) == ["out"]
    assert (tmp_path / "out" / MARKER).read_text().endswith(".earlier")


def test_a_folder_that_a_run_holds_is_not_tidied(tmp_path: Path) -> None:
    lock_file(tmp_path / "out").write_text(json.dumps({"process": 1, "started": "", "host": "elsewhere"}))
    (tmp_path / ".out-99-abc.partial").mkdir()
    tidy_after_kill(tmp_path / "out")
    assert len(_entries(tmp_path)) == 2
