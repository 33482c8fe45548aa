"""Fields of the settings with their options, ranges, units and meaning."""

from __future__ import annotations

from dataclasses import field
from typing import Any


def choice(default: str, *options: str, help: str = "") -> Any:  # noqa: A002
    """Return a dataclass field that takes one of the named options."""
    return field(default=default, metadata={"options": (default, *options), "help": help})


def number_field(default: float | int | None, low: float, high: float, unit: str = "", help: str = "") -> Any:  # noqa: A002
    """Return a dataclass field that takes a number (or None where the default is None) inside [low, high]."""
    return field(default=default, metadata={"low": low, "high": high, "unit": unit, "help": help})
