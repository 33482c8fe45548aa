"""The one family of exceptions that QPerfusion raises at its users."""

from __future__ import annotations


class QPerfusionError(Exception):
    """Something a user can understand and act on: what was found, what was expected, what to do.

    Parameters
    ----------
    found : str
        What was found, with file and tag where there is one.
    expected : str, optional
        What was expected instead.
    action : str, optional
        What the user can do about it, in words that hold in Slicer too.
    option : str, optional
        The option of the command line that does it; a part of the text of the error, not of what Slicer shows.

    Examples
    --------
    >>> str(QPerfusionError("1 frame in rest.nrrd", expected="at least 8 frames", action="choose the dynamic series"))
    'found 1 frame in rest.nrrd; expected at least 8 frames; choose the dynamic series'
    """

    exit_code = 1

    def __init__(self, found: str, expected: str = "", action: str = "", option: str = "") -> None:
        self.found = found
        self.expected = expected
        self.action = action
        self.option = option
        parts = [f"found {found}"]
        if expected:
            parts.append(f"expected {expected}")
        if action:
            parts.append(f"{action} ({option})" if option else action)
        super().__init__("; ".join(parts))


class InputError(QPerfusionError):
    """The input given by the user cannot be used (exit code 2).

    Parameters
    ----------
    found, expected, action, option : str
        As of `QPerfusionError`.

    Examples
    --------
    >>> try:
    ...     raise InputError("no DICOM file in study", action="choose another folder")
    ... except QPerfusionError as error:
    ...     error.action
    'choose another folder'
    """

    exit_code = 2


class SettingsError(InputError):
    """A setting is unknown, of the wrong type or outside its range (exit code 2)."""


class OutputError(InputError):
    """The output cannot be written: no permission, no space, a foreign folder (exit code 2)."""


class MissingPackageError(QPerfusionError):
    """An optional package is needed and absent; the message says how to install it."""

    exit_code = 2


class CancelledError(QPerfusionError):
    """The user cancelled; nothing half-written remains."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__("a cancel request")
