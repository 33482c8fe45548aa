"""The door of the aif room: a segmented series in, an arterial input function with its checks out."""

from __future__ import annotations

import dataclasses

import numpy as np

from QPerfusionLogic.errors import QPerfusionError, SettingsError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings import AifSettings, ConversionSettings
from QPerfusionLogic.signal_model.physics import physics_of_series
from QPerfusionLogic.study import ArterialInput, Notice, Quantity, StateResult

from .blood_curve import tissue_blood_curve
from .checks import shape_checks, tissue_saturation_check
from .features import curve_features
from .route import Route, RouteCurve
from .routes import ROUTES, chosen_route

STAGE = "aif"


class AifCorrectionLogic:
    """Find the arterial input of one state by the route its settings name.

    Parameters
    ----------
    settings : AifSettings
        The route and its options.
    conversion : ConversionSettings
        The physics that signal is inverted with.
    """

    def __init__(self, settings: AifSettings, conversion: ConversionSettings) -> None:
        self.settings = settings
        self.conversion = conversion

    def run(self, state: StateResult, progress: Progress | None = None) -> ArterialInput:
        """Return the arterial input on the clock of the tissue series.

        Raises
        ------
        QPerfusionError
            When the data does not allow the chosen route, or the route is unknown.
        """
        progress = progress or Progress()
        progress.update(0.0, "arterial input")
        name, notices = chosen_route(state, self.settings.mode, self.conversion.mode)
        curve = self._route(name)(state, self.settings, self.conversion)
        progress.update(0.7, "arterial input: features and checks")
        features = curve_features(curve.gd_mmol_l, curve.time_s)
        apparent, saturation = self._tissue_saturation(state)
        features |= apparent
        notices += curve.notices + saturation + shape_checks(curve.gd_mmol_l, curve.time_s, features)
        progress.update(1.0, "arterial input found")
        return _finished(curve, features, notices, str(state.state))

    def _route(self, name: str) -> Route:
        if name not in ROUTES:
            raise SettingsError(
                f"aif.mode = {name!r}, which is not available here",
                expected=f"one of {', '.join(ROUTES)}",
                action="choose another aif.mode",
            )
        return ROUTES[name]

    def _tissue_saturation(self, state: StateResult) -> tuple[dict[str, float], tuple[Notice, ...]]:
        """Look at the tissue series' own blood curve, whatever route was taken; silent where there is none."""
        if state.acquisition.tissue.quantity is not Quantity.SIGNAL or self.conversion.mode == "as_is":
            return {"apparent_peak_mmol_l": float("nan")}, ()
        try:
            curve = tissue_blood_curve(state)
            physics = physics_of_series(state.acquisition.tissue, self.conversion)
            return tissue_saturation_check(curve, physics, self.settings, self.conversion)
        except QPerfusionError:
            return {"apparent_peak_mmol_l": float("nan")}, ()


def _finished(curve: RouteCurve, features: dict[str, float], notices: tuple[Notice, ...], state: str) -> ArterialInput:
    told = {notice.code + notice.message: notice for notice in notices}
    return ArterialInput(
        time_s=np.asarray(curve.time_s, dtype=float),
        measured=np.asarray(curve.measured, dtype=float),
        corrected=np.asarray(curve.corrected, dtype=float),
        gd_mmol_l=np.asarray(curve.gd_mmol_l, dtype=float),
        mode=curve.mode,
        features=features,
        lower_mmol_l=curve.lower_mmol_l,
        upper_mmol_l=curve.upper_mmol_l,
        model_name=curve.model_name,
        model_checksum=curve.model_checksum,
        constants=curve.constants,
        notices=tuple(dataclasses.replace(notice, stage=STAGE, state=state) for notice in told.values()),
    )
