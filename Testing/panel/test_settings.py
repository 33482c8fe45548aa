"""Settings in the panel: every one visible with its unit, checked when edited, saved, loaded and kept in the scene."""

from __future__ import annotations

import json

import pytest

from QPerfusionLogic.panel.choices import setting_rows
from QPerfusionLogic.settings.schema import Settings


def row_of(panel, name):
    table = panel.ui.settingsTable
    return next(row for row in range(table.rowCount) if table.item(row, 0).text() == name)


def edit(panel, name, text):
    panel.ui.settingsTable.item(row_of(panel, name), 1).setText(text)


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
    shown = {table.item(row, 0).text() for row in range(table.rowCount)}
    assert shown | bound == {row.name for row in setting_rows(Settings())}
    assert table.item(row_of(a_panel, "conversion.t1_blood_s"), 2).text() == "s"


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
    a_panel.ui.modelBox.currentText = "btex"
    a_panel.ui.hematocritBox.value = 0.38
    settings = a_panel.logic.settings(a_panel._parameters)
    assert (settings.kinetics.model, settings.kinetics.hematocrit) == ("btex", 0.38)


def test_presets_go_through_a_file_that_the_command_line_reads(a_panel, tmp_path):
    a_panel.ui.modelBox.currentText = "spline"
    edit(a_panel, "segmentation.trim_endo_mm", "1")
    a_panel.settingsPart.save(str(tmp_path / "mine.json"))
    expected = a_panel.logic.settings(a_panel._parameters)
    assert Settings.from_file(tmp_path / "mine.json") == expected
    a_panel.logic.setSettings(a_panel._parameters, Settings())
    a_panel.settingsPart.load(str(tmp_path / "mine.json"))
    assert a_panel.logic.settings(a_panel._parameters) == expected
    assert a_panel.ui.modelBox.currentText == "spline"


@pytest.mark.parametrize("kept", ["", "not json", json.dumps({"gone.setting": "1", "kinetics.cells": "7"})])
def test_settings_of_another_version_do_no_harm(a_panel, kept):
    a_panel._parameters.changes = kept
    assert a_panel.logic.settings(a_panel._parameters).kinetics.cells == (7 if "cells" in kept else 20)


def test_bound_parameters_have_the_defaults_of_the_package(a_panel):
    assert a_panel.logic.settings(a_panel._parameters) == Settings()
