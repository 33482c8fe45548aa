"""Routes "curve" and "concentration": gadolinium that was typed in, loaded, or is already in the images."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.aif.correction.method_curve import MethodCurve
from QPerfusionLogic.aif.curves.blood_curve import tissue_blood_curve
from QPerfusionLogic.aif.quality.given_curve_checks import given_curve_notices
from QPerfusionLogic.data.results import StateResult
from QPerfusionLogic.data.series import Quantity
from QPerfusionLogic.data.study import Curve
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings


def by_given_curve(state: StateResult, settings: AifSettings, conversion: ConversionSettings) -> MethodCurve:
    """Return the curve that was given (time_s, mmol/L), on the clock of the tissue series, unchanged."""
    curve = state.acquisition.aif_curve
    if curve is None:
        raise InputError("no arterial input curve", action="give one as CSV (time_s,value)")
    time, value = _checked(curve)
    return MethodCurve(
        time,
        value,
        value,
        value,
        mode="curve",
        constants={"aif": curve.source or "curve given"},
        notices=given_curve_notices(value, time),
    )


def by_images_as_they_are(state: StateResult, settings: AifSettings, conversion: ConversionSettings) -> MethodCurve:
    """Return the LV curve of images that already hold gadolinium, or are taken as such."""
    curve = tissue_blood_curve(state)
    return MethodCurve(curve.time_s, curve.signal, curve.signal, curve.signal, mode="concentration")


def _checked(curve: Curve) -> tuple[np.ndarray, np.ndarray]:
    time, value = np.asarray(curve.time_s, dtype=float), np.asarray(curve.value, dtype=float)
    name = f"the arterial input curve {curve.source}".strip()
    if curve.quantity is not Quantity.GADOLINIUM:
        raise InputError(f"{name} in {curve.quantity}", expected="gadolinium in mmol/L")
    if time.ndim != 1 or time.shape != value.shape or time.size < 4:
        raise InputError(f"{name} with {time.size} times and {value.size} values", expected="at least 4 of each")
    finite = np.isfinite(time) & np.isfinite(value)
    if finite.sum() < 4:
        raise InputError(f"{name} with {int(finite.sum())} finite rows", expected="at least 4")
    time, value = time[finite], value[finite]
    if not (np.diff(time) > 0).all():
        raise InputError(f"{name} with times that do not increase", expected="increasing seconds")
    if np.median(np.diff(time)) > 50.0:
        raise InputError(
            f"{name} with a median step of {np.median(np.diff(time)):g} s",
            expected="seconds between samples, about 0.5 to 2",
            action="give times in seconds, not milliseconds",
        )
    return time, value
