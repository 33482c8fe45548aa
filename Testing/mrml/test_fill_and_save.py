"""A result put into a scene, saved as .mrb and opened again has everything it had."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("slicer")

from vtk.util import numpy_support

from QPerfusionLogic.data.series import State
from QPerfusionLogic.mrml.headless import new_scene
from QPerfusionLogic.mrml.nodes.hierarchy import folder_named, nodes_in
from QPerfusionLogic.mrml.nodes.marks import marked_nodes
from QPerfusionLogic.mrml.nodes.tables import column_names, column_values
from QPerfusionLogic.mrml.nodes.volumes import image_of
from QPerfusionLogic.mrml.scene_files import load_scene, save_scene
from QPerfusionLogic.mrml.study.filling import fill_scene


@pytest.fixture(scope="module")
def a_reopened_scene(a_result, tmp_path_factory):
    first = new_scene()
    fill_scene(first, a_result)
    path = tmp_path_factory.mktemp("scene") / "study.mrb"
    save_scene(first, path)
    scene = new_scene()
    load_scene(scene, path)
    yield scene
    scene.Clear(True)


def the_node(scene, role, state=None):
    (node,) = marked_nodes(scene, role, state)
    return node


def test_all_nodes_lie_in_one_folder(a_scene, a_result):
    study = fill_scene(a_scene, a_result)
    assert len(study.nodes) > 40
    inside = {node.GetID() for node in nodes_in(a_scene, study.folder)}
    assert {node.GetID() for node in study.nodes.values()} <= inside


def test_two_studies_have_two_folders(a_scene, a_result):
    first, second = fill_scene(a_scene, a_result), fill_scene(a_scene, a_result)
    assert first.name != second.name
    assert not {id(node) for node in nodes_in(a_scene, first.folder)} & {
        id(node) for node in nodes_in(a_scene, second.folder)
    }


def test_saved_scene_has_a_folder_with_every_node(a_reopened_scene, a_result):
    folder = folder_named(a_reopened_scene, "Perfusion study")
    assert folder is not None
    names = {node.GetName() for node in nodes_in(a_reopened_scene, folder)}
    assert {"Stress raw series", "Rest registered series", "Stress MBF", "Rest MBF", "MPR", "Segments"} <= names
    assert {"Stress heart", "Stress AIF", "Rest segment curve", "Stress RV insertion", "Notices"} <= names


@pytest.mark.parametrize("role", ["tissue", "registered", "gadolinium"])
def test_saved_sequence_has_images_and_times_in_seconds(a_reopened_scene, a_result, role):
    sequence = the_node(a_reopened_scene, role, State.STRESS)
    series = a_result.states[State.STRESS].acquisition.tissue
    assert sequence.GetNumberOfDataNodes() == series.frames
    assert (sequence.GetIndexName(), sequence.GetIndexUnit()) == ("time", "s")
    assert [sequence.GetNthIndexValue(frame) for frame in (0, 1, 2, 3)] == ["0", "0.7004", "1.4008", "2.1012"]
    expected = series.signal[5] / (100 if role == "gadolinium" else 1)
    np.testing.assert_allclose(image_of(sequence.GetNthDataNode(5)), expected, rtol=1e-6)


@pytest.mark.parametrize("role", ["tissue", "registered"])
def test_one_window_holds_all_frames_of_a_series(a_reopened_scene, role):
    sequence = the_node(a_reopened_scene, role, State.REST)
    display = the_node(a_reopened_scene, f"volume:{role}", State.REST).GetDisplayNode()
    images = [image_of(sequence.GetNthDataNode(index)) for index in range(sequence.GetNumberOfDataNodes())]
    top = float(max(np.percentile(image, 99.5) for image in images))
    assert not display.GetAutoWindowLevel()
    assert display.GetWindowLevelMax() == pytest.approx(top, rel=1e-3)
    assert display.GetWindowLevelMin() == pytest.approx(0.0, abs=1e-3 * top)


def test_saved_browser_plays_raw_and_registered_in_step(a_reopened_scene):
    browser = the_node(a_reopened_scene, "browser", State.REST)
    assert browser.GetMasterSequenceNode() is the_node(a_reopened_scene, "tissue", State.REST)
    assert browser.IsSynchronizedSequenceNode(the_node(a_reopened_scene, "registered", State.REST))
    browser.SetSelectedItemNumber(3)
    proxy = browser.GetProxyNode(the_node(a_reopened_scene, "registered", State.REST))
    assert proxy.GetName() == "Rest registered"


def test_saved_segmentation_has_names_colours_terminology_and_pixels(a_reopened_scene, a_result):
    from QPerfusionLogic.mrml.nodes.segmentations import STRUCTURES, segment_mask

    node = the_node(a_reopened_scene, "segmentation", State.STRESS)
    result = a_result.states[State.STRESS]
    for structure in STRUCTURES:
        segment = node.GetSegmentation().GetSegment(structure.segment_id)
        assert segment.GetName() == structure.name
        assert segment.GetColor() == pytest.approx(structure.color)
        assert f"SCT^{structure.code}^{structure.meaning}" in segment.GetTerminology()
        mask = segment_mask(
            node, structure.segment_id, result.acquisition.tissue.geometry, result.segmented.labels.shape
        )
        np.testing.assert_array_equal(mask, result.segmented.labels == structure.label)


def test_saved_map_has_values_quantity_unit_colours_and_legend(a_reopened_scene, a_result):
    import slicer

    node = the_node(a_reopened_scene, "map:mbf", State.STRESS)
    np.testing.assert_allclose(image_of(node), a_result.states[State.STRESS].mapped.maps["mbf"], rtol=1e-6)
    assert node.GetVoxelValueUnits().GetCodeValue() == "ml/min/g"
    assert node.GetVoxelValueQuantity().GetCodeValue() == "126390"
    display = node.GetDisplayNode()
    assert display.GetColorNode().GetName() == "QPerfusion MBF"
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == (0.0, 4.0)
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(node)
    assert legend.GetTitleText() == "Stress MBF (mL/min/g)"
    assert legend.GetVisibility()


def test_mbf_colours_are_those_of_the_resource_file(a_reopened_scene):
    import csv

    from QPerfusionLogic.resources import resource_path

    table = the_node(a_reopened_scene, "map:mbf", State.REST).GetDisplayNode().GetColorNode()
    rows = list(csv.DictReader(resource_path("Colors", "MBF.csv").open()))
    for index in (0, 100, 255):
        color = [0.0] * 4
        table.GetColor(index, color)
        expected = [int(rows[index][channel]) / 255 for channel in ("red", "green", "blue")]
        assert color[:3] == pytest.approx(expected, abs=1 / 255)


def test_saved_map_lies_where_the_series_lies(a_reopened_scene, an_oblique_geometry):
    import vtk

    matrix = vtk.vtkMatrix4x4()
    the_node(a_reopened_scene, "map:mbf", State.STRESS).GetIJKToRASMatrix(matrix)
    ras = np.array(matrix.MultiplyPoint((7.0, 4.0, 2.0, 1.0)))
    lps = an_oblique_geometry.index_to_lps[2] @ np.array([7.0, 4.0, 0.0, 1.0])
    np.testing.assert_allclose(ras * [-1, -1, 1, 1], lps, atol=1e-4)


def test_saved_segment_table_has_numbers_and_units(a_reopened_scene):
    table = the_node(a_reopened_scene, "table:segments")
    values = column_values(table, "stress_mbf")
    assert values[0] == pytest.approx(3.01)
    assert table.GetColumnUnitLabel("stress_mbf") == "mL/min/g"
    assert column_values(table, "territory")[0] == "LAD"


def test_saved_frame_table_names_the_source_of_the_times(a_reopened_scene):
    table = the_node(a_reopened_scene, "table:frames", State.STRESS)
    assert "AcquisitionTime" in table.GetColumnDescription("time_s")
    kept, reason = column_values(table, "kept"), column_values(table, "reason")
    assert [reason[row] for row, value in enumerate(kept) if not value] == ["breathing"]


def test_saved_charts_plot_columns_that_exist(a_reopened_scene):
    for state in (State.STRESS, State.REST):
        for role, count in (("chart:aif", 2), ("chart:curve", 3)):
            chart = the_node(a_reopened_scene, role, state)
            assert chart.GetNumberOfPlotSeriesNodes() == count
            for index in range(count):
                series = chart.GetNthPlotSeriesNode(index)
                names = column_names(series.GetTableNode())
                assert {series.GetXColumnName(), series.GetYColumnName()} <= set(names)


def test_chart_shows_another_segment(a_scene, a_result):
    from QPerfusionLogic.mrml.study.result_charts import show_segment

    study = fill_scene(a_scene, a_result)
    nodes = [study.node(role, State.STRESS) for role in ("chart:curve", "plot:curve:0", "plot:curve:1")]
    show_segment(nodes[0], nodes[1:], 9, "endo")
    assert nodes[0].GetTitle() == "Stress segment curve, segment 9 endo"
    assert nodes[2].GetYColumnName() == "9 endo fit"


def test_saved_segment_labels_are_the_same(a_reopened_scene, a_result):
    node = the_node(a_reopened_scene, "segments", State.REST)
    assert node.IsA("vtkMRMLLabelMapVolumeNode")
    np.testing.assert_array_equal(image_of(node), a_result.states[State.REST].segmented.segments)


def test_saved_insertion_points_come_back_as_pixels(a_reopened_scene, a_result, an_oblique_geometry):
    from QPerfusionLogic.mrml.nodes.landmarks import insertion_points_of

    node = the_node(a_reopened_scene, "insertion_points", State.STRESS)
    points = insertion_points_of(node, an_oblique_geometry)
    np.testing.assert_allclose(points, a_result.states[State.STRESS].segmented.insertion_points, atol=1e-3)


def test_nothing_is_half_written_when_the_scene_cannot_be_saved(a_scene, a_result, tmp_path):
    from QPerfusionLogic.errors import OutputError

    fill_scene(a_scene, a_result)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        save_scene(a_scene, tmp_path / "file" / "study.mrb")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_missing_pixels_stay_not_a_number(a_reopened_scene):
    node = the_node(a_reopened_scene, "map:mbf", State.STRESS)
    scalars = numpy_support.vtk_to_numpy(node.GetImageData().GetPointData().GetScalars())
    assert np.isnan(scalars).any()


def test_filling_that_is_stopped_leaves_nothing(a_scene, a_result):
    class StoppedError(Exception):
        pass

    calls = []

    def stop_at_the_twentieth():
        calls.append(1)
        if len(calls) == 20:
            raise StoppedError

    with pytest.raises(StoppedError):
        fill_scene(a_scene, a_result, process_events=stop_at_the_twentieth)
    assert folder_named(a_scene, "Perfusion study") is None
    assert marked_nodes(a_scene, "tissue") == []
