"""Scenes are read wherever they are named from, and a file that is none does no harm to the next."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("slicer")

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.mrml.headless import new_scene
from QPerfusionLogic.mrml.nodes.marks import marked_nodes
from QPerfusionLogic.mrml.nodes.tables import Column, add_table
from QPerfusionLogic.mrml.scene_files import load_scene, save_scene


@pytest.fixture
def a_folder(tmp_path, monkeypatch):
    """The working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def a_small_scene(a_scene):
    add_table(a_scene, "Mine", [Column("value", [1.0])]).SetAttribute("QPerfusion.Role", "mine")
    return a_scene


def assert_holds_the_table(path):
    scene = new_scene()
    load_scene(scene, path)
    assert [node.GetName() for node in marked_nodes(scene, "mine")] == ["Mine"]


def test_a_scene_is_saved_and_read_by_a_relative_path(a_small_scene, a_folder):
    save_scene(a_small_scene, Path("new/study.mrb"))
    assert_holds_the_table(Path("new/study.mrb"))
    assert_holds_the_table(a_folder / "new" / "study.mrb")
    assert Path.cwd() == a_folder


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99], ids=["empty", "half", "cut at the end"])
def test_a_damaged_scene_is_refused_and_the_next_one_is_read(a_small_scene, a_folder, share):
    save_scene(a_small_scene, Path("study.mrb"))
    whole = Path("study.mrb").read_bytes()
    Path("damaged.mrb").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match="not a readable scene"):
        load_scene(new_scene(), Path("damaged.mrb"))
    assert Path.cwd() == a_folder
    assert_holds_the_table(Path("study.mrb"))


def test_an_archive_without_a_scene_is_refused_and_the_next_one_is_read(a_small_scene, a_folder):
    import zipfile

    with zipfile.ZipFile("other.mrb", "w") as archive:
        archive.writestr("readme.txt", "no scene")
    save_scene(a_small_scene, Path("study.mrb"))
    with pytest.raises(InputError, match="not a readable scene"):
        load_scene(new_scene(), Path("other.mrb"))
    assert Path.cwd() == a_folder
    assert_holds_the_table(Path("study.mrb"))


def test_a_scene_is_read_after_the_working_folder_was_removed(a_small_scene, a_folder, monkeypatch):
    save_scene(a_small_scene, a_folder / "study.mrb")
    (a_folder / "gone").mkdir()
    monkeypatch.chdir(a_folder / "gone")
    (a_folder / "gone").rmdir()
    assert_holds_the_table(a_folder / "study.mrb")
