"""Legacy MultiVolume nodes become sequences in seconds, once."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("slicer")

import vtk
from vtk.util import numpy_support

from QPerfusionLogic.data.series import SeriesKind, State
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.mrml.nodes.multivolume import LABELS, add_sequence_of, legacy_nodes
from QPerfusionLogic.mrml.nodes.sequences import series_of_sequence
from QPerfusionLogic.mrml.nodes.volumes import LPS_TO_RAS, as_vtk_matrix


@pytest.fixture
def a_multivolume(a_scene, an_oblique_geometry):
    """Ten frames as components, as the MultiVolume importer left them; the class itself is not in slicer-core."""
    node = a_scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "stress perfusion")
    values = np.random.default_rng(1).uniform(0, 100, (3, 6, 7, 10)).astype(np.float32)
    data = vtk.vtkImageData()
    data.SetDimensions(7, 6, 3)
    data.GetPointData().SetScalars(numpy_support.numpy_to_vtk(values.reshape(-1, 10), deep=True))
    node.SetAndObserveImageData(data)
    node.SetIJKToRASMatrix(as_vtk_matrix(LPS_TO_RAS @ an_oblique_geometry.stack_to_lps))
    node.SetAttribute(LABELS, ",".join(str(812.5 * frame) for frame in range(10)))
    return node, values


def test_frames_and_times_become_a_sequence_in_seconds(a_scene, a_multivolume, an_oblique_geometry):
    node, values = a_multivolume
    series = series_of_sequence(add_sequence_of(a_scene, node), SeriesKind.TISSUE, State.STRESS)
    np.testing.assert_array_equal(series.signal, np.moveaxis(values, -1, 0))
    np.testing.assert_allclose(series.time_s[:, 0], 0.8125 * np.arange(10))
    np.testing.assert_allclose(series.geometry.stack_to_lps, an_oblique_geometry.stack_to_lps, atol=1e-5)


def test_a_node_is_converted_once(a_scene, a_multivolume):
    assert legacy_nodes(a_scene) == [a_multivolume[0]]
    add_sequence_of(a_scene, a_multivolume[0])
    assert legacy_nodes(a_scene) == []


def test_times_that_do_not_fit_are_refused(a_scene, a_multivolume):
    a_multivolume[0].SetAttribute(LABELS, "0,1,2")
    with pytest.raises(InputError, match="3 times for 10 frames"):
        add_sequence_of(a_scene, a_multivolume[0])
