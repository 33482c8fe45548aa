"""Protocol presets: shipped ones with their source, own ones saved and offered again."""

from __future__ import annotations

import json

import pytest

from QPerfusionLogic.panel.presets import shipped_presets
from QPerfusionLogic.settings.schema import Settings


def choose(panel, title):
    box = panel.ui.presetBox
    box.currentIndex = [box.itemText(index) for index in range(box.count)].index(title)
    box.activated.emit(box.currentIndex)


@pytest.mark.parametrize("preset", shipped_presets(), ids=lambda preset: preset.path.stem)
def test_every_shipped_preset_can_be_used_and_names_its_source(preset):
    assert preset.settings != Settings()
    assert preset.source
    assert set(json.loads(preset.path.read_text())) <= set(Settings().as_dictionary())


def test_every_file_of_a_preset_is_listed():
    folder = shipped_presets()[0].path.parent
    assert {path.name for path in folder.glob("*.json")} == {preset.path.name for preset in shipped_presets()}


def test_a_chosen_preset_reaches_the_settings(a_panel):
    choose(a_panel, "Dual bolus 1 : 10")
    settings = a_panel.logic.settings(a_panel._parameters)
    assert (settings.aif.mode, settings.kinetics.model) == ("dual_bolus", "fermi")
    assert "Schuster" in a_panel.ui.presetBox.toolTip


def test_a_changed_preset_is_called_own_settings(a_panel):
    choose(a_panel, "Dual sequence, 3 T")
    assert a_panel.ui.presetBox.currentText == "Dual sequence, 3 T"
    a_panel.ui.hematocritBox.value = 0.4
    assert a_panel.ui.presetBox.currentText == "Own settings"
    choose(a_panel, "Defaults")
    assert a_panel.logic.settings(a_panel._parameters) == Settings()


def test_settings_saved_by_the_user_are_offered_as_a_preset(a_panel, monkeypatch, tmp_path):
    import qt
    import slicer

    monkeypatch.setattr(slicer.app, "temporaryPath", str(tmp_path))
    path = tmp_path / "QPerfusion" / "Our scanner.json"
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *_: str(path))
    a_panel.ui.hematocritBox.value = 0.39
    a_panel.ui.savePresetButton.click()
    assert a_panel.ui.presetBox.currentText == "Our scanner"
    choose(a_panel, "Defaults")
    choose(a_panel, "Our scanner")
    assert a_panel.ui.hematocritBox.value == pytest.approx(0.39)


def test_a_file_that_is_no_preset_is_told(a_panel, monkeypatch, tmp_path):
    import qt

    (tmp_path / "x.json").write_text("[1]")
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *_: str(tmp_path / "x.json"))
    a_panel.ui.loadPresetButton.click()
    assert "Needed: an object of stages." in a_panel.ui.noticesBrowser.plainText
