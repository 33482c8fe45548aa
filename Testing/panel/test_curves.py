"""Curve, fit and residual of the segment or the pixel under the cursor; the window waits for no fit."""

from __future__ import annotations

import time

import numpy as np
import pytest
from host import slicer_host
from host.hand_made import QUICK_CHANGES

from QPerfusionLogic.data.series import State
from QPerfusionLogic.mrml.nodes.tables import column_values
from QPerfusionLogic.mrml.nodes.volumes import geometry_of_volume
from QPerfusionLogic.mrml.study.filling import fill_scene
from QPerfusionLogic.mrml.views.pixels import Pixel
from QPerfusionLogic.panel.choices import with_changes
from QPerfusionLogic.workflow.process import python_commands

SETTINGS = with_changes(QUICK_CHANGES)
IN_THE_WALL = Pixel(State.STRESS, 0, 24, 38)


@pytest.fixture
def a_panel_with_a_result(a_panel, a_scene, a_quick_result):
    study = fill_scene(a_scene, a_quick_result)
    a_panel._parameters.studyName = study.name
    return a_panel


def point_of(study, pixel):
    """RAS millimetres of the centre of a pixel."""
    geometry = geometry_of_volume(study.node("map:mbf", pixel.state))
    lps = geometry.index_to_lps[pixel.slice_index] @ np.array([pixel.column, pixel.row, 0.0, 1.0])
    return -lps[0], -lps[1], lps[2]


def move_cursor(scene, view, ras):
    """Move the cursor to a point in a slice view, as its displayable manager does."""
    import slicer

    slice_node = slicer.vtkMRMLSliceNode()
    slice_node.SetLayoutName(view)
    slice_node.SetDimensions(4, 4, 1)
    slice_node.SetFieldOfView(4.0, 4.0, 1.0)
    for axis in range(3):
        slice_node.GetSliceToRAS().SetElement(axis, 3, float(ras[axis]))
    slice_node.UpdateMatrices()
    scene.GetFirstNodeByClass("vtkMRMLCrosshairNode").SetCursorPositionXYZ([2.0, 2.0, 0.0], slice_node)
    return slice_node


def shown_chart(scene):
    import slicer

    return scene.GetNodeByID(slicer.app.applicationLogic().GetSelectionNode().GetActivePlotChartID())


def wait_for_the_fit(panel, seconds=30):
    slicer_host.process_events(
        seconds, until=lambda: "R2" in panel.ui.pixelLabel.text and "..." not in panel.ui.pixelLabel.text
    )


def test_the_pixel_under_the_cursor_is_shown_with_fit_and_residual(a_panel_with_a_result, a_scene, a_quick_result):
    panel = a_panel_with_a_result
    study = panel.results.study()
    view = move_cursor(a_scene, "QPerfusionStress", point_of(study, IN_THE_WALL))
    wait_for_the_fit(panel)
    table = panel.results.study().node("table:pixel", "stress")
    measured, fitted, residual = (np.array(column_values(table, name)) for name in ("gd", "fit", "residual"))
    truth = a_quick_result.states[State.STRESS].concentration.gd_mmol_l[:, 0, 24, 38]
    np.testing.assert_allclose(measured, truth, rtol=1e-6)
    counted = np.isfinite(fitted)
    assert counted.sum() > 30
    np.testing.assert_allclose(residual[counted], (measured - fitted)[counted], atol=1e-6)
    assert np.abs(residual[counted]).max() < 0.1
    assert shown_chart(a_scene).GetTitle() == "Stress pixel: slice 1, row 24, column 38"
    assert view is not None


def test_the_fit_of_a_pixel_is_that_of_the_map(a_panel_with_a_result, a_quick_result):
    panel = a_panel_with_a_result
    panel.results.curves.show_pixel(IN_THE_WALL)
    wait_for_the_fit(panel)
    fits = panel.results.curves._fits.known((panel._parameters.studyName, State.STRESS, 0), (24, 38))
    maps = a_quick_result.states[State.STRESS].mapped.maps
    of_map = float(maps["mbf"][0, 24, 38])
    assert fits.parameters["mbf_ml_min_g"] == pytest.approx(of_map, rel=0.02)
    assert f"MBF {of_map:.2f}" in panel.ui.pixelLabel.text


def test_the_window_is_not_blocked_by_a_fit(a_panel_with_a_result, a_scene):
    import qt

    ticks = []
    timer = qt.QTimer()
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    panel = a_panel_with_a_result
    timer.start(5)
    slicer_host.process_events(0.05)
    panel.results.curves.show_pixel(IN_THE_WALL)
    wait_for_the_fit(panel)
    timer.stop()
    assert np.diff(ticks).max() < 0.2


