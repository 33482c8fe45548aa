"""Perfusion series picked in the DICOM browser arrive in the scene as sequences with their times."""

from __future__ import annotations

import time

import numpy as np
import pytest
from host import dicom_lib, slicer_host
from host.dicom_series import write_files

from QPerfusionLogic.data.series import SeriesKind, State
from QPerfusionLogic.mrml.nodes.hierarchy import hierarchy_of
from QPerfusionLogic.mrml.nodes.sequences import series_of_sequence


@pytest.fixture
def a_plugin(a_scene):
    dicom_lib.install()
    module = slicer_host.load_module_file(slicer_host.ROOT / "QPerfusion" / "DICOMQPerfusionPlugin.py")
    return module.DICOMQPerfusionPluginClass()


def test_a_stress_series_is_recognised_and_loaded_with_its_times(a_plugin, a_scene, tmp_path):
    files = write_files(tmp_path)
    (loadable,) = a_plugin.examineForImport([files])
    assert loadable.name.startswith("stress perfusion series 7")
    assert loadable.selected
    assert "12 frames, 2 slices" in loadable.tooltip
    assert a_plugin.load(loadable)
    node = a_scene.GetFirstNodeByClass("vtkMRMLSequenceNode")
    assert place_in_the_tree(a_scene, node) == ["Digital^Patient (digital)", "study"]
    series = series_of_sequence(node, SeriesKind.TISSUE, State.STRESS)
    expected = 0.8 * np.arange(12)[:, None] + [0.0, 0.2]
    np.testing.assert_allclose(np.sort(series.time_s, axis=1), expected, atol=1e-4)
    np.testing.assert_array_equal(series.signal[:, 0, 0, 0], 100 + np.arange(12))


def place_in_the_tree(scene, node):
    """Return patient and study above a node in the subject hierarchy; the study has its level, for it has no name."""
    tree = hierarchy_of(scene)
    study = tree.GetItemParent(tree.GetItemByDataNode(node))
    return [tree.GetItemName(tree.GetItemParent(study)), tree.GetItemLevel(study).lower()]


def test_a_loaded_series_is_guessed_by_the_panel(a_plugin, a_panel, a_scene, tmp_path):
    (loadable,) = a_plugin.examineForImport([write_files(tmp_path)])
    a_plugin.load(loadable)
    a_panel.ui.guessButton.click()
    assert a_panel.ui.stressSelector.currentNode() is a_scene.GetFirstNodeByClass("vtkMRMLSequenceNode")


@pytest.mark.parametrize(
    "kind", [{"modality": "CT"}, {"frames": 1, "slices": 12, "description": "cine"}], ids=["ct", "a stack"]
)
def test_other_series_are_left_to_other_plugins_at_once(a_plugin, tmp_path, kind):
    files = write_files(tmp_path, **kind)
    started = time.perf_counter()
    assert a_plugin.examineForImport([files]) == []
    assert time.perf_counter() - started < 0.2


def test_the_patient_is_named_in_slicers_tree_alone(a_plugin, a_scene, tmp_path):
    (loadable,) = a_plugin.examineForImport([write_files(tmp_path)])
    a_plugin.load(loadable)
    for index in range(a_scene.GetNumberOfNodes()):
        node = a_scene.GetNthNode(index)
        attributes = " ".join(str(node.GetAttribute(name)) for name in node.GetAttributeNames())
        assert "digital" not in f"{node.GetName()} {node.GetDescription()} {attributes}".lower()


def test_slicer_finds_the_plugin(a_plugin):
    import types

    import slicer

    module = slicer_host.load_module_file(slicer_host.ROOT / "QPerfusion" / "DICOMQPerfusionPlugin.py")
    module.DICOMQPerfusionPlugin(types.SimpleNamespace())
    assert slicer.modules.dicomPlugins["DICOMQPerfusionPlugin"] is module.DICOMQPerfusionPluginClass


def test_player_and_volume_are_below_the_patient_and_study_of_their_series(a_plugin, a_scene, tmp_path, monkeypatch):
    from QPerfusionLogic.mrml.nodes.hierarchy import add_folder, hierarchy_of, put_into

    study = add_folder(a_scene, "study", add_folder(a_scene, "patient"))
    monkeypatch.setattr(a_plugin, "addSeriesInSubjectHierarchy", lambda of, node: put_into(a_scene, study, node))
    (loadable,) = a_plugin.examineForImport([write_files(tmp_path)])
    assert a_plugin.load(loadable)
    hierarchy = hierarchy_of(a_scene)
    for kind in ("vtkMRMLSequenceNode", "vtkMRMLSequenceBrowserNode", "vtkMRMLScalarVolumeNode"):
        node = a_scene.GetFirstNodeByClass(kind)
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study, kind
