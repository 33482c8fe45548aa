"""Quantitative first-pass myocardial perfusion MRI.

The public functions and classes of the package; each is loaded when it is first used, so that importing the package
takes no time. Everything else may change between versions.

Examples
--------
From a DICOM folder to blood flow::

    import QPerfusionLogic as qp

    result = qp.quantify("dicom", settings=qp.Settings().with_value("kinetics.model", "fermi"))
    mbf = result.states["stress"].mapped.maps["mbf"]  # (slices, rows, columns), mL/min/g
"""

from __future__ import annotations

import importlib
import logging
from typing import Any

__version__ = "0.1.0"
__all__ = [
    "Btex",
    "BtexMixingCells",
    "ExtendedTofts",
    "Fermi",
    "InputError",
    "OneCompartment",
    "Patlak",
    "PerfusionStudy",
    "Progress",
    "QPerfusionError",
    "Settings",
    "SplineResidue",
    "StudyResult",
    "TwoCompartmentExchange",
    "bland_altman",
    "compare_tables",
    "convert",
    "dice",
    "estimate_aif",
    "intraclass_correlation",
    "linear_regression",
    "load",
    "quantify",
    "read_result",
    "register",
    "segment",
    "threshold_agreement",
]
_PLACES = {
    "agreement.bland_altman": ("bland_altman",),
    "agreement.classification": ("threshold_agreement",),
    "agreement.comparison": ("compare_tables",),
    "agreement.regression": ("linear_regression",),
    "agreement.reliability": ("intraclass_correlation",),
    "data.arrays": ("dice",),
    "data.results": ("StudyResult",),
    "data.study": ("PerfusionStudy",),
    "errors": ("InputError", "QPerfusionError"),
    "kinetics.models.btex": ("Btex",),
    "kinetics.models.btex_mixing_cells": ("BtexMixingCells",),
    "kinetics.models.extended_tofts": ("ExtendedTofts",),
    "kinetics.models.fermi": ("Fermi",),
    "kinetics.models.one_compartment": ("OneCompartment",),
    "kinetics.models.patlak": ("Patlak",),
    "kinetics.models.spline_residue": ("SplineResidue",),
    "kinetics.models.two_compartment_exchange": ("TwoCompartmentExchange",),
    "pipeline.earlier_result": ("read_result",),
    "progress": ("Progress",),
    "settings.schema": ("Settings",),
    "workflow.console": ("convert", "estimate_aif", "load", "register", "segment"),
    "workflow.quantification": ("quantify",),
}
"""Module -> names that it offers here; `__init__.pyi` says the same to type checkers."""
_PLACE_OF = {name: module for module, names in _PLACES.items() for name in names}

logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name not in _PLACE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_PLACE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted({*globals(), *__all__})
