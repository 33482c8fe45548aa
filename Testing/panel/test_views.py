"""Views of a fresh session: made with the layout, tall or wide, on small and large screens, beside another study."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from host import slicer_host

from QPerfusionLogic.mrml.study.filling import fill_scene
from QPerfusionLogic.mrml.study.finding import study_named
from QPerfusionLogic.mrml.views.layouts import POLAR_VIEWS, VIEWS
from QPerfusionLogic.reporting.tables.colour_table import colour_table

SIZES = ((379, 608), (900, 400))
PLOT = "QPerfusionPlot"
AREAS = {
    "1280x800": (850, 640),
    "1366x768": (930, 610),
    "1920x1080": (1450, 920),
    "3440x1440": (2960, 1280),
    "1200x1920": (770, 1760),
}
"""Screen -> what a panel of 420 points and the bars of the main window leave to the views."""


@pytest.fixture
def pictures(tmp_path):
    """Folder that keeps the pictures."""
    folder = Path(os.environ.get("QPERFUSION_PICTURES", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(params=SIZES, ids=lambda size: "{}x{}".format(*size))
def a_session(request, a_panel, a_scene, a_result):
    """Panel and views after the first click on Show maps, with an earlier study in the scene."""
    layout = pytest.importorskip("host.layout").Layout(a_scene, request.param)
    fill_scene(a_scene, a_result, "Earlier study")
    study = fill_scene(a_scene, a_result, "Present study")
    a_panel._parameters.studyName = study.name
    a_panel.ui.showButton.click()
    slicer_host.process_events(10, until=lambda: all(view.size == request.param for view in layout.views.values()))
    slicer_host.process_events(0.1)
    yield a_panel, study, layout.views
    layout.close()


def is_flow(picture, flow):
    """Return which pixels have the colour of a flow."""
    return np.abs(picture.astype(int) - colour_table("MBF").colours(flow)).max(axis=-1) < 12


def legend_of(volume):
    import slicer

    return slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(volume)


def test_the_first_click_shows_maps_polar_maps_and_legends(a_session, pictures):
    _, study, views = a_session
    names = (*VIEWS, *POLAR_VIEWS)
    assert set(views) == set(names)
    shown = {name: views[name].picture(pictures / f"{name}-{views[name].size[0]}.png") for name in names}
    assert 0.01 < is_flow(shown["QPerfusionStress"], 3.0 + 0.02 * 26).mean() < 0.5
    for name, volume in (
        ("QPerfusionStress", "view:mbf"),
        ("QPerfusionRest", "view:mbf"),
        ("QPerfusionMpr", "map:mpr"),
    ):
        legend = legend_of(study.node(volume, VIEWS[name][0]))
        legend.SetVisibility(False)
        right = round(0.75 * views[name].size[0])
        with_legend, without = (
            (picture > 240).all(axis=-1)[:, right:] for picture in (shown[name], views[name].picture())
        )
        assert with_legend.sum() > without.sum() + 200, f"no legend in {name}"


def test_the_whole_polar_map_is_seen(a_session):
    _, _, views = a_session
    picture = views["QPerfusionPolarStress"].picture()
    drawn = (picture.max(axis=-1) > 0) & (picture.std(axis=-1) > 5)
    rows, columns = np.nonzero(drawn)
    height, width, _ = picture.shape
    assert min(rows.min(), columns.min()) > 0
    assert min(height - rows.max(), width - columns.max()) > 1
    assert abs(np.ptp(rows) - np.ptp(columns)) <= 0.02 * np.ptp(rows), "the map is not round"
    assert np.ptp(rows) > 0.8 * min(height, width)


def test_another_size_of_the_window_still_shows_the_whole_polar_map(a_session):
    _, _, views = a_session
    view = views["QPerfusionPolarStress"]
    offset = view.slice_node.GetSliceOffset()
    view.resize(300, 700)
    slicer_host.process_events(0.1)
    width, height, _ = view.slice_node.GetFieldOfView()
    assert width == pytest.approx(1.1 * 320, rel=0.01)
    assert height == pytest.approx(width * 700 / 300, rel=0.01)
    assert view.slice_node.GetSliceOffset() == offset


def test_marks_of_the_other_study_are_hidden_until_it_is_chosen(a_session, a_scene):
    panel, study, _ = a_session
    roles = (("", "polar:stress:numbers"), ("stress", "segmentation"), ("rest", "insertion_points"))
    other = study_named(a_scene, "Earlier study")
    for state, role in roles:
        assert study.node(role, state).GetDisplayNode().GetVisibility()
        assert not other.node(role, state).GetDisplayNode().GetVisibility()
    panel.ui.studyBox.currentText = "Earlier study"
    panel.ui.showButton.click()
    for state, role in roles:
        assert not study.node(role, state).GetDisplayNode().GetVisibility()
        assert other.node(role, state).GetDisplayNode().GetVisibility()


def test_numbers_of_a_study_that_was_not_shown_yet_are_not_drawn(a_scene, a_result):
    study = fill_scene(a_scene, a_result)
    assert not study.node("polar:stress:numbers").GetDisplayNode().GetVisibility()


def test_both_states_show_the_peak_of_the_myocardium(a_session):
    panel, study, _ = a_session
    frames = {state: study.node("browser", state).GetSelectedItemNumber() for state in ("stress", "rest")}
    assert frames == {"stress": 8, "rest": 8}
    assert panel.ui.frameSlider.value == 8


def test_labels_of_points_are_seen_only_while_they_are_edited(a_session):
    panel, study, _ = a_session
    display = study.node("insertion_points", "stress").GetDisplayNode()
    assert not display.GetPointLabelsVisibility()
    panel.ui.editPointsButton.click()
    assert display.GetPointLabelsVisibility()
    panel.ui.showButton.click()
    assert not display.GetPointLabelsVisibility()


def test_a_view_moved_by_the_user_stays_where_it_is(a_session):
    _, _, views = a_session
    view = views["QPerfusionStress"]
    moved = view.slice_node.GetSliceOffset() + 10.0
    view.move_slider(moved)
    slicer_host.process_events(0.1)
    assert view.slice_node.GetSliceOffset() == pytest.approx(moved)


def test_the_legend_of_a_chart_covers_no_points(a_session):
    plotting = pytest.importorskip("host.plotting")
    panel, study, _ = a_session
    for segment in (1, 16):
        panel.ui.segmentBox.value = segment
        chart = study.node("chart:curve", "stress")
        with_legend = plotting.chart_picture(chart, (480, 400)).astype(int)
        chart.SetLegendVisibility(False)
        without = plotting.chart_picture(chart, (480, 400)).astype(int)
        chart.SetLegendVisibility(True)
        legend = np.abs(with_legend - without).max(axis=-1) > 20
        rows, columns = np.nonzero(legend)
        below = without[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert legend.any()
        # Points and lines of the chart are coloured, its grid and axes are grey.
        assert np.ptp(below, axis=-1).max() < 30


def test_title_and_legend_of_a_chart_are_not_cut_by_its_view(a_session):
    plotting = pytest.importorskip("host.plotting")
    panel, study, _ = a_session
    for segment in (1, 16):
        panel.ui.segmentBox.value = segment
        # In a Slicer window of 1920 points the view of the chart is wider than this.
        picture = plotting.chart_picture(study.node("chart:curve", "stress"), (300, 335))
        assert (picture[:, :2] == 255).all()
        assert (picture[:, -2:] == 255).all()


@pytest.fixture
def shown(a_panel, a_scene, a_result):
    """Return the layout of a study that was shown in an area, once the window has taken its size."""
    module = pytest.importorskip("host.layout")
    made = []

    def show(area):
        made.append(module.Layout(a_scene, area=area))
        if a_panel.results.study() is None:
            a_panel._parameters.studyName = fill_scene(a_scene, a_result).name
        a_panel.ui.showButton.click()
        slicer_host.process_events(0.3)
        return made[-1]

    yield show
    for layout in made:
        layout.close()


def drawn_sizes(layout):
    """Return width and height of what each view draws."""
    return {name: (pane.canvas.width, pane.canvas.height) for name, pane in layout.panes.items()}


@pytest.mark.parametrize("area", AREAS.values(), ids=AREAS)
def test_the_views_fit_and_none_is_small(shown, area):
    layout = shown(area)
    assert set(layout.panes) == {*VIEWS, *POLAR_VIEWS, PLOT}
    assert (layout.viewport().width, layout.viewport().height) == area, "the window had to grow"
    assert layout.least_size()[0] <= 720
    found = drawn_sizes(layout)
    assert min(found[PLOT]) >= 250
    assert min(min(found[name]) for name in VIEWS) >= 260
    assert min(min(found[name]) for name in POLAR_VIEWS) >= 190
    assert {name: view.size for name, view in layout.views.items()} == {name: found[name] for name in layout.views}


@pytest.mark.parametrize("area", AREAS.values(), ids=AREAS)
def test_title_and_legend_of_the_chart_are_not_cut(shown, a_panel, area):
    from host.plotting import chart_picture

    width, height = drawn_sizes(shown(area))[PLOT]
    picture = chart_picture(a_panel.results.study().node("chart:curve", "stress"), (width, height))
    assert (picture[:, :2] == 255).all()
    assert (picture[:, -2:] == 255).all()


@pytest.mark.parametrize("area", AREAS.values(), ids=AREAS)
def test_the_views_are_not_stretched(shown, area):
    found = drawn_sizes(shown(area))
    stretched = {name: size for name, size in found.items() if max(size) / min(size) > 2.7}
    assert stretched == {}


def test_only_polar_maps_are_without_a_bar(shown):
    layout = shown(AREAS["1280x800"])
    assert {name for name, pane in layout.panes.items() if not pane.bar.visible} == set(POLAR_VIEWS)


def test_a_polar_map_says_of_what_it_is(shown, a_panel):
    shown(AREAS["1280x800"])
    study = a_panel.results.study()
    titles = {}
    for quantity, _ in POLAR_VIEWS.values():
        points = study.node(f"polar:{quantity}:numbers")
        titles[quantity] = points.GetNthControlPointLabel(points.GetNumberOfControlPoints() - 1)
    assert titles == {"stress": "Stress", "rest": "Rest", "mpr": "MPR"}


def test_moved_borders_stay_when_the_maps_are_shown_again(shown, a_panel):
    from PySide6.QtWidgets import QSplitter

    layout = shown(AREAS["1920x1080"])
    splitter = layout.viewport().findChildren(QSplitter)[0]
    splitter.setSizes([1000, 450])
    slicer_host.process_events(0.1)
    before = drawn_sizes(layout)
    a_panel.ui.showButton.click()
    slicer_host.process_events(0.2)
    assert drawn_sizes(layout) == before


def test_without_a_main_window_the_study_is_still_shown(a_panel, a_scene, a_result):
    a_panel._parameters.studyName = fill_scene(a_scene, a_result).name
    a_panel.ui.showButton.click()
    assert a_panel.ui.tableView.mrmlTableNode() is not None


def test_numbers_of_a_loaded_polar_map_stand_in_the_middle_of_their_places(a_panel, a_scene, a_result, tmp_path):
    from QPerfusionLogic.mrml.scene_files import load_scene, save_scene

    fill_scene(a_scene, a_result)
    save_scene(a_scene, tmp_path / "study.mrb")
    a_scene.Clear(False)
    load_scene(a_scene, tmp_path / "study.mrb")
    a_panel.initializeParameterNode()
    a_panel.ui.showButton.click()
    for quantity, _ in POLAR_VIEWS.values():
        numbers = a_panel.results.study().node(f"polar:{quantity}:numbers")
        assert numbers.GetDisplayNode().GetTextProperty().GetJustificationAsString() == "Centered"
