"""Series that already hold gadolinium: nothing is computed, wrong units are noticed."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import Concentration, Registered
from QPerfusionLogic.data.series import Quantity
from QPerfusionLogic.settings.schema import ConversionSettings

HIGHEST_PLAUSIBLE_MMOL_L = 30.0


def keep_as_is(registered: Registered, settings: ConversionSettings) -> Concentration:
    """Return the series unchanged as gadolinium, with notices where the numbers cannot be mmol/L."""
    series = registered.series
    gadolinium = np.asarray(series.signal, dtype=np.float32)
    notices: list[Notice] = []
    top = float(np.nanpercentile(gadolinium, 99.9)) if np.isfinite(gadolinium).any() else float("nan")
    if not top <= HIGHEST_PLAUSIBLE_MMOL_L:
        notices.append(_implausible(top))
    if series.quantity is not Quantity.GADOLINIUM and settings.mode == "concentration":
        notices.append(
            Notice.of(
                code="conversion-as-is",
                message="the images were taken as gadolinium in mmol/L because conversion.mode is as_is",
            )
        )
    return Concentration(
        gd_mmol_l=gadolinium,
        time_s=series.time_s,
        saturated=np.zeros(series.image_shape, dtype=bool),
        mode="concentration",
        notices=tuple(notices),
    )


def _implausible(top: float) -> Notice:
    return Notice.of(
        code="gd-implausible",
        message=f"the images are taken as gadolinium as they are, but reach {top:.3g} mmol/L; first-pass blood stays "
        "below about 10 mmol/L",
        action="choose conversion.mode=look_up_table for signal images, or give concentrations in mmol/L",
    )
