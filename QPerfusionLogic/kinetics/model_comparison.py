"""Several models on the same curves, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.results import FitResult
from QPerfusionLogic.kinetics.base.kinetic_input import KineticInput
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import KineticsSettings

from .logic import KineticFittingLogic


@dataclass(frozen=True)
class ModelComparison:
    """Fits of the same curves by several models, all over the same window.

    `aic_weight` (models, n) is the share of belief each model earns by its AIC; models that gave no fit earn none.
    """

    models: tuple[str, ...]
    fits: tuple[FitResult, ...]
    aic_weight: FloatArray

    @property
    def best(self) -> tuple[str, ...]:
        """Name of the model with the lowest AIC for each curve, "" where none fitted."""
        index = np.argmax(self.aic_weight, axis=0)
        known = self.aic_weight.max(axis=0) > 0
        return tuple(self.models[place] if found else "" for place, found in zip(index, known, strict=True))


def compare_models(
    given: KineticInput, settings: KineticsSettings, models: Iterable[str], progress: Progress | None = None
) -> ModelComparison:
    """Fit several models to the same curves, all frames from bolus arrival on, and weigh them by AIC."""
    names = tuple(models)
    longest = settings.window_s or float(given.time_s[-1] - given.time_s[0])
    progress = progress or Progress()
    fits = []
    for index, name in enumerate(names):
        part = progress.part(index / len(names), (index + 1) / len(names))
        fits.append(KineticFittingLogic(replace(settings, model=name, window_s=longest)).run(given, part))
    aic = np.stack([fit.parameters["aic"] for fit in fits])
    filled = np.where(np.isfinite(aic), aic, np.inf)
    least = np.min(filled, axis=0)
    relative = np.exp(-(filled - np.where(np.isfinite(least), least, 0.0)) / 2)
    total = relative.sum(axis=0)
    return ModelComparison(names, tuple(fits), relative / np.where(total > 0, total, 1.0))
