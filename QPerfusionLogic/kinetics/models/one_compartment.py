"""The one-compartment model: everything that arrives mixes at once."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.kinetics.base.axes import Axis
from QPerfusionLogic.kinetics.base.layout import Layout, Parameter
from QPerfusionLogic.kinetics.base.quantities import quantities

from .residue_model import ResidueModel


class OneCompartment(ResidueModel):
    """One-compartment model (Kety, Larsson; OSIPI M.IC1.002): flow F into a volume that mixes at once.

    For an agent whose extraction is below one the flow found is the extracted share of it.

    Source: Kety SS. Pharmacol Rev 1951;3:1-41; Larsson HB et al. Magn Reson Med 1996;35:716-726.

    Examples
    --------
    >>> time_s = np.arange(0.0, 40.0, 0.5)
    >>> late = np.maximum(time_s - 5.0, 0.0)
    >>> model = OneCompartment(late**2 * np.exp(-late / 1.7), time_s)
    >>> curves = model.predict({"mbf_ml_min_g": 1.5, "ve_ml_g": 0.3})
    >>> round(float(model.fit(curves).mbf_ml_min_g[0]), 1)
    1.5
    """

    name = "one_compartment"
    osipi = "M.IC1.002"
    reference = "Larsson HB et al. Magn Reson Med 1996;35:716-726"
    parameters = quantities("fp_ml_min_g", "ve_ml_g", "delay_s")
    layout = Layout(
        parameters=(
            Parameter("fp", "fp_ml_min_g", 0.001, 12.0, aliases=("flow", "f", "ktrans")),
            Parameter("ve", "ve_ml_g", 0.001, 2.0, aliases=("visf", "v")),
        ),
        axes=(Axis("mean_transit_s", 0.5, 3000.0, 40, "log", coarse=14),),
        matrix=np.array([[-1.0, 1.0]]),
        offset=np.array([np.log(60.0)]),
    )

    @staticmethod
    def residue(time_s: FloatArray, *shape: FloatArray) -> FloatArray:
        """Return the exponential residue for the mean transit time V/F in seconds."""
        return np.asarray(np.exp(-time_s / shape[0]))
