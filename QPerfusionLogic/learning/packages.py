"""Ask for torch and safetensors with a sentence, not with a traceback."""

from __future__ import annotations

from importlib.util import find_spec

from QPerfusionLogic.errors import MissingPackageError

PACKAGES = ("torch", "safetensors")


def missing_packages() -> tuple[str, ...]:
    """Return which of the learning packages are not installed."""
    return tuple(package for package in PACKAGES if find_spec(package) is None)


def require_packages(wanted_by: str, instead: str = "") -> None:
    """Raise where the learning packages are not installed.

    Parameters
    ----------
    wanted_by : str
        What needs them, as the user knows it: "aif.mode=learned".
    instead : str
        What works without them: "aif.mode=model".

    Raises
    ------
    MissingPackageError
        With the command that installs them.
    """
    missing = missing_packages()
    if missing:
        raise MissingPackageError(
            f"{wanted_by} without {' and '.join(missing)}",
            expected="the learning packages",
            action="pip install qperfusion[learning]" + (f", or {instead}" if instead else ""),
        )
