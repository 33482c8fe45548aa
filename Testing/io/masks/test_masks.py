"""Masks come onto the grid of their series, whichever way their file stores the pixels."""

import numpy as np
import pytest
import SimpleITK

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.notices import Severity
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.nrrd_files import write_labels, write_map, write_sequence
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.settings.schema import LoadingSettings


@pytest.fixture
def a_geometry():
    """Two slices, the basal one 10 mm above the apical one."""
    matrices = Geometry.axis_aligned(2, (2.0, 1.5), 10.0).index_to_lps[::-1].copy()
    matrices[:, :3, 3] += [7.0, -8.0, 9.0]
    return Geometry(matrices)


@pytest.fixture
def labels():
    drawn = np.zeros((2, 8, 6), dtype=np.uint8)
    drawn[:, 1:5, 1:4], drawn[:, 2:4, 2], drawn[1, 6, 5] = 1, 2, 3
    return drawn


@pytest.fixture
def a_series(a_geometry, tmp_path):
    signal = np.random.default_rng(1).uniform(1, 2, (10, 2, 8, 6)).astype(np.float32)
    write_sequence(tmp_path / "rest.seq.nrrd", signal, np.arange(10) * 0.8, a_geometry)
    return tmp_path / "rest.seq.nrrd"


def loaded(series, mask, **settings):
    return LoadingLogic(LoadingSettings(**settings)).run(StudyRequest(rest=series, rest_mask=mask)).rest


def test_a_mask_on_the_grid_is_taken_as_it_is(a_series, labels, a_geometry, tmp_path):
    write_labels(tmp_path / "mask.nrrd", labels, a_geometry)
    found = loaded(a_series, tmp_path / "mask.nrrd")
    np.testing.assert_array_equal(found.mask.labels, labels)
    assert not found.tissue.notices


def test_a_mask_stored_with_flipped_rows_and_slices_is_put_right_by_its_positions(a_series, labels, tmp_path):
    image = SimpleITK.GetImageFromArray(labels[::-1, ::-1])
    image.SetSpacing((1.5, 2.0, 10.0))
    image.SetDirection((1, 0, 0, 0, -1, 0, 0, 0, 1))
    image.SetOrigin((7.0, -8.0 + 2.0 * 7, 9.0))
    SimpleITK.WriteImage(image, str(tmp_path / "mask.nii.gz"))
    found = loaded(a_series, tmp_path / "mask.nii.gz")
    np.testing.assert_array_equal(found.mask.labels, labels)
    assert [notice.code for notice in found.tissue.notices] == ["mask-resampled"]


def test_a_mask_that_lies_elsewhere_is_a_serious_notice(a_series, labels, a_geometry, tmp_path):
    away = a_geometry.index_to_lps.copy()
    away[:, :3, 3] += 300.0
    write_labels(tmp_path / "mask.nrrd", labels, Geometry(away))
    notices = loaded(a_series, tmp_path / "mask.nrrd").tissue.notices
    assert [(item.code, item.severity) for item in notices] == [("mask-elsewhere", Severity.SERIOUS)]


@pytest.mark.parametrize(
    ("values", "declared"),
    [
        ((0, 2, 1, 3), "lv,myocardium,rv"),
        ((0, 2, 3, 1), "rv,myocardium,lv"),
        ((0, 2, 1, 0), "lv,myocardium,rv"),
        ((0, 205, 500, 600), ""),
    ],
    ids=["M&Ms", "ACDC", "without RV", "MM-WHS"],
)
def test_the_numbering_of_other_tools_is_recognised_by_the_ring(
    a_series, labels, a_geometry, tmp_path, values, declared
):
    numbered = np.array(values, dtype=np.uint16)[labels]
    ours = np.where((labels == 3) & (values[3] == 0), 0, labels)
    write_map(tmp_path / "mask.nrrd", numbered.astype(float), a_geometry)
    found = loaded(a_series, tmp_path / "mask.nrrd")
    np.testing.assert_array_equal(found.mask.labels, ours)
    assert "mask-numbering" in {notice.code for notice in found.tissue.notices}
    if declared:
        said = loaded(a_series, tmp_path / "mask.nrrd", labels=declared)
        np.testing.assert_array_equal(said.mask.labels, ours)
        assert "mask-numbering" not in {notice.code for notice in said.tissue.notices}


