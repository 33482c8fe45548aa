"""Studies that came under one name stay apart; renamed, copied and deleted nodes are no other study's."""

from __future__ import annotations

import pytest

pytest.importorskip("slicer")

import numpy as np
from host.stacks import STACKS, uneven_result

from QPerfusionLogic.data.series import State
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.mrml.headless import new_scene
from QPerfusionLogic.mrml.nodes.hierarchy import hierarchy_of, nodes_in
from QPerfusionLogic.mrml.nodes.marks import STUDY, marked_nodes
from QPerfusionLogic.mrml.scene_files import load_scene, save_scene
from QPerfusionLogic.mrml.study.filling import fill_scene, remove_study
from QPerfusionLogic.mrml.study.finding import study_named, study_names
from QPerfusionLogic.mrml.study.resuming import edits_in, job_to_export, job_to_resume, result_in_scene
from QPerfusionLogic.settings.schema import Settings

FIRST, SECOND = "Perfusion study", "Perfusion study 2"


@pytest.fixture(scope="module")
def two_files(tmp_path_factory):
    """Two studies in two files, each under the name that the command line gives it."""
    folder, files = tmp_path_factory.mktemp("files"), {}
    for name in ("right-handed", "left-handed"):
        scene = new_scene()
        result = uneven_result(STACKS[name])
        fill_scene(scene, result)
        save_scene(scene, folder / f"{name}.mrb")
        files[folder / f"{name}.mrb"] = result
        scene.Clear(True)
    return files


def loaded(files, read):
    scene = new_scene()
    for path in files:
        read(scene, path)
    return scene


def as_slicer_reads(scene, path):
    """Drag and drop, which knows nothing of QPerfusion."""
    assert scene.ReadFromMRB(str(path), False, None)


@pytest.fixture(scope="module", params=[load_scene, as_slicer_reads])
def a_scene_of_both(two_files, request):
    scene = loaded(two_files, request.param)
    yield scene
    scene.Clear(True)


def test_two_studies_of_one_name_are_two_studies(a_scene_of_both, two_files):
    assert study_names(a_scene_of_both) == [FIRST, SECOND]
    studies = [study_named(a_scene_of_both, name) for name in (FIRST, SECOND)]
    assert set(studies[0].nodes) == set(studies[1].nodes)
    for study, given in zip(studies, two_files.values(), strict=True):
        assert edits_in(study) == {}
        found = result_in_scene(study)[1].states[State.STRESS]
        expected = given.states[State.STRESS]
        np.testing.assert_allclose(
            found.acquisition.tissue.geometry.index_to_lps, expected.acquisition.tissue.geometry.index_to_lps
        )
        np.testing.assert_allclose(found.mapped.maps["mbf"], expected.mapped.maps["mbf"], rtol=1e-6)
        np.testing.assert_array_equal(found.segmented.labels, expected.segmented.labels)


def test_each_of_two_studies_of_one_name_has_its_folder(a_scene_of_both):
    hierarchy = hierarchy_of(a_scene_of_both)
    inside = []
    for name in study_names(a_scene_of_both):
        study = study_named(a_scene_of_both, name)
        assert hierarchy.GetItemName(study.folder) == name
        inside.append({node.GetID() for node in nodes_in(a_scene_of_both, study.folder)})
        assert {node.GetID() for node in study.nodes.values()} <= inside[-1]
    assert not inside[0] & inside[1]


def test_removing_one_of_two_studies_of_one_name_leaves_the_other_whole(two_files):
    scene = loaded(two_files, as_slicer_reads)
    first, second = study_names(scene)
    before = set(study_named(scene, second).nodes)
    remove_study(scene, first)
    assert study_names(scene) == [second]
    assert set(study_named(scene, second).nodes) == before
    scene.Clear(True)


@pytest.fixture
def a_study(a_scene, a_result):
    fill_scene(a_scene, a_result)
    return a_scene


def test_a_study_whose_folder_was_renamed_is_found_and_removed(a_study, tmp_path):
    hierarchy_of(a_study).SetItemName(study_named(a_study, FIRST).folder, "Mrs. Smith")
    save_scene(a_study, tmp_path / "study.mrb")
    scene = new_scene()
    load_scene(scene, tmp_path / "study.mrb")
    folder = study_named(scene, FIRST).folder
    assert hierarchy_of(scene).GetItemName(folder) == "Mrs. Smith"
    remove_study(scene, FIRST)
    assert study_names(scene) == []
    assert hierarchy_of(scene).GetItemByName("Mrs. Smith") == 0


def test_a_folder_of_the_user_with_the_name_of_the_study_is_not_the_study(a_study):
    folder = study_named(a_study, FIRST).folder
    hierarchy = hierarchy_of(a_study)
    hierarchy.SetItemName(folder, "Mrs. Smith")
    own = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), FIRST)
    assert study_named(a_study, FIRST).folder == folder
    remove_study(a_study, FIRST)
    assert hierarchy.GetItemName(own) == FIRST


def test_a_copy_of_a_map_is_not_the_map(a_study):
    (map_node,) = marked_nodes(a_study, "map:mbf", State.STRESS)
    copy = a_study.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Smoothed")
    copy.Copy(map_node)
    copy.SetName("Smoothed")
    assert copy.GetAttribute(STUDY) == FIRST
    assert study_named(a_study, FIRST).node("map:mbf", State.STRESS).GetID() == map_node.GetID()


def test_a_state_whose_series_was_deleted_is_not_left_out_in_silence(a_study):
    a_study.RemoveNode(study_named(a_study, FIRST).node("tissue", State.REST))
    for begin in (
        lambda: job_to_export(a_study, FIRST, Settings(), "out", False),
        lambda: job_to_resume(a_study, FIRST, {}, resume_from="kinetics"),
    ):
        with pytest.raises(InputError, match="no raw series of rest in the study Perfusion study"):
            begin()


def test_deleted_maps_and_tables_are_no_edit(a_study):
    study = study_named(a_study, FIRST)
    for role in ("map:delay", "table:aif", "insertion_points", "browser"):
        a_study.RemoveNode(study.node(role, State.STRESS))
    a_study.RemoveNode(study.node("table:segments"))
    assert edits_in(study_named(a_study, FIRST)) == {}
