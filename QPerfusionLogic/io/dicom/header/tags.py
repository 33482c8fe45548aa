"""Reading DICOM attributes without tripping over missing, empty or malformed ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from .private_tags import PrivateElement, as_number, name_of, private_value

SECONDS_OF_DAY = 86400.0


class Tags:
    """Attributes looked up by keyword through layers, first layer first.

    Parameters
    ----------
    *layers : Dataset or dict
        A classic header is one layer; a frame of a multi-frame object is its own, the shared and the top layer.
    """

    def __init__(self, *layers: Any) -> None:
        self._layers = layers

    def value(self, *keywords: Any) -> Any:
        """Return the first value that is present and not empty, or None."""
        for keyword in keywords:
            for layer in self._layers:
                value = _value_in(layer, keyword)
                if value is not None:
                    return value
        return None

    def text(self, *keywords: Any) -> str:
        """Return the value as plain text, "" where absent."""
        value = self.value(*keywords)
        if value is None:
            return ""
        return " ".join(str(part) for part in value).strip() if _is_list(value) else str(value).strip()

    def number(self, *keywords: Any) -> float | None:
        """Return the (first) value as a finite number, or None."""
        numbers = self.numbers(*keywords)
        return numbers[0] if numbers else None

    def integer(self, *keywords: Any) -> int | None:
        """Return the (first) value as a whole number, or None."""
        number = self.number(*keywords)
        return None if number is None else int(number)

    def numbers(self, *keywords: Any) -> tuple[float, ...]:
        """Return all values as finite numbers; empty where absent or malformed."""
        value = self.value(*keywords)
        try:
            numbers = tuple(float(part) for part in (value if _is_list(value) else (value,)))
        except (TypeError, ValueError):
            return ()
        return numbers if all(abs(number) < float("inf") for number in numbers) else ()

    def private_number(self, element: PrivateElement) -> float | None:
        """Return the first value of a private element as a finite number, or None."""
        for layer in self._layers:
            value = private_value(layer, element)
            first = value[0] if _is_list(value) and len(value) else value
            try:
                number = float(first)
            except (TypeError, ValueError):
                continue
            if abs(number) < float("inf"):
                return number
        return None

    def words(self, *keywords: Any) -> tuple[str, ...]:
        """Return all values as upper-case words."""
        value = self.value(*keywords)
        if value is None:
            return ()
        return tuple(str(part).strip().upper() for part in (value if _is_list(value) else (value,)))


def flattened(items: Any) -> dict[Any, Any]:
    """Return the attributes of all functional groups (macros of one item each) in one dictionary by keyword."""
    found: dict[Any, Any] = {}
    for groups in items:
        for group in groups:
            if group.VR != "SQ":
                continue
            for item in group.value:
                for element in item:
                    private = name_of(element)
                    value = element.value if private is None else as_number(element.value)
                    found.setdefault(private or element.keyword or element.tag, value)
    return found


def seconds_of(text: str) -> float | None:
    """Return a DICOM time (TM) as seconds of the day, or None where it is not one.

    Examples
    --------
    >>> seconds_of("101215.3475"), seconds_of("10:12:15"), seconds_of("noon")
    (36735.3475, 36735.0, None)
    """
    digits = text.replace(":", "").strip()
    whole, _, fraction = digits.partition(".")
    if not whole.isdigit() or len(whole) not in (2, 4, 6) or (fraction and not fraction.isdigit()):
        return None
    hours, minutes, seconds = int(whole[:2]), int(whole[2:4] or 0), int(whole[4:6] or 0)
    return hours * 3600.0 + minutes * 60.0 + seconds + (float(f"0.{fraction}") if fraction else 0.0)


def instant_of(date: str, time: str) -> float | None:
    """Return a DICOM date (may be empty) and time as seconds that can be subtracted across midnight."""
    seconds = seconds_of(time)
    if seconds is None:
        return None
    digits = date.replace(".", "").replace("-", "").strip()
    try:
        day = dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).toordinal() if digits else 0
    except ValueError:
        day = 0
    return day * SECONDS_OF_DAY + seconds


def instant_of_datetime(text: str) -> float | None:
    """Return a DICOM date-time (DT) as seconds, its time zone left aside.

    Examples
    --------
    >>> instant_of_datetime("20240102000000.5+0100") - instant_of_datetime("20240101235959.5+0100")
    1.0
    """
    plain = text.split("+")[0].split("-")[0].strip()
    return instant_of(plain[:8], plain[8:]) if len(plain) >= 10 else None


def _value_in(layer: Any, keyword: Any) -> Any:
    try:
        value = layer.get(keyword)
        if not isinstance(keyword, str):
            value = getattr(value, "value", value)
    except Exception:  # pydicom decodes on access and lets errors of many kinds through from malformed values
        return None
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return None if _is_list(value) and len(value) == 0 else value


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)
