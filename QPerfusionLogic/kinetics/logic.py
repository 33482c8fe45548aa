"""Entry point of the kinetics stage: tissue curves and an arterial input go in, blood flow comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray
from QPerfusionLogic.data.heart_prior import HeartPrior
from QPerfusionLogic.data.results import FitResult
from QPerfusionLogic.kinetics.base.kinetic_input import KineticInput, check_input
from QPerfusionLogic.kinetics.base.model import KineticModel
from QPerfusionLogic.kinetics.hierarchical.pooling import heart_prior
from QPerfusionLogic.kinetics.models.registry import model_class
from QPerfusionLogic.kinetics.models.tabulated_model import TabulatedModel
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import KineticsSettings


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
        self._last: tuple[tuple[bytes, ...], KineticModel] | None = None

    def run(
        self,
        given: KineticInput,
        progress: Progress | None = None,
        near: HeartPrior | None = None,
        of_wall: bool = True,
    ) -> FitResult:
        """Return flow, its standard error, delay, fit quality and status of every curve.

        Parameters
        ----------
        near : HeartPrior, optional
            What the curves scatter round, of models that can take it.
        of_wall : bool
            Whether the curves are of the wall, whose edges may hold blood (`kinetics.blood_in_pixels`).

        Raises
        ------
        InputError
            When times, lengths or units cannot be right.
        """
        progress = progress or Progress()
        progress.update(0.0, f"fitting {len(given.curves)} curves")
        check_input(given)
        # The table of a model takes most of the time of a small fit, and serves all curves with this arterial input.
        key = tuple(np.asarray(item).tobytes() for item in (given.aif_mmol_l, given.time_s, given.aif_time_s))
        if self._last is None or self._last[0] != key:
            self._last = key, self._model(given)
        model = self._last[1]
        if isinstance(model, TabulatedModel):
            model.heart_prior = near
            model.takes_out_blood = of_wall and self.settings.blood_in_pixels == "taken_out"
        return self._fit(model, given, progress)

    def run_together(
        self,
        slices: Sequence[KineticInput],
        leading: Sequence[BoolArray],
        progress: Progress | None = None,
    ) -> tuple[list[FitResult], HeartPrior | None]:
        """Return the fits of curves of one heart, held near what they have in common, and that (see `pooling`).

        Parameters
        ----------
        slices : sequence of KineticInput
            One a slice.
        leading : sequence of (n,) bool arrays
            Which curves of each slice say what the heart has in common: each part of the wall once.

        Raises
        ------
        InputError
            When times, lengths or units cannot be right.
        """
        progress = progress or Progress()
        models = [self._model(given) for given in slices]
        tabulated = [model for model in models if isinstance(model, TabulatedModel)]
        prior = None
        if len(tabulated) == len(models):
            groups = [
                model.hierarchical(np.asarray(given.curves, dtype=float)[rows])
                for model, given, rows in zip(tabulated, slices, leading, strict=True)
            ]
            prior = heart_prior([group for group in groups if group is not None])
            for model in tabulated:
                model.heart_prior = prior
        fits = [
            self._fit(model, given, progress.part(index / len(models), (index + 1) / len(models)))
            for index, (model, given) in enumerate(zip(models, slices, strict=True))
        ]
        return fits, prior

    def _model(self, given: KineticInput) -> KineticModel:
        check_input(given)
        aif_mmol_l = np.asarray(given.aif_mmol_l)
        return model_class(self.settings.model)(aif_mmol_l, given.time_s, given.aif_time_s, self.settings)

    def _fit(self, model: KineticModel, given: KineticInput, progress: Progress) -> FitResult:
        result = model.fit(given.curves, given.weights, progress).result
        progress.update(1.0, "fitted")
        return replace(result, model=self.settings.model)
