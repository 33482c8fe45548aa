"""Small words of messages, and free text in one spelling."""

from __future__ import annotations

import re
import unicodedata


def counted(number: int, noun: str) -> str:
    """Return a number with its noun in singular or plural.

    Examples
    --------
    >>> counted(1, "frame"), counted(3, "series")
    ('1 frame', '3 series')
    """
    return f"{number} {noun}" if number == 1 or noun.endswith("s") else f"{number} {noun}s"


def folded(text: str) -> str:
    """Return text in one spelling: no accents, no capitals, no full-width or half-width forms.

    Latin accents are dropped; marks of other scripts, which change the word there, are kept.

    Examples
    --------
    >>> folded("Estr\u00e9s"), folded("\uff21\uff34\uff30"), folded("\uff71\uff83\uff9e\uff89\uff7c\uff9d")
    ('estres', 'atp', 'アデノシン')
    """
    apart = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", apart))
