"""Frames in the panel: their times with the source, which are kept, the player."""

from __future__ import annotations

import numpy as np
import pytest
from host.hand_made import quick_study

from QPerfusionLogic.data.series import SeriesKind, State
from QPerfusionLogic.mrml.nodes.sequences import series_of_sequence
from QPerfusionLogic.mrml.nodes.tables import column_values
from QPerfusionLogic.mrml.study.filling import fill_scene
from QPerfusionLogic.mrml.study.study_inputs import add_study_inputs


@pytest.fixture
def a_panel_with_a_result(a_panel, a_scene, a_result):
    study = fill_scene(a_scene, a_result)
    a_panel._parameters.studyName = study.name
    return a_panel


@pytest.fixture
def a_panel_with_a_series(a_panel, a_scene):
    inputs = add_study_inputs(a_scene, quick_study(("stress",)))
    a_panel._parameters.stressSeries = inputs["stress", "tissue"]
    a_panel.ui.framesOfBox.currentIndex = 1
    return a_panel


def cell(panel, row, column):
    return panel.ui.framesTable.item(row, column)


def test_frames_are_shown_with_the_tag_their_times_come_from(a_panel_with_a_result):
    assert a_panel_with_a_result.ui.timeSourceLabel.text == "12 frames, times: AcquisitionTime"
    assert cell(a_panel_with_a_result, 2, 1).text() == "1.401"
    assert (cell(a_panel_with_a_result, 4, 2).text(), cell(a_panel_with_a_result, 4, 3).text()) == (
        "67% of slices",
        "breathing",
    )


def test_a_frame_is_excluded_by_its_check_box(a_panel_with_a_result):
    import qt

    cell(a_panel_with_a_result, 7, 2).setCheckState(qt.Qt.Unchecked)
    table = a_panel_with_a_result.results.study().node("table:frames", "stress")
    kept = np.array(column_values(table, "kept")).reshape(12, 3)
    assert not kept[7].any()
    cell(a_panel_with_a_result, 7, 2).setCheckState(qt.Qt.Checked)
    assert np.array(column_values(table, "kept")).reshape(12, 3)[7].all()


def test_an_edited_time_moves_all_slices_of_its_frame(a_panel_with_a_result):
    cell(a_panel_with_a_result, 3, 1).setText("2.2")
    table = a_panel_with_a_result.results.study().node("table:frames", "stress")
    times = np.array(column_values(table, "time_s")).reshape(12, 3)
    np.testing.assert_allclose(times[3], [2.2, 2.4, 2.6], atol=1e-6)
    assert "typed in by hand" in a_panel_with_a_result.ui.timeSourceLabel.text


@pytest.mark.parametrize(("text", "says"), [("9.9", "times that increase"), ("abc", "expected seconds")])
def test_an_impossible_time_is_refused_and_the_old_one_shown(a_panel_with_a_result, text, says):
    cell(a_panel_with_a_result, 3, 1).setText(text)
    assert says in a_panel_with_a_result.ui.messageLabel.text
    assert cell(a_panel_with_a_result, 3, 1).text() == "2.101"


def test_an_interval_is_given_to_a_series_that_has_no_times(a_panel_with_a_series):
    panel = a_panel_with_a_series
    panel.ui.intervalBox.value = 0.65
    panel.ui.intervalButton.click()
    series = series_of_sequence(panel._parameters.stressSeries, SeriesKind.TISSUE, State.STRESS)
    np.testing.assert_allclose(series.time_s[:, 0], 0.65 * np.arange(40), atol=1e-6)
    assert series.source.time_source == "typed in by hand"


def test_a_time_of_an_input_series_is_edited(a_panel_with_a_series):
    cell(a_panel_with_a_series, 39, 1).setText("40")
    series = series_of_sequence(a_panel_with_a_series._parameters.stressSeries, SeriesKind.TISSUE, State.STRESS)
    assert series.time_s[39, 0] == pytest.approx(40.0)
    assert series.time_s[38, 0] == pytest.approx(30.4)


def test_the_player_shows_raw_and_registered_in_step(a_panel_with_a_result):
    panel = a_panel_with_a_result
    panel.ui.motionButton.click()
    panel.ui.frameSlider.value = 6
    browser = panel.results.study().node("browser", "stress")
    assert browser.GetSelectedItemNumber() == 6
    panel.ui.playButton.click()
    assert browser.GetPlaybackActive()
    panel.ui.playButton.click()
    assert not browser.GetPlaybackActive()
