"""Sequences go from us to Slicer's own storage node and back."""

import numpy as np
import pytest

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.io.files.nrrd_files import read_sequence, write_sequence

slicer = pytest.importorskip("slicer")
TIMES = np.array([0.0, 0.7, 1.45, 2.9])
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@pytest.fixture
def a_scene():
    scene = slicer.vtkMRMLScene()
    yield scene
    scene.Clear(True)


@pytest.fixture
def a_geometry():
    matrices = np.tile(np.eye(4), (3, 1, 1))
    matrices[:, :3, :3] = np.array([[0.0, 0.0, 8.0], [2.0, 0.0, 0.0], [0.0, 3.0, 0.0]])
    matrices[:, :3, 3] = np.array([7.0, -8.0, 9.0]) + np.arange(3)[:, None] * matrices[0, :3, 2]
    return Geometry(matrices)


def stored(scene, path):
    storage = slicer.vtkMRMLVolumeSequenceStorageNode()
    scene.AddNode(storage)
    storage.SetFileName(str(path))
    return storage


def array_of(volume):
    from vtk.util.numpy_support import vtk_to_numpy

    image = volume.GetImageData()
    values = vtk_to_numpy(image.GetPointData().GetScalars())
    return values.reshape(*image.GetDimensions()[::-1], -1).squeeze(-1 if values.ndim == 1 else ())


def ijk_to_ras(volume):
    import vtk

    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return np.array([[matrix.GetElement(i, j) for j in range(4)] for i in range(4)])


@pytest.mark.parametrize("components", [0, 2, 3])
def test_slicer_reads_the_images_times_and_geometry_that_we_write(components, a_scene, a_geometry, tmp_path):
    shape = (4, 3, 5, 6) + ((components,) if components else ())
    values = np.random.default_rng(3).normal(size=shape).astype(np.float32)
    write_sequence(tmp_path / "a.seq.nrrd", values, TIMES, a_geometry)
    sequence = a_scene.AddNewNodeByClass("vtkMRMLSequenceNode")
    assert stored(a_scene, tmp_path / "a.seq.nrrd").ReadData(sequence)
    found = [float(sequence.GetNthIndexValue(k)) for k in range(sequence.GetNumberOfDataNodes())]
    np.testing.assert_allclose(found, TIMES)
    assert (sequence.GetIndexName(), sequence.GetIndexUnit()) == ("time", "s")
    volume = sequence.GetNthDataNode(2)
    np.testing.assert_allclose(array_of(volume), values[2])
    np.testing.assert_allclose(ijk_to_ras(volume), LPS_TO_RAS @ a_geometry.stack_to_lps, atol=1e-6)


def test_we_read_what_slicer_wrote_after_reading_ours(a_scene, a_geometry, tmp_path):
    values = np.random.default_rng(4).normal(size=(4, 3, 5, 6)).astype(np.float32)
    write_sequence(tmp_path / "a.seq.nrrd", values, TIMES, a_geometry)
    sequence = a_scene.AddNewNodeByClass("vtkMRMLSequenceNode")
    assert stored(a_scene, tmp_path / "a.seq.nrrd").ReadData(sequence)
    assert stored(a_scene, tmp_path / "b.seq.nrrd").WriteData(sequence)
    found = read_sequence(tmp_path / "b.seq.nrrd")
    np.testing.assert_allclose(found.values, values)
    np.testing.assert_allclose(found.time_s[:, 0], TIMES)
    np.testing.assert_allclose(found.geometry.index_to_lps, a_geometry.index_to_lps, atol=1e-6)


def test_a_left_handed_stack_keeps_its_place_where_slicer_flips_its_slices(a_scene, a_geometry, tmp_path):
    left_handed = Geometry(a_geometry.index_to_lps[::-1])
    values = np.random.default_rng(5).normal(size=(4, 3, 5, 6)).astype(np.float32)
    write_sequence(tmp_path / "a.seq.nrrd", values, TIMES, left_handed)
    sequence = a_scene.AddNewNodeByClass("vtkMRMLSequenceNode")
    assert stored(a_scene, tmp_path / "a.seq.nrrd").ReadData(sequence)
    volume = sequence.GetNthDataNode(1)
    np.testing.assert_allclose(ijk_to_ras(volume), LPS_TO_RAS @ a_geometry.stack_to_lps, atol=1e-6)
    np.testing.assert_allclose(array_of(volume), values[1, ::-1])
