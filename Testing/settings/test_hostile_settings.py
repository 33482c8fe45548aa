"""Any value of any setting is taken in its type, or refused in one line."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest

from QPerfusionLogic.errors import SettingsError
from QPerfusionLogic.settings.schema import Settings

HOSTILE = (
    *(
        "",
        "nan",
        "inf",
        "-inf",
        "-5",
        "1e308",
        "1e400",
        "0",
        "true",
        "a:b",
        "-inf:inf",
        "1:",
        ":",
        "9" * 5000,
        "\0",
        "ü",
    ),
    *(
        None,
        True,
        -1,
        10**400,
        math.nan,
        math.inf,
        [],
        {},
        [[]],
        {"a": 1},
        {"a": "-inf:inf"},
        ["x"],
        [True],
        [-5],
        [1.5],
    ),
)
NAMES = [
    f"{stage.name}.{item.name}"
    for stage in dataclasses.fields(Settings)
    for item in dataclasses.fields(getattr(Settings(), stage.name))
]


@pytest.mark.parametrize("name", NAMES)
def test_hostile_values_are_refused_in_one_line_or_kept_in_the_type_of_the_setting(name):
    for value in HOSTILE:
        refusal, found = taken(name, value)
        assert "\n" not in refusal
        if found is not None:
            text = json.dumps(found.as_dictionary(), allow_nan=False)
            assert Settings.from_dictionary(json.loads(text)) == found


def taken(name, value):
    try:
        return "", Settings().with_value(name, value)
    except SettingsError as error:
        return str(error), None


@pytest.mark.parametrize("value", ["-inf:inf", "nan:1", 5, None, [1], {"a": 1}])
def test_bounds_are_two_finite_numbers(value):
    with pytest.raises(SettingsError):
        Settings().with_value("kinetics.bounds.mbf", value)


@pytest.mark.parametrize("value", ["-5", [-1], [1.5], 3, "1,x"])
def test_frames_are_counted_from_zero(value):
    with pytest.raises(SettingsError):
        Settings().with_value("registration.excluded_frames", value)


@pytest.mark.parametrize(
    "text", ["[]", "null", '{"aif": 3}', '{"provenance_version": 1}', "[" * 9999, '{"x": {"y": 1}}']
)
def test_files_that_hold_no_settings_are_refused(tmp_path, text):
    (tmp_path / "settings.json").write_text(text)
    with pytest.raises(SettingsError):
        Settings.from_file(tmp_path / "settings.json")
