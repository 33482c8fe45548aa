"""Perfusion series picked in the DICOM browser arrive in the scene as sequences with their times."""

from __future__ import annotations

import time

import numpy as np
import pytest
from host import dicom_lib, slicer_host

from QPerfusionLogic.scene.hierarchy import hierarchy_of
from QPerfusionLogic.scene.sequences import series_of
from QPerfusionLogic.study import SeriesKind, State


@pytest.fixture
def a_plugin(a_scene):
    dicom_lib.install()
    module = slicer_host.load_module_file(slicer_host.ROOT / "QPerfusion" / "DICOMQPerfusionPlugin.py")
    return module.DICOMQPerfusionPluginClass()


def write_files(folder, frames=12, slices=2, modality="MR", description="stress perfusion sa"):
    """Write a Siemens-like series, one file per slice and frame, and return its files in no order."""
    import pydicom
    from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

    files = []
    series_uid, study_uid = generate_uid(), generate_uid()
    for frame in range(frames):
        for item in range(slices):
            data = pydicom.Dataset()
            data.file_meta = pydicom.dataset.FileMetaDataset()
            data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = MRImageStorage
            data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
            data.StudyInstanceUID, data.SeriesInstanceUID = study_uid, series_uid
            data.PatientID, data.PatientName = "digital", "Digital^Patient"
            data.Modality, data.Manufacturer, data.SeriesNumber = modality, "SIEMENS", 7
            data.SeriesDescription = description
            data.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
            data.AcquisitionNumber, data.InstanceNumber = frame + 1, frame * slices + item + 1
            seconds = 36000 + frame * 0.8 + item * 0.2
            clock = f"{int(seconds // 3600):02d}{int(seconds % 3600 // 60):02d}{seconds % 60:09.6f}"
            data.AcquisitionTime = data.ContentTime = clock
            data.AcquisitionDate = data.ContentDate = data.StudyDate = "20260101"
            data.StudyTime = data.SeriesTime = "100000"
            data.ImagePositionPatient, data.ImageOrientationPatient = [0, 0, 10.0 * item], [1, 0, 0, 0, 1, 0]
            data.PixelSpacing, data.SliceThickness = [2.0, 2.0], 8
            data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
            data.Rows = data.Columns = 24
            data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
            pixels = np.full((24, 24), 100 + frame, np.uint16)
            data.PixelData = pixels.tobytes()
            path = folder / f"{generate_uid()}.dcm"
            data.save_as(path, enforce_file_format=True)
            files.append(str(path))
    return sorted(files)


def test_a_stress_series_is_recognised_and_loaded_with_its_times(a_plugin, a_scene, tmp_path):
    files = write_files(tmp_path)
    (loadable,) = a_plugin.examineForImport([files])
    assert loadable.name.startswith("stress perfusion series 7")
    assert loadable.selected
    assert "12 frames, 2 slices" in loadable.tooltip
    assert a_plugin.load(loadable)
    node = a_scene.GetFirstNodeByClass("vtkMRMLSequenceNode")
    assert place_in_the_tree(a_scene, node) == ["Digital^Patient (digital)", "study"]
    series = series_of(node, SeriesKind.TISSUE, State.STRESS)
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
