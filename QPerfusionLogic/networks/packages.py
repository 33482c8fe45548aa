"""Ask for torch and safetensors with a sentence, not with a traceback."""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec

from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.errors import MissingPackageError, QPerfusionError

PACKAGES = ("torch", "safetensors")
IN_SLICER = {
    "torch": "install the PyTorch extension (Extensions Manager), restart 3D Slicer, and press Apply again: QPerfusion "
    "then offers to install PyTorch",
    "safetensors": "press Apply again and agree to install the Python packages",
}
"""Package -> how it is installed inside 3D Slicer."""


def missing_packages() -> tuple[str, ...]:
    """Return which of the learning packages are not installed."""
    return tuple(package for package in PACKAGES if find_spec(package) is None)


def how_to_install(missing: tuple[str, ...]) -> str:
    """Return what the user does to get packages: in the words of 3D Slicer inside it, else the command of pip."""
    names = " ".join(missing)
    if "SLICER_HOME" not in os.environ:
        return f"pip install {names}"
    steps = "; ".join(IN_SLICER[package] for package in missing)
    offline = f"PythonSlicer -m pip install --no-index --find-links FOLDER {names}"
    return f"{steps}. Without network: {offline}, where FOLDER holds the wheels"


def require_packages(wanted_by: str, instead: str = "") -> None:
    """Raise where the learning packages are not installed or cannot be loaded.

    Parameters
    ----------
    wanted_by : str
        What needs them, as the user knows it: "aif.mode=neural_network".
    instead : str
        What works without them: "aif.mode=signal_inversion".

    Raises
    ------
    MissingPackageError
        With what installs them.
    """
    missing = missing_packages()
    otherwise = f", or {instead}" if instead else ""
    if missing:
        raise MissingPackageError(
            f"{wanted_by} without {' and '.join(missing)}",
            expected=f"the Python packages {' and '.join(PACKAGES)}",
            action=how_to_install(missing) + otherwise,
        )
    for package in PACKAGES:
        try:
            import_module(package)
        except Exception as error:
            raise MissingPackageError(
                f"{wanted_by} with a {package} that cannot be loaded ({_one_line(error)})",
                expected=f"the Python packages {' and '.join(PACKAGES)}",
                action=f"install {package} again: {how_to_install((package,))}{otherwise}",
            ) from error


def not_used(error: QPerfusionError, instead: str, cost: str, stage: str) -> Notice:
    """Return the notice that another method replaces a network.

    Parameters
    ----------
    error : QPerfusionError
        Why the network cannot be used.
    instead : str
        What was done, as a sentence.
    cost : str
        What that costs in accuracy, as a sentence.
    stage : str
        Name of the stage.
    """
    return Notice.of("network-not-used", f"{instead}: found {error.found}. {cost}", error.action, stage=stage)


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]
