"""The Fermi model: a residue that stays high, then falls along a Fermi function."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.heart_prior import FLOW_WITHIN_HEART
from QPerfusionLogic.kinetics.base.axes import Axis
from QPerfusionLogic.kinetics.base.layout import Layout, Parameter
from QPerfusionLogic.kinetics.base.quantities import quantities

from .residue_model import ResidueModel

TYPICAL_FLOW = (1.5, 0.25)
"""Median (mL/min/g) and spread (log) of flow over hearts, stress and rest, for segments that are fitted together."""
_WIDTH = Axis("width_s", 0.5, 64.0, 48, "sqrt", coarse=14)
_SHAPE = Axis("shape", -2.0, 10.0, 14, "linear", coarse=5)


class Fermi(ResidueModel):
    """Fermi-constrained deconvolution of the first pass (OSIPI M.DM1.007).

    h(t) = A / (1 + exp(k (t - t0))) after the delay; blood flow is h at its start, A / (1 + exp(-k t0)). The residue is
    described by the time at which it has fallen to one half and by the shape k t0.

    Source: Jerosch-Herold M, Wilke N, Stillman AE. Med Phys 1998;25:73-84.

    Examples
    --------
    >>> time_s = np.arange(0.0, 40.0, 0.5)
    >>> late = np.maximum(time_s - 5.0, 0.0)
    >>> model = Fermi(late**2 * np.exp(-late / 1.7), time_s)
    >>> curves = model.predict({"mbf_ml_min_g": 1.5, "fermi_width_s": 6.0, "fermi_shape": 1.0})
    >>> round(float(model.fit(curves).mbf_ml_min_g[0]), 1)
    1.5
    """

    name = "fermi"
    osipi = "M.DM1.007"
    reference = "Jerosch-Herold M, Wilke N, Stillman AE. Med Phys 1998;25:73-84"
    parameters = quantities("mbf_ml_min_g", "fermi_width_s", "fermi_shape", "delay_s")
    plasma = False
    first_pass = True
    split = (1, 2.0)
    layout = Layout(
        parameters=(
            Parameter(
                "mbf",
                "mbf_ml_min_g",
                0.01,
                12.0,
                aliases=("flow", "f", "fp"),
                typical=TYPICAL_FLOW,
                within_heart_log_sd=FLOW_WITHIN_HEART,
            ),
            # Longer than a window there is no fall; below -2 the residue is an exponential, above 10 a step.
            Parameter("width", "fermi_width_s", 0.5, 64.0, ends_are_limits=(False, True)),
            Parameter("shape", "fermi_shape", -2.0, 10.0, logarithmic=False, ends_are_limits=(True, True)),
        ),
        axes=(_WIDTH, _SHAPE),
        matrix=np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        offset=np.zeros(2),
    )

    @staticmethod
    def residue(time_s: FloatArray, *shape: FloatArray) -> FloatArray:
        """Return the residue that is 1 at 0 and one half at the width (s); the second shape value is k t0."""
        width_s, steepness = shape
        rate = np.log(np.exp(steepness) + 2.0) / width_s
        return np.asarray((1.0 + np.exp(-steepness)) / (1.0 + np.exp(np.minimum(rate * time_s - steepness, 500.0))))
