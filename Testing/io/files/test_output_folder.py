from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from QPerfusionLogic.errors import OutputError
from QPerfusionLogic.io.files.output_folder import MARKER, check_writable, writing, writing_file


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
