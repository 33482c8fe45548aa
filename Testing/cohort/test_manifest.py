"""Reading a manifest: what is right, and one line for whatever is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from QPerfusionLogic.cohort.manifest import read_manifest
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.settings.schema import Settings


@pytest.fixture
def a_folder(tmp_path: Path) -> Path:
    (tmp_path / "dicom").mkdir()
    return tmp_path


def written(folder: Path, *lines: str) -> Path:
    path = folder / "manifest.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_paths_count_from_the_folder_of_the_manifest(a_folder: Path) -> None:
    manifest = read_manifest(written(a_folder, "id,study", "one,dicom"))
    assert manifest.studies[0].request.study == a_folder / "dicom"


def test_empty_cells_are_not_given(a_folder: Path) -> None:
    manifest = read_manifest(written(a_folder, "id,study,stress,t1_map", "one,dicom,,"))
    assert set(manifest.studies[0].request.given) == {"study"}


def test_a_column_of_one_setting_changes_it_for_its_row_alone(a_folder: Path) -> None:
    manifest = read_manifest(written(a_folder, "id,study,kinetics.model", "one,dicom,fermi", "two,dicom,"))
    assert [row.settings.kinetics.model for row in manifest.studies] == ["fermi", "btex_mixing_cells"]


def test_a_settings_file_of_a_row_stands_in_for_those_of_the_cohort(a_folder: Path) -> None:
    (a_folder / "own.json").write_text('{"kinetics": {"hematocrit": 0.35}}')
    path = written(a_folder, "id,study,settings", "one,dicom,own.json", "two,dicom,")
    manifest = read_manifest(path, Settings().with_value("kinetics.hematocrit", 0.5))
    assert [row.settings.kinetics.hematocrit for row in manifest.studies] == [0.35, 0.5]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (",dicom,", "id ''"),
        ("../up,dicom,", "names a folder"),
        ("two,,", "no input"),
        ("two,nowhere,", "nothing at"),
        ("two,dicom,no_model", "one of btex"),
        ("ONE,dicom,", "a second time"),
        ("two,dicom", "another number of cells"),
        ("two,dicom,,,", "another number of cells"),
    ],
)
def test_a_wrong_row_is_told_in_one_line_and_the_others_stay(a_folder: Path, row: str, words: str) -> None:
    manifest = read_manifest(written(a_folder, "id,study,kinetics.model", "one,dicom,", row))
    assert [study.id for study in manifest.studies] == ["one"]
    assert len(manifest.wrong) == 1
    assert manifest.wrong[0].line == 3
    assert words in manifest.wrong[0].message


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("study", "dicom"), "expected id"),
        (("id,study,weight", "one,dicom,80"), "columns id, study, weight"),
        (("id,study,kinetics.speed", "one,dicom,80"), "kinetics.speed"),
        (("id,study,study", "one,dicom,dicom"), "each once"),
        (("id,study",), "no row"),
    ],
)
def test_a_wrong_table_is_refused(a_folder: Path, lines: tuple[str, ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_manifest(written(a_folder, *lines))


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no readable manifest"):
        read_manifest(tmp_path / "absent.csv")
