"""What the capillary models share beyond their table: basins, Ki, and when flow cannot be distinguished from the
curve."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.kinetics.base.model import AT_BOUND, CONVERGED, NOT_CONVERGED, NOT_IDENTIFIABLE, Solution

from .exchange import EXTRACTION_SPLIT
from .tabulated_model import TabulatedModel

LITTLE_PLASMA, LARGEST_AMPLIFICATION = 0.04, 30.0
"""Below this Vp (mL/g) a residual of 1 % of the peak may change flow by 30 % and no more."""
SHORTEST_TRANSIT_FRAMES = 0.3


class ExchangeModel(TabulatedModel):
    """A model with Fp, Vp, PS and ve on a table over transit time, PS/Fp and PS/ve."""

    split = (1, float(np.log(EXTRACTION_SPLIT)))

    def judge(self, solution: Solution, amplification: FloatArray) -> Solution:
        """Return the solution with Ki, and with no flow where only Ki can be reported.

        With next to no plasma volume a curve shows Fp (1 - exp(-PS/Fp)) alone, however well it is fitted.
        """
        values = dict(solution.parameters)
        flow, vp = values["fp_ml_min_g"], values["vp_ml_g"]
        with np.errstate(divide="ignore", invalid="ignore"):
            extraction = 1.0 - np.exp(-values["ps_ml_min_g"] / flow)
            transit_s = 60.0 * vp / flow
        frame_s = float(np.median(np.diff(self.time_s)))
        unseen = transit_s < SHORTEST_TRANSIT_FRAMES * frame_s
        fitted = np.isin(solution.status, (CONVERGED, AT_BOUND, NOT_CONVERGED))
        hidden = fitted & (unseen | ((vp < LITTLE_PLASMA) & (amplification > LARGEST_AMPLIFICATION)))
        values["ki_ml_min_g"] = flow * extraction / self.plasma_share
        for name in ("mbf_ml_min_g", "mbf_se", "fp_ml_min_g"):
            values[name] = np.where(hidden, np.nan, values[name])
        status = np.where(hidden, NOT_IDENTIFIABLE, solution.status).astype(np.uint8)
        return Solution(values, status, solution.predicted)
