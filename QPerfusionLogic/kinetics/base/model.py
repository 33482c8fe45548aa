"""What all kinetic models share: a model holds the arterial input, `fit` returns what it found in curves."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import FIT_STATUS, FitResult
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import KineticsSettings
from QPerfusionLogic.signal_model.bolus import find_bolus

from .arterial_curve import ArterialCurve
from .delay import delay_grid
from .fit_window import fit_window
from .kinetic_input import KineticInput, arterial_notices, check_input
from .quantities import KineticQuantity
from .remaining_baseline import is_more_than_rounding, remaining_baseline

CONVERGED, AT_BOUND, NO_BOLUS, NOT_FINITE, NOT_IDENTIFIABLE, NOT_CONVERGED, BLOOD_MIXED = range(len(FIT_STATUS))
SMALLEST_SHARE_OF_FRAMES = 0.5
RISE_S = 2.0
"""Samples that lie less than this before the arrival may be on the upslope: no baseline of the arterial input."""


@dataclass(frozen=True)
class KineticFit:
    """What a model found in n curves.

    Examples
    --------
    `fit.mbf_ml_min_g`, `fit.standard_error`, `fit.status` are (n,); `fit.predict()` is (n, frames) in mmol/L.
    """

    result: FitResult

    @property
    def mbf_ml_min_g(self) -> FloatArray:
        """(n,) myocardial blood flow, NaN where there is none."""
        return self.result.parameters["mbf_ml_min_g"]

    @property
    def standard_error(self) -> FloatArray:
        """(n,) standard error of the flow, mL/min/g."""
        return self.result.parameters["mbf_se"]

    @property
    def status(self) -> NDArray[np.uint8]:
        """(n,) indices into `FIT_STATUS`."""
        return self.result.status

    def predict(self) -> FloatArray:
        """Return the fitted curves (n, frames), mmol/L."""
        return self.result.predicted


@dataclass(frozen=True)
class Solution:
    """What a model says about its usable curves: parameters (n,), status (n,) and fitted curves (n, frames)."""

    parameters: dict[str, FloatArray]
    status: NDArray[np.uint8]
    predicted: FloatArray


REGISTERED: dict[str, type[KineticModel]] = {}
"""Every model that was imported, by name; `models/registry.py` imports all."""


class KineticModel:
    """A kinetic model with its arterial input, ready to be fitted to any number of curves.

    Parameters
    ----------
    aif_mmol_l : (m,) array
        Arterial gadolinium (blood, unless `settings.input` is "plasma"); NaN samples are bridged.
    time_s : (frames,) array
        Times of the tissue frames.
    aif_time_s : (m,) array, optional
        Times of the arterial samples; those of the frames by default.
    settings : KineticsSettings, optional
        Delay, bounds, haematocrit and priors; those of the model by default.

    Raises
    ------
    InputError
        When times, lengths or units of the arterial input cannot be right.
    """

    name = ""
    osipi = ""
    """Code of the model in OSIPI's CAPLEX lexicon, "" where it has none."""
    reference = ""
    """The publication of the model."""
    parameters: tuple[KineticQuantity, ...] = ()
    """What the model estimates, flow first; keys of `FitResult.parameters` and arguments of `predict`."""
    plasma = True
    first_pass = False
    degrees_of_freedom_used = 4

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "name" in cls.__dict__:
            REGISTERED[cls.name] = cls
            cls.__doc__ = _with_shared_sections(cls.__doc__)

    def __init__(
        self,
        aif_mmol_l: FloatArray,
        time_s: FloatArray,
        aif_time_s: FloatArray | None = None,
        settings: KineticsSettings | None = None,
    ) -> None:
        self.settings = settings or KineticsSettings(model=self.name)
        self.delays_s = delay_grid(self.settings)
        self.time_s = np.asarray(time_s, dtype=float)
        arterial_time_s = self.time_s if aif_time_s is None else np.asarray(aif_time_s, dtype=float)
        samples = np.asarray(aif_mmol_l, dtype=float)
        check_input(KineticInput(np.zeros((1, self.time_s.size)), self.time_s, samples, arterial_time_s))
        finite = np.isfinite(samples)
        self.arterial: ArterialCurve | None = None
        self.window = np.zeros(self.time_s.size, dtype=bool)
        self.before = np.zeros(self.time_s.size, dtype=bool)
        self.window_s = (float(self.time_s[0]), float(self.time_s[-1]))
        bolus = find_bolus(samples[finite], arterial_time_s[finite]) if finite.sum() >= 4 else None
        if bolus is not None and bolus.has_baseline:
            kept_times, kept = arterial_time_s[finite], samples[finite]
            kept = kept - remaining_baseline(kept[None], kept_times < bolus.bolus_arrival_time_s - RISE_S)[0]
            self.arterial = ArterialCurve(kept_times, kept / self.plasma_share, self.settings.integration)
            self.before = self.time_s < bolus.bolus_arrival_time_s
            self.window, self.window_s = fit_window(self.time_s, bolus, self.first_pass, self.settings.window_s)
        self.notices: tuple[Notice, ...] = arterial_notices(
            arterial_time_s,
            finite,
            None if bolus is None else bolus.bolus_arrival_frame,
            has_baseline=bolus is None or bolus.has_baseline,
        )

    @property
    def plasma_share(self) -> float:
        """Share of the arterial input that carries the agent: 1 - haematocrit, or 1 where the input counts as it is."""
        return 1.0 - self.settings.hematocrit if self.plasma and self.settings.input == "blood" else 1.0

    def fit(
        self, curves: FloatArray, weights: FloatArray | None = None, progress: Progress | None = None
    ) -> KineticFit:
        """Fit the model to curves.

        Parameters
        ----------
        curves : (n, frames) array
            Tissue gadolinium in mmol/L; NaN frames are left out.
        weights : (n, frames) array, optional
            How much each frame counts, 0 to 1.
        progress : Progress, optional
            Progress and cancel.

        Returns
        -------
        KineticFit
            Flow, its standard error, every parameter, status and fitted curve of each of the n curves.

        Raises
        ------
        CancelledError
            After a cancel.
        """
        progress = progress or Progress()
        values = np.atleast_2d(np.asarray(curves, dtype=float))
        counted = np.isfinite(values)
        share = counted.astype(float) if weights is None else np.where(counted, np.clip(weights, 0.0, 1.0), 0.0)
        n = len(values)
        status = np.full(n, NO_BOLUS, dtype=np.uint8)
        predicted = np.full(values.shape, np.nan)
        parameters: dict[str, FloatArray] = {}
        if self.arterial is not None:
            usable = self._usable(share)
            status[~usable] = NOT_FINITE
            clean = np.where(counted & (share > 0), values, np.nan)
            offset = remaining_baseline(clean, self.before)
            clean = np.where(np.isfinite(clean), clean - offset[:, None], 0.0)
            rows = np.flatnonzero(usable & is_more_than_rounding(clean[:, self.window], values))
            if rows.size:
                solution = self.solve(clean[rows], share[rows], progress)
                status[rows] = solution.status
                predicted[rows] = solution.predicted
                parameters = {name: _spread(value, rows, n) for name, value in solution.parameters.items()}
                parameters |= self._quality(values - offset[:, None], share, predicted)
        else:
            status[~np.isfinite(values).any(axis=1)] = NOT_FINITE
        for name in ("mbf_ml_min_g", "mbf_se", "delay_s", "rms", "r2", "aic"):
            parameters.setdefault(name, np.full(n, np.nan))
        silent = np.isin(status, (NO_BOLUS, NOT_FINITE))
        parameters = {name: np.where(silent, np.nan, value) for name, value in parameters.items()}
        predicted[silent[:, None] | ~np.isfinite(predicted)] = np.nan
        return KineticFit(FitResult(self.name, parameters, status, predicted, self.window_s, self.notices))

    def predict(self, parameters: Mapping[str, ArrayLike]) -> FloatArray:
        """Return the tissue curves that follow from parameters and the arterial input.

        Parameters
        ----------
        parameters : mapping of str to float or (n,) array
            Values of `parameters` by name, as `FitResult.parameters` has them; others are not looked at. `mbf_ml_min_g`
            may stand for `fp_ml_min_g`. The delay is 0 s where it is absent.

        Returns
        -------
        (n, frames) array
            Gadolinium in mmol/L; NaN where a parameter is NaN.

        Raises
        ------
        InputError
            When a parameter is missing, or the arterial input holds no bolus.
        """
        if self.arterial is None:
            raise InputError("an arterial input without a bolus", expected="one with a baseline and a first pass")
        needed = {item.name: parameters.get(item.name) for item in self.parameters}
        if needed.get("fp_ml_min_g", 0.0) is None and "mbf_ml_min_g" in parameters:
            needed["fp_ml_min_g"] = np.asarray(parameters["mbf_ml_min_g"], dtype=float) * self.plasma_share
        if needed.get("delay_s", 0.0) is None:
            needed["delay_s"] = 0.0
        missing = [name for name, value in needed.items() if value is None]
        if missing:
            raise InputError(f"no {', '.join(missing)} among the parameters", expected=", ".join(needed))
        columns = np.broadcast_arrays(*[np.atleast_1d(np.asarray(value, dtype=float)) for value in needed.values()])
        rows = np.column_stack(columns)
        predicted = np.full((len(rows), self.time_s.size), np.nan)
        for index in np.flatnonzero(np.isfinite(rows).all(axis=1)):
            predicted[index] = self.curve(dict(zip(needed, rows[index].tolist(), strict=True)))
        return predicted

    def curve(self, values: dict[str, float]) -> FloatArray:
        """Return the curve (frames,) of one set of parameters, in mmol/L."""
        raise InputError(
            f"parameters of the model {self.name}",
            expected="a model whose curves follow from its parameters",
            action="read the fitted curves from the fit",
        )

    def solve(self, curves: FloatArray, weights: FloatArray, progress: Progress) -> Solution:
        """Fit clean curves (n, frames), which are 0 where their weight (n, frames) is 0."""
        raise NotImplementedError

    def _usable(self, share: FloatArray) -> BoolArray:
        inside = share[:, self.window]
        least = max(self.degrees_of_freedom_used + 2, SMALLEST_SHARE_OF_FRAMES * inside.shape[1])
        return (inside > 0).sum(axis=1) >= least

    def _quality(self, values: FloatArray, share: FloatArray, predicted: FloatArray) -> dict[str, FloatArray]:
        """Return residual rms (mmol/L), R2 and AIC over the fit window."""
        weight = share[:, self.window]
        used = np.where(weight > 0, values[:, self.window], 0.0)
        frames = np.maximum(weight.sum(axis=1), 1e-9)
        error = (weight * (used - predicted[:, self.window]) ** 2).sum(axis=1)
        mean = (weight * used).sum(axis=1) / frames
        total = (weight * (used - mean[:, None]) ** 2).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            aic = frames * np.log(error / frames) + 2 * (self.degrees_of_freedom_used + 1)
            return {"rms": np.sqrt(error / frames), "r2": 1.0 - error / total, "aic": aic}


def _spread(value: FloatArray, rows: NDArray[np.intp], n: int) -> FloatArray:
    full = np.full(n, np.nan)
    full[rows] = value
    return full


def _with_shared_sections(text: str | None) -> str | None:
    """Return the docstring of a model with Parameters and Raises of all models before its example."""
    if text is None or KineticModel.__doc__ is None:
        return text
    own, heading, example = inspect.cleandoc(text).partition("Examples\n")
    _, parameters, shared = inspect.cleandoc(KineticModel.__doc__).partition("Parameters\n")
    return f"{own.rstrip()}\n\n{parameters}{shared.rstrip()}\n\n{heading}{example}"
