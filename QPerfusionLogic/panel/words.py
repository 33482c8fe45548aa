"""The language of the panel: texts of the package pass through the translator that the panel brings along."""

from __future__ import annotations

from collections.abc import Callable

_translator: list[Callable[[str], str]] = []


def translate_with(translator: Callable[[str], str]) -> None:
    """Let texts be translated from now on; Slicer's `slicer.i18n.tr` is a translator."""
    _translator[:] = [translator]


def _(text: str) -> str:
    """Return a text in the user's language; English where there is no translator.

    Examples
    --------
    >>> _("Apply")
    'Apply'
    """
    return _translator[0](text) if _translator else text
