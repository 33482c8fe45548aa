"""Names of version 0.1 are still taken: settings, choices, results of earlier runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from QPerfusionLogic.kinetics.models.btex_mixing_cells import BtexMixingCells
from QPerfusionLogic.kinetics.models.registry import model_class
from QPerfusionLogic.settings.old_names import RENAMED_CHOICES, present_features
from QPerfusionLogic.settings.schema import Settings

OLD = {
    "aif": {"mode": "learned", "shared_blood": False},
    "conversion": {"mode": "as_is", "transmit_field": 0.9},
    "kinetics": {"model": "btex_cells", "priors": "everywhere", "bounds": {"visf": [0.1, 0.4]}},
}


@pytest.mark.parametrize("provenance", [False, True])
def test_a_settings_file_of_version_0_1_is_read(tmp_path: Path, provenance: bool) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"provenance_version": 1, "settings": OLD} if provenance else OLD), encoding="utf-8")
    found = Settings.from_file(path)
    assert (found.aif.mode, found.aif.b1_calibration) == ("neural_network", False)
    assert (found.conversion.mode, found.conversion.b1_plus) == ("concentration", 0.9)
    assert (found.kinetics.model, found.kinetics.priors, found.kinetics.prior_scope) == (
        "btex_mixing_cells",
        "population",
        "pixels",
    )


@pytest.mark.parametrize(
    ("setting", "old", "new"), [(s, o, n) for s, names in RENAMED_CHOICES.items() for o, n in names.items()]
)
def test_a_choice_of_version_0_1_is_taken(setting: str, old: str, new: str) -> None:
    assert Settings().with_value(setting, old) == Settings().with_value(setting, new)


def test_a_bound_of_version_0_1_is_taken() -> None:
    layout = BtexMixingCells.layout
    assert layout.bounded({"visf": (0.1, 0.4)}) == layout.bounded({"ve": (0.1, 0.4)})


def test_a_model_is_found_by_its_name_of_version_0_1() -> None:
    assert model_class("btex_cells") is BtexMixingCells


def test_features_of_earlier_results_keep_their_values() -> None:
    assert present_features({"foot_s": 9.5}) == {"bolus_arrival_time_s": 9.5}


def test_settings_written_now_are_read_as_they_are() -> None:
    settings = Settings().with_value("kinetics.priors", "population").with_value("kinetics.prior_scope", "pixels")
    assert Settings.from_dictionary(settings.as_dictionary()) == settings
