"""A study read back from nodes of a scene is the study that was put in, and wrong nodes are named."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pytest.importorskip("slicer")

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.series import Quantity, State
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.mrml.nodes.sequences import write_description
from QPerfusionLogic.mrml.nodes.tables import Column, add_table
from QPerfusionLogic.mrml.nodes.volumes import add_volume
from QPerfusionLogic.mrml.study.filling import fill_scene
from QPerfusionLogic.mrml.study.reading import StateNodes, study_from_scene


@pytest.fixture
def a_filled_scene(a_scene, a_result):
    return fill_scene(a_scene, a_result)


def nodes_of(study, state):
    return StateNodes(study.node("tissue", state), study.node("aif", state), study.node("segmentation", state))


def test_series_come_back_with_signal_times_geometry_and_protocol(a_filled_scene, a_result):
    study = study_from_scene(nodes_of(a_filled_scene, State.STRESS), nodes_of(a_filled_scene, State.REST))
    assert study.states == (State.STRESS, State.REST)
    given, found = a_result.states[State.REST].acquisition.tissue, study.rest.tissue
    np.testing.assert_array_equal(found.signal, given.signal)
    np.testing.assert_allclose(found.time_s, given.time_s, atol=1e-6)
    np.testing.assert_allclose(found.geometry.index_to_lps, given.geometry.index_to_lps, atol=1e-6)
    assert found.protocol == given.protocol
    assert found.source.time_source == "AcquisitionTime"
    assert study.rest.aif_series.image_shape == a_result.states[State.REST].acquisition.aif_series.image_shape


def test_a_scene_holds_neither_the_folder_nor_the_words_of_the_images(a_filled_scene, a_result):
    tissue = a_result.states[State.STRESS].acquisition.tissue
    node = a_filled_scene.node("tissue", State.STRESS)
    source = dataclasses.replace(tissue.source, path="/doe_john", description="stress doe_john 1937")
    write_description(node, dataclasses.replace(tissue, source=source))
    assert not any("doe_john" in node.GetAttribute(name) for name in node.GetAttributeNames())


def test_segmentation_comes_back_as_labels(a_filled_scene, a_result):
    study = study_from_scene(nodes_of(a_filled_scene, State.STRESS))
    np.testing.assert_array_equal(study.stress.mask.labels, a_result.states[State.STRESS].segmented.labels)


def test_edited_frame_time_moves_all_slices_of_its_frame(a_filled_scene, a_result):
    sequence = a_filled_scene.node("tissue", State.STRESS)
    sequence.UpdateIndexValue("0.7004", "0.8")
    series = study_from_scene(StateNodes(sequence)).stress.tissue
    given = a_result.states[State.STRESS].acquisition.tissue.time_s
    np.testing.assert_allclose(series.time_s[1], given[1] + 0.0996, atol=1e-6)
    np.testing.assert_allclose(series.time_s[2], given[2], atol=1e-6)


def test_a_table_names_its_quantity(a_scene, a_filled_scene):
    for unit, quantity in (("mmol/L", Quantity.GADOLINIUM), ("a.u.", Quantity.SIGNAL)):
        table = add_table(
            a_scene, "AIF", [Column("time", [0, 1000, 2000], "ms"), Column("blood", [0.0, 2.5, 1.0], unit)]
        )
        curve = study_from_scene(StateNodes(a_filled_scene.node("tissue", State.REST), table)).stress.aif_curve
        assert curve.quantity is quantity
        np.testing.assert_array_equal(curve.time_s, [0.0, 1.0, 2.0])


def test_t1_map_in_milliseconds_becomes_seconds(a_scene, a_filled_scene):
    values = np.full((2, 4, 5), 1250.0)
    values[0, 0, 0] = 0
    node = add_volume(a_scene, "T1", values, Geometry.axis_aligned(2))
    t1_map = study_from_scene(StateNodes(a_filled_scene.node("tissue", State.REST)), t1_map=node).t1_map
    assert t1_map.t1_s[1, 1, 1] == pytest.approx(1.25)
    assert np.isnan(t1_map.t1_s[0, 0, 0])


def test_no_series_is_refused(a_scene):
    with pytest.raises(InputError, match="a stress or a rest sequence"):
        study_from_scene(StateNodes(), None)


def test_sequence_without_images_is_named(a_scene):
    sequence = a_scene.AddNewNodeByClass("vtkMRMLSequenceNode", "Transforms")
    with pytest.raises(InputError, match="0 frames in the sequence Transforms"):
        study_from_scene(StateNodes(sequence))


def test_sequence_indexed_by_texts_is_named(a_scene, a_filled_scene):
    sequence = a_filled_scene.node("tissue", State.STRESS)
    sequence.SetIndexTypeFromString("text")
    sequence.UpdateIndexValue("0", "first")
    with pytest.raises(InputError, match="times in seconds"):
        study_from_scene(StateNodes(sequence))


def test_sequence_in_milliseconds_becomes_seconds(a_filled_scene):
    sequence = a_filled_scene.node("tissue", State.STRESS)
    sequence.SetAttribute("QPerfusion.TimeS", "")
    sequence.SetIndexUnit("ms")
    assert study_from_scene(StateNodes(sequence)).stress.tissue.time_s[1, 0] == pytest.approx(0.0007004)


def test_segmentation_with_unknown_names_is_refused(a_scene, a_filled_scene):
    import slicer

    node = a_scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Mine")
    segment = slicer.vtkSegment()
    segment.SetName("Liver")
    node.GetSegmentation().AddSegment(segment, "Liver")
    with pytest.raises(InputError, match="the segments Liver in Mine"):
        study_from_scene(StateNodes(a_filled_scene.node("tissue", State.REST), mask=node))
