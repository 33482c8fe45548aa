"""Settings in the panel: every one visible with its unit, checked when edited, saved, loaded and kept in the scene."""

from __future__ import annotations

import json

import pytest

from QPerfusionLogic.panel.choices import setting_rows
from QPerfusionLogic.settings.names import choice_name
from QPerfusionLogic.settings.schema import Settings

BLOOD = "Native T1 of blood; None: the table's value"


def row_of(panel, name):
    return panel.settingsPart.row_of(name)


def edit(panel, name, text):
    panel.ui.settingsTable.item(row_of(panel, name), 1).setText(text)


def cells(panel, name):
    return [panel.ui.settingsTable.item(row_of(panel, name), column).text() for column in range(5)]


def test_every_setting_is_visible_with_its_unit(a_panel):
    table = a_panel.ui.settingsTable
    bound = {
        "superresolution.mode",
        "registration.mode",
        "aif.mode",
        "conversion.mode",
        "kinetics.model",
        "kinetics.hematocrit",
    }
    rows = {row.name: row_of(a_panel, row.name) for row in setting_rows(Settings()) if row.name not in bound}
    assert len(set(rows.values())) == len(rows)
    assert table.rowCount == len(rows) + 8
    assert all(table.item(row, 0).text() for row in rows.values())
    assert cells(a_panel, "conversion.t1_blood_s") == ["T1 blood", "none", "s", "0.3 to 4", BLOOD]


def test_settings_stand_below_the_name_of_their_stage(a_panel):
    heading = row_of(a_panel, "conversion")
    assert a_panel.ui.settingsTable.item(heading, 0).text() == "Signal to concentration"
    assert heading < row_of(a_panel, "conversion.t1_blood_s") < row_of(a_panel, "kinetics")


@pytest.mark.parametrize("words", ["t1 blood", "T1 of BLOOD native", "conversion.t1_blood_s"])
def test_the_search_line_leaves_what_it_names_below_its_stage(a_panel, words):
    a_panel.ui.settingsSearch.text = words
    table = a_panel.ui.settingsTable
    shown = [row for row in range(table.rowCount) if not table.isRowHidden(row)]
    assert shown == [row_of(a_panel, "conversion"), row_of(a_panel, "conversion.t1_blood_s")]
    a_panel.ui.settingsSearch.text = ""
    assert not any(table.isRowHidden(row) for row in range(table.rowCount))


def test_what_a_search_found_stays_found_when_a_value_is_edited(a_panel):
    a_panel.ui.settingsSearch.text = "t1 blood"
    edit(a_panel, "conversion.t1_blood_s", "1.55")
    assert a_panel.ui.settingsTable.isRowHidden(row_of(a_panel, "kinetics.cells"))


def test_all_about_the_chosen_setting_stands_below_the_table(a_panel):
    a_panel.ui.settingsTable.setCurrentCell(row_of(a_panel, "conversion.t1_blood_s"), 1)
    assert a_panel.ui.settingLabel.text == f"T1 blood: 0.3 to 4 s. {BLOOD}"
    a_panel.ui.settingsTable.setCurrentCell(row_of(a_panel, "conversion"), 0)
    assert a_panel.ui.settingLabel.text == ""


def test_a_choice_in_the_table_is_shown_and_taken_by_its_name(a_panel):
    assert cells(a_panel, "conversion.sequence")[1:4] == ["Automatic", "", "Automatic; FLASH; bSSFP"]
    for text, value in (("bSSFP", "bssfp"), ("flash", "flash"), (" automatic", "automatic")):
        edit(a_panel, "conversion.sequence", text)
        assert a_panel.logic.settings(a_panel._parameters).conversion.sequence == value


def test_every_choice_of_the_package_has_a_name_of_its_own():
    for row in setting_rows(Settings()):
        names = [choice_name(row.name, option) for option in row.options]
        assert len(set(names)) == len(names)
        if row.name != "loading.axes":
            assert not any("_" in name or name in row.options for name in names), row.name


def test_the_boxes_show_names_and_keep_values_each_time_the_panel_is_entered(a_panel):
    for _entry in range(2):
        assert a_panel.ui.modelBox.itemText(0) == "BTEX, mixing cells"
        assert a_panel.ui.conversionBox.currentText == "Look-up table"
        a_panel.ui.modelBox.currentText = "Extended Tofts"
        assert a_panel._parameters.kineticModel == "extended_tofts"
        a_panel.exit()
        a_panel.enter()
        assert a_panel.ui.modelBox.currentText == "Extended Tofts"


def test_an_edited_value_reaches_the_settings_of_the_run(a_panel):
    edit(a_panel, "conversion.t1_blood_s", "1.55")
    assert a_panel.logic.settings(a_panel._parameters).conversion.t1_blood_s == 1.55


def test_a_value_out_of_range_is_refused_with_the_range(a_panel):
    edit(a_panel, "conversion.t1_blood_s", "55")
    assert "a number from 0.3 to 4 s" in a_panel.ui.messageLabel.text
    assert a_panel.ui.settingsTable.item(row_of(a_panel, "conversion.t1_blood_s"), 1).text() == "none"


def test_bounds_of_a_model_are_edited_as_text(a_panel):
    edit(a_panel, "kinetics.bounds", "vp=0.05:0.1")
    assert a_panel.logic.settings(a_panel._parameters).kinetics.bounds == {"vp": (0.05, 0.1)}


def test_a_widget_and_the_settings_say_the_same(a_panel):
    a_panel.ui.modelBox.currentText = "BTEX"
    a_panel.ui.hematocritBox.value = 0.38
    settings = a_panel.logic.settings(a_panel._parameters)
    assert (settings.kinetics.model, settings.kinetics.hematocrit) == ("btex", 0.38)


def test_presets_go_through_a_file_that_the_command_line_reads(a_panel, tmp_path):
    a_panel.ui.modelBox.currentText = "B-spline deconvolution"
    edit(a_panel, "segmentation.trim_endo_mm", "1")
    a_panel.settingsPart.save(str(tmp_path / "mine.json"))
    expected = a_panel.logic.settings(a_panel._parameters)
    assert Settings.from_file(tmp_path / "mine.json") == expected
    a_panel.logic.setSettings(a_panel._parameters, Settings())
    a_panel.settingsPart.load(str(tmp_path / "mine.json"))
    assert a_panel.logic.settings(a_panel._parameters) == expected
    assert a_panel.ui.modelBox.currentText == "B-spline deconvolution"


@pytest.mark.parametrize("kept", ["", "not json", json.dumps({"gone.setting": "1", "kinetics.cells": "7"})])
def test_settings_of_another_version_do_no_harm(a_panel, kept):
    a_panel._parameters.changes = kept
    assert a_panel.logic.settings(a_panel._parameters).kinetics.cells == (7 if "cells" in kept else 20)


def test_bound_parameters_have_the_defaults_of_the_package(a_panel):
    assert a_panel.logic.settings(a_panel._parameters) == Settings()
