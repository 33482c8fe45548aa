"""Failures as a user reads them: what was found, what is needed, what to do; and the details behind."""

from __future__ import annotations

import traceback
from typing import Any

from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.io.files.output_folder import FULL
from QPerfusionLogic.translation import _


class RunError(QPerfusionError):
    """A run failed in its process; the text is one for people, the details one for developers."""

    def __init__(self, text: str, details: str = "") -> None:
        super().__init__(text)
        self.args = (text,)
        self.details = details


def failure_of(error: Exception) -> dict[str, Any]:
    """Return what a process says about the exception that ended it, as content of a line."""
    details = "".join(traceback.format_exception(error))
    if isinstance(error, QPerfusionError):
        found, expected, action = error.found, error.expected, error.action
    else:
        found, expected, action = _explained(error)
    return {"found": found, "expected": expected, "action": action, "details": details}


def text_of(error: BaseException) -> str:
    """Return an exception as sentences for people.

    Examples
    --------
    >>> text_of(QPerfusionError("1 frame in rest.nrrd", expected="at least 8 frames", action="choose another series"))
    '1 frame in rest.nrrd. Needed: at least 8 frames. Choose another series.'
    """
    if isinstance(error, RunError) or not isinstance(error, Exception):
        return str(error)
    return sentences(failure_of(error))


def details_of(error: BaseException) -> str:
    """Return what a developer needs to know about an exception."""
    return error.details if isinstance(error, RunError) else "".join(traceback.format_exception(error))


def sentences(failure: dict[str, Any]) -> str:
    """Return a failure as sentences.

    Examples
    --------
    >>> sentences({"found": "no space left", "action": "free some space"})
    'No space left. Free some space.'
    """
    expected = str(failure.get("expected") or "")
    parts = (str(failure.get("found") or ""), expected and _("needed: ") + expected, str(failure.get("action") or ""))
    return " ".join(sentence(part) for part in parts if part)


def sentence(text: str) -> str:
    """Return a text with a capital and a full stop.

    Examples
    --------
    >>> sentence("no native  T1 map")
    'No native T1 map.'
    """
    text = " ".join(text.split())
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _explained(error: Exception) -> tuple[str, str, str]:
    """Return what was found, what is needed and what to do, of an exception that is not ours."""
    if isinstance(error, MemoryError):
        return _("the memory was not enough"), "", _("close other programs, or load fewer series, and run again")
    if isinstance(error, ModuleNotFoundError):
        found = _("the Python package {name} is missing").format(name=error.name)
        return (
            found,
            "",
            _("run again and accept the installation, or see the documentation for computers without network"),
        )
    if isinstance(error, OSError):
        if error.errno in FULL:
            return _("no space left on the disk"), "", _("free some space and run again")
        what = error.strerror or str(error)
        where = f": {error.filename}" if error.filename else ""
        return _("a file could not be read or written ({reason}){where}").format(reason=what, where=where), "", ""
    found = _("an unexpected error ({name}: {text})").format(name=type(error).__name__, text=error)
    return found, "", _("nothing was changed; please report it together with the details")
