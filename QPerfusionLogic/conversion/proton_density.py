"""The proton-density image that divides out coil sensitivity and receiver gain."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.series import PerfusionSeries


def proton_density_signal(series: PerfusionSeries) -> FloatArray:
    """Return the mean proton-density image (slices, rows, columns).

    It is not smoothed: its noise is small beside that of the saturated frames, while smoothing mixes blood and
    myocardium.
    """
    if series.proton_density is None:
        raise KeyError("proton_density")
    return np.asarray(np.mean(series.proton_density, axis=0, dtype=float))
