"""Methods "curve" and "concentration": gadolinium that was typed in, loaded, or is already in the images."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.aif.correction.method_curve import MethodCurve
from QPerfusionLogic.aif.quality.given_curve_checks import given_curve_notices
from QPerfusionLogic.data.series import Quantity
from QPerfusionLogic.data.study import Curve
from QPerfusionLogic.errors import InputError

from .aif_context import AifContext
from .aif_method import AifMethod


class GivenCurve(AifMethod):
    """A curve that the user gave, in mmol/L, on the clock of the tissue series."""

    name = "curve"
    rank = 1
    needs = "aif_curve"
    input_name = "arterial input curve"
    given_as = ("aif",)
    inverts_signal = False
    reads_gadolinium = True
    clock = "kept"

    def curve(self, context: AifContext) -> MethodCurve:
        """Return the curve that was given (time_s, mmol/L), on the clock of the tissue series, unchanged."""
        curve = context.state.acquisition.aif_curve
        if curve is None:
            raise InputError("no arterial input curve", action="give one as CSV (time_s,value)")
        time, value = _checked(curve)
        return MethodCurve(
            time,
            value,
            value,
            value,
            mode=self.name,
            constants={"aif": curve.source or "curve given"},
            notices=given_curve_notices(value, time),
        )

    def reason(self, context: AifContext) -> str:
        """Return why `automatic` takes it: a curve was given."""
        return "a curve was given" if self.is_held(context.state.acquisition) else ""

    def is_listed(self, context: AifContext) -> bool:
        """Return whether there is a curve."""
        return self.is_held(context.state.acquisition)


class ImagesOfGadolinium(AifMethod):
    """The LV blood of images that already hold gadolinium, or are taken as such."""

    name = "concentration"
    rank = 4
    inverts_signal = False
    reads_gadolinium = True

    def curve(self, context: AifContext) -> MethodCurve:
        """Return the LV curve of images that already hold gadolinium, or are taken as such."""
        curve = context.tissue_curve
        return MethodCurve(curve.time_s, curve.signal, curve.signal, curve.signal, mode=self.name)

    def reason(self, context: AifContext) -> str:
        """Return why `automatic` takes it: the images hold gadolinium."""
        return "" if context.holds_signal else "the images hold gadolinium"

    def is_listed(self, context: AifContext) -> bool:
        """Return whether the images hold gadolinium."""
        return not context.holds_signal


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
