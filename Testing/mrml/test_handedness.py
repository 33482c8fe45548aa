"""Studies on left- and right-handed, straight and oblique stacks come back from a file as they were.

Slicer 5.12.3 reverses the slices of left-handed volumes when it reads them (vtkMRMLVolumeArchetypeStorageNode.cxx:530
with vtkMRMLVolumeNode.cxx:1484) and leaves sequences as they are (vtkMRMLVolumeSequenceStorageNode.cxx:72-243);
slicer-core 5.12.4 reverses both. Neither reverses segmentations.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("slicer")

import slicer
import vtk
from host.stacks import STACKS, native_t1, uneven_result
from vtk.util import numpy_support

from QPerfusionLogic.data.series import SeriesKind, State
from QPerfusionLogic.io.files.nrrd_files import read_sequence, write_labels, write_sequence
from QPerfusionLogic.mrml.headless import new_scene
from QPerfusionLogic.mrml.nodes.hierarchy import nodes_in
from QPerfusionLogic.mrml.nodes.segmentations import labels_of
from QPerfusionLogic.mrml.nodes.sequences import frames_of, series_of_sequence
from QPerfusionLogic.mrml.nodes.tables import column_names, column_values
from QPerfusionLogic.mrml.nodes.volumes import (
    LPS_TO_RAS,
    as_array,
    as_vtk_matrix,
    geometry_of_volume,
    image_of,
    set_image,
    stored_image,
)
from QPerfusionLogic.mrml.scene_files import load_scene, save_scene
from QPerfusionLogic.mrml.study.exporting import write_nifti
from QPerfusionLogic.mrml.study.filling import fill_scene
from QPerfusionLogic.mrml.study.finding import study_named, study_names
from QPerfusionLogic.mrml.study.reading import StateNodes, study_from_scene
from QPerfusionLogic.mrml.study.resuming import edits_in, job_to_export, job_to_resume, result_in_scene, stages_done
from QPerfusionLogic.mrml.views.editing import turn_segments
from QPerfusionLogic.mrml.views.pixels import curve_at, map_values, pixel_at, segment_at
from QPerfusionLogic.pipeline.job import FROM_EDITS
from QPerfusionLogic.settings.schema import Settings

OTHERS = "Another study"


def through_a_file(scene, path):
    save_scene(scene, path)
    opened = new_scene()
    load_scene(opened, path)
    return opened


@pytest.fixture(scope="module")
def a_filled_scene(a_result_on, a_stack):
    """The study, and before it another one on a stack of the other handedness."""
    scene = new_scene()
    other = STACKS["left-handed" if a_stack is STACKS["right-handed"] else "right-handed"]
    fill_scene(scene, uneven_result(other), OTHERS)
    fill_scene(scene, a_result_on, t1_map=native_t1(a_stack))
    yield scene
    scene.Clear(True)


@pytest.fixture(scope="module")
def a_reopened_scene(a_filled_scene, tmp_path_factory):
    scene = through_a_file(a_filled_scene, tmp_path_factory.mktemp("scene") / "study.mrb")
    yield scene
    scene.Clear(True)


@pytest.fixture
def a_reopened_study(a_reopened_scene):
    return study_named(a_reopened_scene, "Perfusion study")


def assert_same_series(found, given):
    np.testing.assert_allclose(found.geometry.index_to_lps, given.geometry.index_to_lps, atol=1e-6)
    np.testing.assert_allclose(found.signal, given.signal, rtol=1e-6)
    np.testing.assert_allclose(found.time_s, given.time_s, atol=1e-6)
    for name in ("proton_density", "second_echo"):
        if getattr(given, name) is not None:
            np.testing.assert_allclose(getattr(found, name), getattr(given, name), rtol=1e-6)


def assert_same_result(found, given):
    for state, expected in given.states.items():
        state_result = found.states[state]
        assert_same_series(state_result.acquisition.tissue, expected.acquisition.tissue)
        assert_same_series(state_result.acquisition.aif_series, expected.acquisition.aif_series)
        assert_same_series(state_result.acquisition.pre_bolus, expected.acquisition.pre_bolus)
        registered, segmented = state_result.registered, state_result.segmented
        assert_same_series(registered.series, expected.registered.series)
        np.testing.assert_array_equal(registered.kept, expected.registered.kept)
        assert registered.reason == expected.registered.reason
        np.testing.assert_allclose(registered.displacement_mm, expected.registered.displacement_mm, atol=1e-4)
        np.testing.assert_allclose(registered.heart_centre, expected.registered.heart_centre)
        for name in ("labels", "segments", "layers", "aif_region", "confidence"):
            np.testing.assert_array_equal(getattr(segmented, name), getattr(expected.segmented, name), err_msg=name)
        np.testing.assert_allclose(segmented.insertion_points, expected.segmented.insertion_points, atol=1e-3)
        np.testing.assert_allclose(state_result.concentration.gd_mmol_l, expected.concentration.gd_mmol_l, rtol=1e-5)
        np.testing.assert_allclose(state_result.concentration.time_s, expected.concentration.time_s, atol=1e-6)
        np.testing.assert_array_equal(state_result.concentration.saturated, expected.concentration.saturated)
        for name, values in expected.mapped.maps.items():
            np.testing.assert_allclose(state_result.mapped.maps[name], values, rtol=1e-6, err_msg=name)
        assert repr(state_result.mapped.segments) == repr(expected.mapped.segments)
    np.testing.assert_allclose(found.mpr_map, given.mpr_map, rtol=1e-6)
    np.testing.assert_allclose(found.stress_to_rest_mm, given.stress_to_rest_mm)


def test_a_saved_study_comes_back_as_it_was(a_reopened_study, a_result_on):
    assert_same_result(result_in_scene(a_reopened_study)[1], a_result_on)


def test_a_study_that_is_not_saved_reads_as_it_was(a_filled_scene, a_result_on):
    assert_same_result(result_in_scene(study_named(a_filled_scene, "Perfusion study"))[1], a_result_on)


def test_a_study_saved_twice_comes_back_as_it_was(a_reopened_scene, a_result_on, tmp_path):
    again = through_a_file(a_reopened_scene, tmp_path / "again.mrb")
    assert_same_result(result_in_scene(study_named(again, "Perfusion study"))[1], a_result_on)


def test_nothing_is_edited_in_a_study_that_was_saved_and_opened(a_reopened_scene):
    for name in study_names(a_reopened_scene):
        assert edits_in(study_named(a_reopened_scene, name)) == {}


def test_a_study_that_was_opened_can_be_exported_and_resumed(a_reopened_scene, a_result_on):
    assert stages_done(study_named(a_reopened_scene, "Perfusion study"))[-1] == "kinetics"
    assert_same_result(
        job_to_export(a_reopened_scene, "Perfusion study", Settings(), "out", False).earlier, a_result_on
    )
    assert_same_result(job_to_resume(a_reopened_scene, "Perfusion study", {}, resume_from="aif").earlier, a_result_on)


def test_the_other_study_comes_back_beside_it(a_filled_scene, a_reopened_scene):
    assert study_names(a_reopened_scene) == [OTHERS, "Perfusion study"]
    found, given = (result_in_scene(study_named(scene, OTHERS))[1] for scene in (a_reopened_scene, a_filled_scene))
    assert_same_result(found, given)


def test_the_t1_map_comes_back_at_its_place(a_reopened_study, a_stack):
    given, found = native_t1(a_stack), result_in_scene(a_reopened_study)[0].t1_map
    np.testing.assert_allclose(found.t1_s, given.t1_s, rtol=1e-6)
    np.testing.assert_allclose(found.geometry.index_to_lps, given.geometry.index_to_lps, atol=1e-6)


def test_tables_charts_and_folders_come_back(a_filled_scene, a_reopened_scene):
    before, after = (study_named(scene, "Perfusion study") for scene in (a_filled_scene, a_reopened_scene))
    assert set(before.nodes) == set(after.nodes)
    for key, node in before.nodes.items():
        if node.IsA("vtkMRMLTableNode"):
            for name in column_names(node):
                given, found = (np.array(column_values(table.nodes[key], name)) for table in (before, after))
                if given.dtype.kind == "f":
                    # Slicer writes tables with six digits.
                    np.testing.assert_allclose(found, given, rtol=1e-5, atol=1e-9, err_msg=f"{key} {name}")
                else:
                    assert list(found) == list(given), (key, name)
                assert after.nodes[key].GetColumnUnitLabel(name) == node.GetColumnUnitLabel(name)
    inside = {node.GetID() for node in nodes_in(a_reopened_scene, after.folder)}
    assert {node.GetID() for node in after.nodes.values()} <= inside


@pytest.mark.parametrize("role", ["map:mbf", "segments", "layers", "volume:registered"])
def test_what_slicer_shows_lies_where_it_was_measured(a_reopened_study, a_result_on, a_stack, role):
    """Of evenly spaced slices; the others are shown at their mean step."""
    result, node = a_result_on.states[State.STRESS], a_reopened_study.node(role, State.STRESS)
    truth = {
        "map:mbf": result.mapped.maps["mbf"],
        "segments": result.segmented.segments,
        "layers": result.segmented.layers,
        "volume:registered": result.registered.series.signal[0],
    }[role]
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    assert matrix.Determinant() > 0
    to_index = np.linalg.inv(LPS_TO_RAS @ as_array(matrix))
    for item in range(3):
        lps = a_stack.index_to_lps[item] @ np.array([26.0, 20.0, 0.0, 1.0])
        column, row, kept_at = np.rint((to_index @ lps)[:3]).astype(int)
        np.testing.assert_allclose(stored_image(node)[kept_at, row, column], truth[item, 20, 26], rtol=1e-6)


def test_the_cursor_reads_the_pixel_under_it(a_reopened_study, a_result_on, a_stack):
    result = a_result_on.states[State.REST]
    for item in range(3):
        row, column = 20, 16 + 2 * item
        lps = a_stack.index_to_lps[item] @ np.array([column, row, 0.0, 1.0])
        pixel = pixel_at(a_reopened_study, State.REST, (-lps[0], -lps[1], lps[2]))
        assert (pixel.slice_index, pixel.row, pixel.column) == (item, row, column)
        assert segment_at(a_reopened_study, pixel) == result.segmented.segments[item, row, column]
        values = map_values(a_reopened_study, pixel)
        assert values["mbf"] == pytest.approx(result.mapped.maps["mbf"][item, row, column], nan_ok=True)
        time_s, curve = curve_at(a_reopened_study, pixel)
        np.testing.assert_allclose(time_s, result.concentration.time_s[:, item], atol=1e-6)
        np.testing.assert_allclose(curve, result.concentration.gd_mmol_l[:, item, row, column], rtol=1e-5)


def test_segments_turn_alike_before_and_after(a_filled_scene, a_stack, a_result_on, tmp_path):
    reopened = through_a_file(a_filled_scene, tmp_path / "study.mrb")
    found = []
    for scene in (a_filled_scene, reopened):
        study = study_named(scene, "Perfusion study")
        before = image_of(study.node("segments", State.STRESS))
        assert turn_segments(study, State.STRESS)
        found.append(image_of(study.node("segments", State.STRESS)))
        set_image(study.node("segments", State.STRESS), before, a_stack)
    np.testing.assert_array_equal(found[0], found[1])
    labels = a_result_on.states[State.STRESS].segmented.labels
    np.testing.assert_array_equal(found[0] > 0, a_result_on.states[State.STRESS].segmented.layers > 0)
    assert (labels[found[0] > 0] == 1).all()


def test_nifti_files_hold_every_pixel_at_its_place(a_reopened_scene, a_reopened_study, a_result_on, a_stack, tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    write_nifti(a_reopened_scene, a_reopened_study, tmp_path)
    result = a_result_on.states[State.REST]
    given = {"mbf": result.mapped.maps["mbf"], "labels": result.segmented.labels}
    for name, values in given.items():
        image = sitk.ReadImage(str(tmp_path / "rest" / f"{name}.nii.gz"))
        found = sitk.GetArrayFromImage(image)
        for item in range(3):
            place = (a_stack.index_to_lps[item] @ [30.0, 12.0, 0.0, 1.0])[:3]
            column, row, kept_at = np.rint(image.TransformPhysicalPointToContinuousIndex(place.tolist())).astype(int)
            assert found[kept_at, row, column] == pytest.approx(values[item, 12, 30], nan_ok=True)


def as_slicer_draws(segmentation, segment_id, change):
    """Change the pixels of a segment as the Segment Editor does: in the image that the segment keeps."""
    segment = segmentation.GetSegmentation().GetSegment(segment_id)
    image = segment.GetRepresentation("Binary labelmap")
    values = numpy_support.vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    change(values, np.linalg.inv(LPS_TO_RAS @ as_array(matrix)), np.array(image.GetExtent()[::2]))
    image.GetPointData().GetScalars().Modified()
    image.Modified()
    segment.Modified()


def test_only_what_is_edited_after_opening_counts_as_edited(a_filled_scene, a_stack, a_result_on, tmp_path):
    scene = through_a_file(a_filled_scene, tmp_path / "study.mrb")
    study = study_named(scene, "Perfusion study")
    lps = a_stack.index_to_lps[0] @ np.array([26.0, 11.0, 0.0, 1.0])

    def erase(values, to_index, first):
        column, row, item = np.rint((to_index @ lps)[:3]).astype(int) - first
        values[item, row, column] = 0

    as_slicer_draws(study.node("segmentation", State.REST), "Myocardium", erase)
    edits = edits_in(study)
    assert list(edits) == [State.REST]
    expected = a_result_on.states[State.REST].segmented.labels.copy()
    assert expected[0, 11, 26] == 1
    expected[0, 11, 26] = 0
    np.testing.assert_array_equal(edits[State.REST].labels.labels, expected)
    assert edits[State.REST].insertion_points is None
    assert edits[State.REST].kept is None
    job = job_to_resume(scene, "Perfusion study", {}, resume_from=FROM_EDITS)
    assert list(job.edits) == [State.REST]
    assert edits_in(study_named(scene, OTHERS)) == {}


def reversed_in_place(volume):
    """As vtkMRMLVolumeNode::SetIJKCoordinateSystemToRightHanded does, whatever the handedness."""
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    volume.ReverseSliceOrder(volume.GetImageData(), matrix)
    volume.SetIJKToRASMatrix(matrix)


def as_version_0_1_wrote_it(scene):
    """Turn every stack into the order of its series, which version 0.1 kept also where that is left-handed."""
    for index in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(index)
        kept = node.GetAttribute("QPerfusion.IndexToLps")
        if kept is None:
            continue
        is_sequence = node.IsA("vtkMRMLSequenceNode")
        count = node.GetNumberOfDataNodes() if is_sequence else 0
        for volume in [node.GetNthDataNode(item) for item in range(count)] if is_sequence else [node]:
            matrix = vtk.vtkMatrix4x4()
            volume.GetIJKToRASMatrix(matrix)
            along = (LPS_TO_RAS @ as_array(matrix))[:3, 2]
            first, last = (np.array(json.loads(kept))[item, :3, 3] for item in (0, -1))
            if along @ (last - first) < 0:
                reversed_in_place(volume)


@pytest.mark.parametrize("sequences_too", [True, False], ids=["slicer-core 5.12.4", "Slicer 5.12.3"])
def test_a_scene_of_version_0_1_opens_as_it_was_made(a_result_on, tmp_path, sequences_too):
    scene = new_scene()
    fill_scene(scene, a_result_on)
    as_version_0_1_wrote_it(scene)
    opened = through_a_file(scene, tmp_path / "old.mrb")
    if not sequences_too:
        for index in range(opened.GetNumberOfNodesByClass("vtkMRMLSequenceNode")):
            sequence = opened.GetNthNodeByClass(index, "vtkMRMLSequenceNode")
            for item in range(sequence.GetNumberOfDataNodes()):
                reversed_in_place(sequence.GetNthDataNode(item))
    study = study_named(opened, "Perfusion study")
    assert edits_in(study) == {}
    assert_same_result(result_in_scene(study)[1], a_result_on)


@pytest.mark.parametrize("reverse", [False, True], ids=["as in the file", "reversed"])
def test_a_series_of_somebody_else_is_at_its_place(a_scene, a_stack, a_result_on, reverse):
    """A sequence without notes, and a label map on its own grid, in either order."""
    result = a_result_on.states[State.STRESS]
    sequence = a_scene.AddNewNodeByClass("vtkMRMLSequenceNode", "Cine")
    sequence.SetIndexUnit("s")
    frame = slicer.vtkMRMLScalarVolumeNode()
    for time, image in enumerate(result.acquisition.tissue.signal[:3]):
        put(frame, image, a_stack, reverse)
        sequence.SetDataNodeAtValue(frame, str(time))
    mask = a_scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "Mask")
    put(mask, result.segmented.labels, a_stack, not reverse)
    study = study_from_scene(StateNodes(sequence, mask=mask))
    found = study.stress.tissue
    away = found.geometry.index_to_lps[None, :, :3, 3] - a_stack.index_to_lps[:, None, :3, 3]
    order = np.linalg.norm(away, axis=-1).argmin(axis=1)
    assert sorted(order) == [0, 1, 2]
    np.testing.assert_array_equal(found.signal[:, order], result.acquisition.tissue.signal[:3])
    np.testing.assert_array_equal(study.stress.mask.labels[order], result.segmented.labels)


def put(node, image, geometry, reverse):
    data = vtk.vtkImageData()
    data.SetDimensions(*image.shape[::-1])
    data.GetPointData().SetScalars(numpy_support.numpy_to_vtk(np.ascontiguousarray(image).ravel(), deep=True))
    node.SetAndObserveImageData(data)
    node.SetIJKToRASMatrix(as_vtk_matrix(LPS_TO_RAS @ geometry.stack_to_lps))
    if reverse:
        reversed_in_place(node)


def read_by_slicer(scene, path, class_name):
    node = scene.AddNewNodeByClass(class_name, path.stem)
    is_sequence = class_name == "vtkMRMLSequenceNode"
    storage = "vtkMRMLVolumeSequenceStorageNode" if is_sequence else "vtkMRMLVolumeArchetypeStorageNode"
    reader = scene.AddNewNodeByClass(storage)
    reader.SetFileName(str(path))
    assert reader.ReadData(node)
    return node


def written_by_slicer(scene, node, path):
    is_sequence = node.IsA("vtkMRMLSequenceNode")
    storage = "vtkMRMLVolumeSequenceStorageNode" if is_sequence else "vtkMRMLVolumeArchetypeStorageNode"
    writer = scene.AddNewNodeByClass(storage)
    writer.SetFileName(str(path))
    assert writer.WriteData(node)


def test_a_series_file_opened_in_slicer_has_the_times_of_every_slice(a_scene, a_stack, a_result_on, tmp_path):
    series = a_result_on.states[State.REST].acquisition.tissue
    write_sequence(tmp_path / "a.seq.nrrd", series.signal, series.time_s, series.geometry)
    node = read_by_slicer(a_scene, tmp_path / "a.seq.nrrd", "vtkMRMLSequenceNode")
    found = series_of_sequence(node, SeriesKind.TISSUE, State.REST)
    np.testing.assert_array_equal(found.signal, series.signal)
    np.testing.assert_allclose(found.time_s, series.time_s, atol=1e-6)
    np.testing.assert_allclose(found.geometry.index_to_lps, a_stack.index_to_lps, atol=1e-6)


def test_a_series_file_saved_by_slicer_is_read_as_it_was_written(a_scene, a_stack, a_result_on, tmp_path):
    series = a_result_on.states[State.REST].acquisition.tissue
    write_sequence(tmp_path / "a.seq.nrrd", series.signal, series.time_s, series.geometry)
    node = read_by_slicer(a_scene, tmp_path / "a.seq.nrrd", "vtkMRMLSequenceNode")
    node.RemoveDataNodeAtValue(node.GetNthIndexValue(3))
    written_by_slicer(a_scene, node, tmp_path / "b.seq.nrrd")
    found, kept = read_sequence(tmp_path / "b.seq.nrrd"), [0, 1, 2, *range(4, 12)]
    np.testing.assert_array_equal(found.values, series.signal[kept])
    np.testing.assert_allclose(found.time_s, series.time_s[kept], atol=1e-6)
    np.testing.assert_allclose(found.geometry.index_to_lps, a_stack.index_to_lps, atol=1e-6)


def test_a_mask_file_opened_in_slicer_lies_on_the_series(a_filled_scene, a_stack, a_result_on, tmp_path):
    result = a_result_on.states[State.REST]
    write_labels(tmp_path / "mask.nrrd", result.segmented.labels, a_stack)
    mask = read_by_slicer(a_filled_scene, tmp_path / "mask.nrrd", "vtkMRMLLabelMapVolumeNode")
    series = study_named(a_filled_scene, "Perfusion study").node("tissue", State.REST)
    found = labels_of(mask, geometry_of_volume(series), result.segmented.labels.shape)
    np.testing.assert_array_equal(found.labels, result.segmented.labels)


def test_one_slice_is_the_same_whatever_its_normal(a_scene, tmp_path):
    for sign in (1.0, -1.0):
        geometry = type(STACKS["right-handed"])(STACKS["oblique right-handed"].index_to_lps[:1] * [1.0, 1.0, sign, 1.0])
        images = np.random.default_rng(2).normal(size=(4, 1, 5, 6)).astype(np.float32)
        write_sequence(tmp_path / "a.seq.nrrd", images, np.arange(4.0)[:, None], geometry)
        node = read_by_slicer(a_scene, tmp_path / "a.seq.nrrd", "vtkMRMLSequenceNode")
        np.testing.assert_array_equal(frames_of(node), images)
        np.testing.assert_allclose(geometry_of_volume(node).index_to_lps, geometry.index_to_lps, atol=1e-6)
