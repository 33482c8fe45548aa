"""What a result was made from: inputs (hashed), settings, constants, models, versions, times."""

from __future__ import annotations

import hashlib
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic import __version__
from QPerfusionLogic.data.results import StateResult
from QPerfusionLogic.data.series import PerfusionSeries, State
from QPerfusionLogic.data.study import Acquisition, PerfusionStudy
from QPerfusionLogic.settings.schema import Settings

PACKAGES = ("numpy", "scipy", "numba", "SimpleITK", "pydicom", "highdicom", "torch", "slicer-core", "vtk")


def provenance_of(study: PerfusionStudy, states: dict[State, StateResult], settings: Settings) -> dict[str, Any]:
    """Return everything needed to rebuild a result, ready for JSON.

    Parameters
    ----------
    study : PerfusionStudy
        The loaded input.
    states : dict
        Results per state after the pipeline.
    settings : Settings
        The settings used.

    Returns
    -------
    dict
        Keys software, inputs, settings, constants, models. No path, name or identifier of a patient is in it.
    """
    return {
        "provenance_version": 1,
        "software": {"qperfusion": __version__, "python": platform.python_version(), **package_versions()},
        "research_use_only": "not a medical device",
        "inputs": {str(state): _acquisition(study.acquisition(state)) for state in study.states}
        | ({"t1_map": {"sha256": array_hash(study.t1_map.t1_s)}} if study.t1_map is not None else {}),
        "settings": settings.as_dictionary(),
        "constants": {str(state): _constants(result) for state, result in states.items()},
        "models": {str(state): _models(result) for state, result in states.items()},
    }


def input_hashes(study: PerfusionStudy, of: str = "sha256") -> dict[str, dict[str, str]]:
    """Return the SHA-256 of every part of a study: "stress", "rest" or "study" -> part -> hash.

    `of` is "sha256" for the values, "time_sha256" for the times of the parts that have any.
    """
    found = {
        str(state): {name: part[of] for name, part in _acquisition(study.acquisition(state)).items() if of in part}
        for state in study.states
    }
    if study.t1_map is not None and of == "sha256":
        found["study"] = {"t1_map": array_hash(study.t1_map.t1_s)}
    return found


def package_versions() -> dict[str, str]:
    """Return the versions of the packages at work, those that are installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def array_hash(values: NDArray[Any]) -> str:
    """Return the SHA-256 of an array's shape and bytes.

    Examples
    --------
    >>> array_hash(np.zeros(3))[:8] == array_hash(np.zeros(3))[:8]
    True
    """
    digest = hashlib.sha256(str((values.shape, values.dtype.str)).encode())
    digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _acquisition(acquisition: Acquisition) -> dict[str, Any]:
    found: dict[str, Any] = {"tissue": _series(acquisition.tissue)}
    if acquisition.aif_series is not None:
        found["aif_series"] = _series(acquisition.aif_series)
    if acquisition.pre_bolus is not None:
        found["pre_bolus"] = _series(acquisition.pre_bolus)
    if acquisition.aif_curve is not None:
        curve = acquisition.aif_curve
        found["aif_curve"] = {"sha256": array_hash(curve.value), "time_sha256": array_hash(curve.time_s)}
    if acquisition.mask is not None:
        found["mask"] = {"sha256": array_hash(acquisition.mask.labels)}
    return found


def _series(series: PerfusionSeries) -> dict[str, Any]:
    protocol = {name: value for name, value in vars(series.protocol).items() if value not in (None, "")}
    return {
        "sha256": array_hash(series.signal),
        "time_sha256": array_hash(np.asarray(series.time_s, dtype=float)),
        "frames": series.frames,
        "image_shape": list(series.image_shape),
        "quantity": str(series.quantity),
        "time_source": series.source.time_source,
        "series_hash": series.source.series_hash,
        "protocol": protocol,
    }


def _constants(result: StateResult) -> dict[str, str]:
    constants: dict[str, str] = {}
    if result.arterial_input is not None:
        constants |= {f"aif.{name}": value for name, value in result.arterial_input.constants.items()}
    if result.concentration is not None:
        constants |= {f"conversion.{name}": value for name, value in result.concentration.constants.items()}
    return constants


def _models(result: StateResult) -> dict[str, str]:
    models: dict[str, str] = {}
    if result.superresolved is not None:
        found = result.superresolved
        models["superresolution"] = f"{found.model_name} sha256 {found.model_checksum}"
    if result.segmented is not None:
        models["segmentation"] = result.segmented.source
    if result.arterial_input is not None:
        models["aif"] = result.arterial_input.mode
        if result.arterial_input.model_name:
            models["aif_network"] = f"{result.arterial_input.model_name} sha256 {result.arterial_input.model_checksum}"
    if result.concentration is not None:
        models["conversion"] = result.concentration.mode
    if result.mapped is not None:
        models["kinetics"] = result.mapped.model
    return models