def test_neighbours_of_a_fitted_pixel_are_known_at_once(a_panel_with_a_result):
    panel = a_panel_with_a_result
    panel.results.curves.show_pixel(IN_THE_WALL)
    wait_for_the_fit(panel)
    panel.results.curves.show_pixel(Pixel(State.STRESS, 0, 24, 39))
    assert "column 39" in panel.ui.pixelLabel.text
    assert "..." not in panel.ui.pixelLabel.text


def test_the_cursor_is_not_followed_when_the_user_says_so(a_panel_with_a_result, a_scene):
    panel = a_panel_with_a_result
    panel.ui.followCheck.checked = False
    move_cursor(a_scene, "QPerfusionStress", point_of(panel.results.study(), IN_THE_WALL))
    assert panel.ui.pixelLabel.text == ""


def test_a_point_outside_the_images_changes_nothing(a_panel_with_a_result, a_scene):
    move_cursor(a_scene, "QPerfusionStress", (1e4, 0.0, 0.0))
    assert a_panel_with_a_result.ui.pixelLabel.text == ""


def test_a_click_on_a_row_of_the_segment_table_shows_its_curve(a_panel_with_a_result, a_scene):
    panel = a_panel_with_a_result
    panel.ui.showButton.click()
    model = panel.ui.tableView.model()
    row = next(row for row in range(model.rowCount()) if model.index(row, 0).data() == "9")
    panel.ui.tableView.clicked.emit(model.index(row, 0))
    assert panel.ui.segmentBox.value == 9
    assert shown_chart(a_scene).GetTitle().endswith("segment 9")


def test_a_closed_panel_no_longer_follows_the_cursor(a_scene, the_module, a_quick_result):
    import slicer

    panel = slicer_host.open_panel(the_module)
    cursor = a_scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    assert cursor.HasObserver(slicer.vtkMRMLCrosshairNode.CursorPositionModifiedEvent)
    panel.cleanup()
    assert not cursor.HasObserver(slicer.vtkMRMLCrosshairNode.CursorPositionModifiedEvent)


def test_the_segment_under_the_cursor_in_the_polar_map_is_shown(a_panel_with_a_result, a_scene):
    from QPerfusionLogic.mrml.nodes.landmarks import ras_of
    from QPerfusionLogic.reporting.tables.segment_picture import label_places

    panel = a_panel_with_a_result
    volume = panel.results.study().node("polar:stress")
    view = move_cursor(a_scene, "QPerfusionPolarStress", ras_of(geometry_of_volume(volume), 0, *label_places()[9]))
    assert (panel.ui.segmentBox.value, shown_chart(a_scene).GetTitle()) == (9, "Stress segment curve, segment 9")
    assert view is not None


def fitting_processes():
    """Processes of this host that fit pixels, the launcher included."""
    import os
    from pathlib import Path

    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"QPerfusionLogic.workflow.pixel_fit_worker" in command and str(os.getpid()).encode() in command:
            found.append(entry.name)
    return found


def test_the_process_that_fits_ends_with_the_panel(a_panel_with_a_result):
    panel = a_panel_with_a_result
    panel.results.curves.show_pixel(IN_THE_WALL)
    wait_for_the_fit(panel)
    assert fitting_processes()
    panel.results.curves.close()
    began = time.monotonic()
    while fitting_processes() and time.monotonic() - began < 10:
        time.sleep(0.05)
    assert time.monotonic() - began < 2.0


def test_a_fit_is_there_soon_once_the_process_runs(a_panel_with_a_result):
    """The loop keeps the lock of the interpreter: a thread would need many times as long."""
    panel = a_panel_with_a_result
    panel.results.curves.show_pixel(IN_THE_WALL)
    wait_for_the_fit(panel)
    began = time.perf_counter()
    panel.results.curves.show_pixel(Pixel(State.STRESS, 0, 24, 17))
    wait_for_the_fit(panel)
    print(f"second fit after {time.perf_counter() - began:.2f} s")
    assert "..." not in panel.ui.pixelLabel.text
    assert time.perf_counter() - began < 5.0


def test_a_process_that_cannot_fit_is_reported_under_the_cursor_and_not_started_again(a_panel_with_a_result):
    panel = a_panel_with_a_result
    started = []

    def launch(arguments, environment, on_line, on_end):
        import qt

        started.append(arguments)
        qt.QTimer.singleShot(20, lambda: (on_line("No module named 'scipy'"), on_end(1)))

    panel.results.curves._fits._launch = launch
    for column in (38, 17):
        panel.results.curves.show_pixel(Pixel(State.STRESS, 0, 24, column))
        slicer_host.process_events(1, until=lambda: "..." not in panel.ui.pixelLabel.text)
        assert "No module named 'scipy'" in panel.ui.pixelLabel.text
    assert len(started) == len(python_commands())
