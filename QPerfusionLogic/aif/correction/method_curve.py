"""An arterial input as a method finds it, before it is checked."""

from __future__ import annotations

from dataclasses import dataclass, field

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.conversion_physics import Precontrast
from QPerfusionLogic.data.notices import Notice

BAND_SDS = 1.645
"""Half the width of a band from 5 to 95 %, in standard deviations."""


@dataclass(frozen=True)
class MethodCurve:
    """A blood curve as one method finds it; arrays are (n,), fields as in `ArterialInput`."""

    time_s: FloatArray
    measured: FloatArray
    corrected: FloatArray
    gd_mmol_l: FloatArray
    mode: str
    constants: dict[str, str] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    lower_mmol_l: FloatArray | None = None
    upper_mmol_l: FloatArray | None = None
    model_name: str = ""
    model_checksum: str = ""
    precontrast: Precontrast | None = None
    """Saturation efficiency and residual gadolinium of the tissue series, where the method finds them."""
    b1_plus: float | None = None
    """B1+ over its nominal value, where blood of two series shows it."""
    normalisation: str = ""
    """What scaled it, as in `ArterialInput`."""
