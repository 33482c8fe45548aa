"""The door of the kinetics room: tissue curves and an arterial input go in, blood flow comes out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings import KineticsSettings
from QPerfusionLogic.study import FitResult

from .inputs import KineticInput, check_input
from .registry import model_class


class KineticFittingLogic:
    """Fit the kinetic model of the settings to any number of curves.

    Examples
    --------
    >>> time_s = np.arange(0, 40, 0.5)
    >>> aif = np.where(time_s > 5, (time_s - 5) * np.exp(-(time_s - 5) / 2.5), 0)
    >>> given = KineticInput(np.zeros((1, 80)), time_s, aif, time_s)
    >>> KineticFittingLogic(KineticsSettings()).run(given).status
    array([2], dtype=uint8)
    """

    def __init__(self, settings: KineticsSettings) -> None:
        self.settings = settings

    def run(self, given: KineticInput, progress: Progress | None = None) -> FitResult:
        """Return flow, its standard error, delay, fit quality and status of every curve.

        Raises
        ------
        InputError
            When times, lengths or units cannot be right.
        """
        check_input(given)
        progress = progress or Progress()
        progress.update(0.0, f"fitting {len(given.curves)} curves")
        model = model_class(self.settings.model)(
            np.asarray(given.aif_mmol_l), given.time_s, given.aif_time_s, self.settings
        )
        result = model.fit(given.curves, given.weights, progress).result
        progress.update(1.0, "fitted")
        return replace(result, model=self.settings.model)
