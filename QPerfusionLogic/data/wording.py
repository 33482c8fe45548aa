"""Small words of messages."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number with its noun in singular or plural.

    Examples
    --------
    >>> counted(1, "frame"), counted(3, "series")
    ('1 frame', '3 series')
    """
    return f"{number} {noun}" if number == 1 or noun.endswith("s") else f"{number} {noun}s"
