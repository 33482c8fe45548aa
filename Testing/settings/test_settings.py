from __future__ import annotations

import json
from pathlib import Path

import pytest

from QPerfusionLogic.cli.main import main
from QPerfusionLogic.errors import InputError, SettingsError
from QPerfusionLogic.settings.schema import Settings


def test_settings_survive_json(tmp_path: Path) -> None:
    settings = (
        Settings()
        .with_value("kinetics.model", "btex")
        .with_value("kinetics.delay", "0.5")
        .with_value("kinetics.bounds.vp_ml_g", "0.05:0.10")
        .with_value("registration.excluded_frames", "1, 2")
        .with_value("conversion.t1_blood_s", 1.6)
    )
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(settings.as_dictionary()))
    assert Settings.from_file(path) == settings


def test_a_provenance_file_is_a_settings_file(tmp_path: Path) -> None:
    settings = Settings().with_value("kinetics.model", "btex")
    path = tmp_path / "provenance.json"
    path.write_text(json.dumps({"provenance_version": 1, "settings": settings.as_dictionary()}))
    assert Settings.from_file(path) == settings


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("kinetic.model", "fermi", "STAGE.FIELD"),
        ("kinetics", "fermi", "STAGE.FIELD"),
        ("kinetics.modle", "fermi", "a field of kinetics"),
        ("kinetics.model", "tofts9", "one of btex"),
        ("kinetics.hematocrit", "0.9", "from 0.2 to 0.6"),
        ("kinetics.hematocrit", "high", "a number"),
        ("kinetics.cells", "2.5", "whole number"),
        ("kinetics.delay", "late", "marginalised, shared"),
        ("kinetics.bounds.vp_ml_g", "0.1", "low:high"),
        ("kinetics.bounds.vp_ml_g", "0.2:0.1", "low not above high"),
        ("kinetics.hematocrit", "nan", "from 0.2 to 0.6"),
        ("registration.reject_frames", "perhaps", "true or false"),
        ("registration.excluded_frames", "a,b", "separated by commas"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_was_expected(name: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        Settings().with_value(name, value)


@pytest.mark.parametrize("text", ["{", "[1]", '{"kinetics": 3}', '{"nothing": {}}'])
def test_a_wrong_settings_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    with pytest.raises(InputError):
        Settings.from_file(path)


def test_a_missing_settings_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no readable settings file"):
        Settings.from_file(tmp_path / "absent.json")


def test_every_setting_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--describe", "--json", "--set", "kinetics.model=fermi"]) == 0
    entries = {entry["name"]: entry for entry in map(json.loads, capsys.readouterr().out.splitlines())}
    content = Settings().as_dictionary()
    assert list(entries) == [f"{stage}.{name}" for stage, values in content.items() for name in values]
    assert [name for name, entry in entries.items() if not entry["meaning"]] == []
    assert entries["kinetics.model"]["value"] == "fermi"
    assert entries["kinetics.model"]["default"] == "btex_mixing_cells"
    assert entries["kinetics.hematocrit"]["allowed"]


def test_settings_are_described_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--describe", "--set", "kinetics.window_s=15"]) == 0
    said = capsys.readouterr().out
    assert "kinetics.window_s = 15.0 (default none)\n    1 to 1000 s\n    fit window" in said
    assert "conversion.normalisation = automatic\n    automatic | proton_density | baseline\n" in said