def test_values_that_no_ring_explains_are_refused_with_the_setting_that_explains_them(
    a_series, labels, a_geometry, tmp_path
):
    write_map(tmp_path / "mask.nrrd", np.where(labels == 2, 0, 7 * labels).astype(float), a_geometry)
    with pytest.raises(InputError, match=r"--set loading\.labels=lv,myocardium,rv"):
        loaded(a_series, tmp_path / "mask.nrrd")


def test_a_mask_without_a_place_is_taken_pixel_by_pixel(a_series, labels, tmp_path):
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(labels), str(tmp_path / "mask.nii.gz"))
    np.testing.assert_array_equal(loaded(a_series, tmp_path / "mask.nii.gz").mask.labels, labels)


def test_a_mask_drawn_on_single_frames_keeps_what_most_of_them_say(labels, tmp_path):
    signal = np.random.default_rng(1).uniform(1, 2, (10, 8, 6)).astype(np.float32)
    drawn = np.zeros((10, 8, 6), dtype=np.uint8)
    drawn[3:8] = labels[0]
    drawn[4, 1, 1], drawn[5, 0, 0] = 0, 1
    for name, array in (("rest", signal), ("mask", drawn)):
        image = SimpleITK.GetImageFromArray(np.ascontiguousarray(array.transpose()))
        SimpleITK.WriteImage(image, str(tmp_path / f"{name}.nii.gz"))
    found = loaded(tmp_path / "rest.nii.gz", tmp_path / "mask.nii.gz", axes="t,y,x", frame_interval_s=0.8)
    np.testing.assert_array_equal(found.mask.labels[0], labels[0])
    assert "drawn on 5 frames" in found.tissue.notices[0].message


@pytest.mark.parametrize("overlapping", [False, True], ids=["one layer", "overlapping segments"])
def test_a_slicer_segmentation_is_read_by_the_names_of_its_segments(
    overlapping, a_series, labels, a_geometry, tmp_path
):
    """Written by Slicer's own storage node, which crops it and numbers segments in the order of its list."""
    slicer, vtk = pytest.importorskip("slicer"), pytest.importorskip("vtk")
    from vtk.util.numpy_support import numpy_to_vtk

    scene = slicer.vtkMRMLScene()
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    upwards = Geometry(a_geometry.index_to_lps[::-1])
    to_ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ upwards.stack_to_lps
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(to_ras.ravel().tolist())
    images = labels[::-1]
    for value, name in ((2, "LV blood pool"), (3, "Right ventricle"), (1, "Myocardium")):
        drawn = (images == value) | ((images == 2) if overlapping and value == 1 else False)
        image = slicer.vtkOrientedImageData()
        image.SetDimensions(6, 8, 2)
        image.GetPointData().SetScalars(numpy_to_vtk(drawn.astype(np.uint8).ravel(), deep=True))
        image.SetGeometryFromImageToWorldMatrix(matrix)
        segment = slicer.vtkSegment()
        segment.SetName(name)
        segment.AddRepresentation("Binary labelmap", image)
        segmentation.GetSegmentation().AddSegment(segment)
    storage = slicer.vtkMRMLSegmentationStorageNode()
    scene.AddNode(storage)
    storage.SetCropToMinimumExtent(True)
    storage.SetFileName(str(tmp_path / "mask.seg.nrrd"))
    assert storage.WriteData(segmentation)
    found = loaded(a_series, tmp_path / "mask.seg.nrrd").mask.labels
    np.testing.assert_array_equal(found, labels)


def test_a_segment_of_another_name_is_refused(a_series, labels, a_geometry, tmp_path):
    named = {"Segment0_LabelValue": "1", "Segment0_Name": "Liver", "Segment0_Layer": "0"}
    write_labels(tmp_path / "mask.seg.nrrd", labels, a_geometry, named)
    with pytest.raises(InputError, match="segment 'Liver'"):
        loaded(a_series, tmp_path / "mask.seg.nrrd")
