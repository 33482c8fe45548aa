"""The command line from files to the output folder, on a small drawn heart."""

from __future__ import annotations

import csv
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from QPerfusionLogic.cli.main import main
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.io.files.nrrd_files import read_labels, read_map, read_sequence, write_labels

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ("conversion.mode=concentration", "kinetics.delay=0", "kinetics.model=one_compartment")


def _arguments(study: Path, output: Path, *more: str, settings: tuple[str, ...] = SETTINGS) -> list[str]:
    given = [part for setting in settings for part in ("--set", setting)]
    for state in ("stress", "rest"):
        given += [f"--{state}", str(study / f"{state}.seq.nrrd"), f"--{state}-aif", str(study / f"{state}_aif.csv")]
        given += [f"--{state}-mask", str(study / "mask.nrrd")]
    return ["quantify", *given, "--output", str(output), *more]


@pytest.fixture(scope="module")
def output(drawn_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "out"
    assert main(_arguments(drawn_study, folder)) == 0
    return folder


def test_every_file_of_the_contract_is_there(output: Path) -> None:
    top = {"report.html", "study.mrb", "segments.csv", "provenance.json", "warnings.json", "mpr.nrrd", "stress", "rest"}
    assert top <= {path.name for path in output.iterdir()}
    inside = {"registered.seq.nrrd", "motion.seq.nrrd", "frames.csv", "labels.nrrd", "landmarks.json", "aif.csv"}
    for state in ("stress", "rest"):
        assert inside | {"gd.seq.nrrd", "maps", "curves.csv"} <= {path.name for path in (output / state).iterdir()}
        assert {"mbf", "mbf_se", "delay", "r2", "status"} <= {path.stem for path in (output / state / "maps").iterdir()}


def test_flow_of_the_drawn_heart_is_found(output: Path) -> None:
    labels = read_labels(output / "stress" / "labels.nrrd").labels
    for state, flow in (("stress", 2.4), ("rest", 0.9)):
        mbf, _ = read_map(output / state / "maps" / "mbf.nrrd")
        assert np.nanmedian(mbf[labels == 1]) == pytest.approx(flow, rel=0.05)


def test_segments_csv_has_the_columns_of_the_contract(output: Path) -> None:
    with (output / "segments.csv").open() as file:
        rows = list(csv.DictReader(file))
    expected = "segment,territory,layer,stress_mbf,stress_se,rest_mbf,rest_se,mpr,mpr_se,n_pixels,flags"
    assert ",".join(rows[0]) == expected
    mid = [float(row["mpr"]) for row in rows if row["layer"] == "all" and row["mpr"] and row["segment"] != "0"]
    assert np.median(mid) == pytest.approx(2.4 / 0.9, rel=0.07)


def test_motion_of_a_still_heart_is_small(output: Path) -> None:
    motion = read_sequence(output / "stress" / "motion.seq.nrrd").values
    assert motion.shape == (50, 1, 72, 72, 3)
    assert np.abs(motion).max() < 1.5


def test_provenance_names_no_path_and_repeats_every_byte_of_the_result(
    output: Path, drawn_study: Path, tmp_path: Path
) -> None:
    text = (output / "provenance.json").read_text()
    assert str(drawn_study) not in text
    again = tmp_path / "again"
    repeat = ("--settings", str(output / "provenance.json"))
    assert main(_arguments(drawn_study, again, *repeat, settings=())) == 0
    # Slicer's numbers of tree items run on within one process, so the scene differs here and not in a run of its own.
    differing = ("timings.json", "inputs.json", "checksums.json", "study.mrb")
    first, second = (
        {
            path.relative_to(folder): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and path.name not in differing
        }
        for folder in (output, again)
    )
    assert len(first) > 40
    assert [str(path) for path in first if first[path] != second.get(path)] == []
    assert first.keys() == second.keys()


def test_an_edited_contour_is_used_when_the_run_is_resumed(drawn_study: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert main(_arguments(drawn_study, folder, "--stop-after", "segmentation")) == 0
    assert not (folder / "report.html").exists()
    edited = read_labels(folder / "rest" / "labels.nrrd").labels.copy()
    edited[0, :36][edited[0, :36] == 1] = 0
    write_labels(folder / "rest" / "labels.nrrd", edited, Geometry.axis_aligned(1, (2.0, 2.0)))
    assert main(_arguments(drawn_study, folder, "--resume-from", "aif")) == 0
    np.testing.assert_array_equal(read_labels(folder / "rest" / "labels.nrrd").labels, edited)
    assert not read_labels(folder / "rest" / "segments.nrrd").labels[0, :36].any()
    assert (folder / "report.html").exists()


def test_a_report_is_written_again_from_the_folder_alone(output: Path, drawn_study: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    shutil.copytree(output, folder)
    before = (folder / "segments.csv").read_text()
    (folder / "report.html").unlink()
    assert main(_arguments(drawn_study, folder, "--resume-from", "reporting")) == 0
    assert (folder / "report.html").exists()
    assert (folder / "segments.csv").read_text() == before


def _fails(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one line of an error with exit code 2."""
    assert main(arguments) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("qperfusion: found ")
    return lines[0]


def test_an_unknown_setting_is_refused(drawn_study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = _fails(_arguments(drawn_study, tmp_path / "out", "--set", "kinetics.modell=fermi"), capsys)
    assert "kinetics.modell" in line
    assert list(tmp_path.iterdir()) == []


def test_a_mask_of_another_size_is_refused(
    drawn_study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_labels(tmp_path / "small.nrrd", np.ones((1, 40, 40), np.uint8), Geometry.axis_aligned(1))
    arguments = _arguments(drawn_study, tmp_path / "out")
    arguments[arguments.index("--rest-mask") + 1] = str(tmp_path / "small.nrrd")
    line = _fails(arguments, capsys)
    assert "40" in line
    assert "72" in line
    assert [path.name for path in tmp_path.iterdir()] == ["small.nrrd"]


def test_an_empty_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    _fails(["quantify", str(tmp_path / "empty"), "--output", str(tmp_path / "out")], capsys)
    _fails(["inspect", str(tmp_path / "empty")], capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_resuming_without_an_earlier_run_is_refused(
    drawn_study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "no earlier output" in _fails(_arguments(drawn_study, tmp_path / "out", "--resume-from", "aif"), capsys)


def test_an_unknown_stage_is_refused(drawn_study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "one of" in _fails(_arguments(drawn_study, tmp_path / "out", "--stop-after", "fitting"), capsys)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_output_folder_without_permission_is_refused(
    drawn_study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o500)
    assert "permission" in _fails(_arguments(drawn_study, tmp_path / "out"), capsys)


def test_a_full_disk_is_said_and_nothing_half_written_remains(drawn_study: Path, tmp_path: Path) -> None:
    """A limit on the size of files stands in for the full disk: the system refuses the write in the same place."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    found = subprocess.run(
        [sys.executable, "-m", "QPerfusionLogic.cli.main", *_arguments(drawn_study, tmp_path / "out")],
        cwd=ROOT,
        env=os.environ | {"NUMBA_DISABLE_JIT": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 2, found.stderr
    assert "no space" in found.stderr
    assert list(tmp_path.iterdir()) == []


def test_machines_read_json_lines(drawn_study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(_arguments(drawn_study, tmp_path / "out", "--stop-after", "segmentation", "--json")) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    fractions = [line["progress"] for line in lines if "progress" in line]
    assert fractions == sorted(fractions)
    assert lines[-1]["output"] == str(tmp_path / "out")
