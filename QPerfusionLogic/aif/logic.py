"""The door of the aif room: a segmented series in, an arterial input function with its checks out."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.aif.correction.aif_resampling import finely_sampled
from QPerfusionLogic.aif.correction.b1_calibration import calibrated
from QPerfusionLogic.aif.correction.detrending import detrended
from QPerfusionLogic.aif.correction.method_curve import AifMethod, MethodCurve
from QPerfusionLogic.aif.correction.relative_input import in_relative_enhancement
from QPerfusionLogic.aif.curves.blood_curve import BloodCurve, tissue_blood_curve
from QPerfusionLogic.aif.methods.population import instead_of_saturated_peak
from QPerfusionLogic.aif.methods.selection import AIF_METHODS, chosen_method
from QPerfusionLogic.aif.quality.curve_checks import shape_checks, tissue_saturation_check
from QPerfusionLogic.aif.quality.curve_features import curve_features
from QPerfusionLogic.aif.quality.time_axis_checks import on_tissue_clock
from QPerfusionLogic.aif.scaling.peak_prior import dose_check, peak_prior
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.results import ArterialInput, StateResult
from QPerfusionLogic.data.series import Quantity
from QPerfusionLogic.errors import InputError, MissingPackageError, QPerfusionError, SettingsError
from QPerfusionLogic.networks.packages import not_used
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings
from QPerfusionLogic.signal_model.physics import SeriesPhysics, physics_of_series
from QPerfusionLogic.signal_model.response import SignalResponse

from .unused_inputs import unused_notices

STAGE = "aif"
MEASURED_APART = ("dual_sequence", "dual_bolus")
"""Routes whose blood another series than the tissue's saw."""


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
        name, notices = chosen_method(state, self.settings.mode, self.conversion.mode)
        notices += unused_notices(state.acquisition, name)
        curve, more = self._curve(name, state)
        notices += more
        progress.update(0.6, "arterial input: features and checks")
        if self.settings.detrend:
            curve = detrended(curve)
        view = self._tissue_view(state)
        curve = on_tissue_clock(curve, view.curve, view.time_s, view.response)
        if self.settings.b1_calibration and curve.mode in MEASURED_APART and view.curve is not None and view.physics:
            curve = calibrated(curve, view.curve, view.physics, self.conversion)
        if self.conversion.mode == "relative_enhancement" and view.physics is not None:
            curve = in_relative_enhancement(curve, state, self.conversion)
        features = curve_features(curve.gd_mmol_l, curve.time_s)
        if curve.precontrast is not None:
            features["residual_mmol_l"] = curve.precontrast.residual_mmol_l
            features["saturation_efficiency"] = curve.precontrast.saturation_efficiency
        if curve.b1_plus is not None:
            features["b1_plus"] = curve.b1_plus
        features["apparent_peak_mmol_l"] = float("nan")
        if view.curve is not None and view.physics is not None:
            apparent, found = tissue_saturation_check(
                view.curve, view.physics, self.settings, self.conversion, curve.mode
            )
            features |= apparent
            notices += found
        expected = peak_prior(state, self.settings)
        notices += curve.notices + shape_checks(curve.gd_mmol_l, curve.time_s, features, curve.mode, expected)
        if self.conversion.mode != "relative_enhancement":
            notices += dose_check(features["area_mmol_s_l"], expected)
        progress.update(1.0, "arterial input found")
        return _finished(finely_sampled(curve), features, notices, str(state.state))

    def _curve(self, name: str, state: StateResult) -> tuple[MethodCurve, tuple[Notice, ...]]:
        """Run a route; where `automatic` chose one whose series cannot be used, invert the tissue series and say so."""
        automatic = self.settings.mode == "automatic"
        notices: tuple[Notice, ...] = ()
        try:
            curve = self._method(name)(state, self.settings, self.conversion)
        except QPerfusionError as error:
            if not automatic or name not in ("dual_sequence", "dual_bolus", "neural_network"):
                raise
            if name == "neural_network" and self.settings.weights and not isinstance(error, MissingPackageError):
                raise
            notices = (_unusable(name, error),)
            curve = self._method("signal_inversion")(state, self.settings, self.conversion)
        if automatic and curve.mode in ("signal_inversion", "neural_network"):
            curve = instead_of_saturated_peak(curve, state, self.settings, self.conversion)
        return curve, notices

    def _method(self, name: str) -> AifMethod:
        if name not in AIF_METHODS:
            raise SettingsError(
                f"aif.mode = {name!r}, which is not available here",
                expected=f"one of {', '.join(AIF_METHODS)}",
                action="choose another aif.mode",
            )
        return AIF_METHODS[name]

    def _tissue_view(self, state: StateResult) -> TissueView:
        """Return the tissue series' own blood curve, whatever route was taken; only its times where it has none."""
        series = state.acquisition.tissue
        times = np.asarray(series.time_s, dtype=float).mean(axis=1)
        if series.quantity is not Quantity.SIGNAL or self.conversion.mode == "concentration":
            return TissueView(times)
        try:
            curve = tissue_blood_curve(state)
        except InputError:
            return TissueView(times)
        if not curve.baseline > 0:
            return TissueView(times)
        return TissueView(times, curve, physics_of_series(series, self.conversion))


@dataclass(frozen=True)
class TissueView:
    """The bolus as the tissue series sees it: frame times (frames,), saturated blood curve, physics."""

    time_s: FloatArray
    curve: BloodCurve | None = None
    physics: SeriesPhysics | None = None

    @property
    def response(self) -> SignalResponse | None:
        """What the tissue sequence makes of gadolinium in blood."""
        return None if self.physics is None else self.physics.blood


COST_OF_INVERSION = (
    "Without proton-density frames the inversion has no scale of its own: on 44 digital patients at stress its flow "
    "puts 88 % of the segments on the right side of 1.35 mL/min/g; the networks, 95 %."
)
"""What the inversion costs; measured in Documentation/models/aif.md."""


def _unusable(name: str, error: QPerfusionError) -> Notice:
    if name == "neural_network":
        instead = "The saturated tissue series was inverted for the arterial input, which networks would have restored"
        return not_used(error, instead, COST_OF_INVERSION, "aif")
    return Notice(
        code="aif-series-unusable",
        message=f"the series for a {name.replace('_', '-')} arterial input cannot be used ({error}); the saturated "
        "tissue series was inverted instead",
        action="check that series, or give the arterial input as a CSV curve",
        severity=Severity.SERIOUS,
    )


def _finished(curve: MethodCurve, features: dict[str, float], notices: tuple[Notice, ...], state: str) -> ArterialInput:
    reported = {notice.code + notice.message: notice for notice in notices}
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
        notices=tuple(dataclasses.replace(notice, stage=STAGE, state=state) for notice in reported.values()),
    )
