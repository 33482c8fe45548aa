"""Values of settings from typed text and JSON, checked against type, options and range."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from typing import Any

from QPerfusionLogic.errors import SettingsError


def as_range(name: str, value: Any) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in (value.split(":") if isinstance(value, str) else value))
    except (TypeError, ValueError, OverflowError) as error:
        raise SettingsError(f"{name} = {value!r}", expected="low:high, two numbers") from error
    if not (math.isfinite(low) and math.isfinite(high)):
        raise SettingsError(f"{name} = {low}:{high}", expected="two finite numbers")
    if not low <= high:
        raise SettingsError(f"{name} = {low}:{high}", expected="low not above high")
    return low, high


def checked_value(name: str, item: dataclasses.Field[Any], hint: Any, value: Any) -> Any:
    """Return `value` in the type of the field, inside its options and range."""
    options = item.metadata.get("options")
    if options is not None:
        if value not in options:
            raise SettingsError(f"{name} = {value!r}", expected=f"one of {', '.join(options)}")
        return value
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    kinds = typing.get_args(hint) if union else (hint,)
    if type(None) in kinds and value in (None, "", "none", "None"):
        return None
    if bool in kinds:
        return _as_bool(name, value)
    if typing.get_origin(hint) is dict:
        if not isinstance(value, dict):
            raise SettingsError(f"{name} = {value!r}", expected=f"{name}.NAME=low:high")
        return {key: as_range(f"{name}.{key}", entry) for key, entry in value.items()}
    if typing.get_origin(hint) is tuple:
        return _as_numbers(name, value, typing.get_args(hint)[0])
    if isinstance(value, bool | dict | list):
        raise SettingsError(f"{name} = {value!r}"[:200], expected="a number" if str not in kinds else "a text")
    if float in kinds or int in kinds:
        try:
            parsed = float(value)
        except (TypeError, ValueError, OverflowError) as error:
            if str in kinds:
                return _as_delay(name, value)
            raise SettingsError(f"{name} = {value!r}", expected="a number") from error
        return _as_number(name, item, int if float not in kinds else float, parsed)
    return str(value)


def _as_bool(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    known = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}
    if str(value).lower() not in known:
        raise SettingsError(f"{name} = {value!r}", expected="true or false")
    return known[str(value).lower()]


def _as_number(name: str, item: dataclasses.Field[Any], kind: type, value: float) -> float | int:
    low, high = item.metadata.get("low", -float("inf")), item.metadata.get("high", float("inf"))
    if not low <= value <= high or not math.isfinite(value):
        unit = f" {item.metadata['unit']}" if item.metadata.get("unit") else ""
        raise SettingsError(f"{name} = {value:g}{unit}", expected=f"a number from {low:g} to {high:g}{unit}")
    if kind is int and value != int(value):
        raise SettingsError(f"{name} = {value:g}", expected="a whole number")
    return kind(value)


def _as_numbers(name: str, value: Any, kind: type) -> tuple[float | int, ...]:
    try:
        parts = [part for part in value.split(",") if part.strip()] if isinstance(value, str) else list(value)
        numbers = tuple(kind(part) for part in parts)
        if any(
            not 0 <= number < math.inf or number != float(part) for number, part in zip(numbers, parts, strict=True)
        ):
            raise ValueError("negative or not whole")
    except (TypeError, ValueError, OverflowError) as error:
        raise SettingsError(f"{name} = {value!r}"[:200], expected="numbers from 0 on, separated by commas") from error
    return numbers


def _as_delay(name: str, value: Any) -> str:
    if value not in ("marginalised", "shared"):
        raise SettingsError(f"{name} = {value!r}", expected="marginalised, shared or a number of seconds")
    return str(value)
