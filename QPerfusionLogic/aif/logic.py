"""From a segmented series to an arterial input with its checks: the stage `aif`."""

from __future__ import annotations

import dataclasses

import numpy as np

from QPerfusionLogic.aif.correction.aif_resampling import finely_sampled
from QPerfusionLogic.aif.correction.b1_calibration import calibrated
from QPerfusionLogic.aif.correction.detrending import detrended
from QPerfusionLogic.aif.correction.method_curve import MethodCurve
from QPerfusionLogic.aif.correction.relative_input import in_relative_enhancement
from QPerfusionLogic.aif.methods.aif_context import AifContext
from QPerfusionLogic.aif.methods.aif_method import AifMethod, aif_method, automatic_method
from QPerfusionLogic.aif.methods.population import instead_of_saturated_peak
from QPerfusionLogic.aif.methods.tissue_inversion import SignalInversion
from QPerfusionLogic.aif.quality.curve_checks import shape_checks, tissue_saturation_check
from QPerfusionLogic.aif.quality.curve_features import curve_features
from QPerfusionLogic.aif.quality.time_axis_checks import on_tissue_clock
from QPerfusionLogic.aif.scaling.peak_prior import dose_check
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import ArterialInput, StateResult
from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings, SegmentationSettings

from .unused_inputs import unused_notices

STAGE = "aif"


class AifCorrectionLogic:
    """Find the arterial input of one state by the method that its settings name.

    Parameters
    ----------
    settings : AifSettings
        The method and its options.
    conversion : ConversionSettings
        The physics that signal is inverted with.
    aif_percentile : float
        `segmentation.aif_percentile`, for the blood pools of AIF series and pre-boluses.
    """

    def __init__(
        self,
        settings: AifSettings,
        conversion: ConversionSettings,
        aif_percentile: float = SegmentationSettings.aif_percentile,
    ) -> None:
        self.settings = settings
        self.conversion = conversion
        self.aif_percentile = aif_percentile

    def run(self, state: StateResult, progress: Progress | None = None) -> ArterialInput:
        """Return the arterial input on the clock of the tissue series.

        Raises
        ------
        QPerfusionError
            When the data does not allow the chosen method, or the method is unknown.
        """
        progress = progress or Progress()
        progress.update(0.0, "arterial input")
        context = AifContext(state, self.settings, self.conversion, self.aif_percentile)
        if self.settings.mode != "automatic":
            return arterial_input_by(aif_method(self.settings.mode), context, progress)
        method, note = automatic_method(context)
        curve, notices = _curve_or_inversion(method, context)
        return _checked(curve, context, (note, *unused_notices(state.acquisition, method.name), *notices), progress)


def arterial_input_by(method: AifMethod, context: AifContext, progress: Progress) -> ArterialInput:
    """Return the arterial input of one method and no other, checked.

    Raises
    ------
    QPerfusionError
        When the data do not allow it.
    """
    notices = unused_notices(context.state.acquisition, method.name)
    return _checked(method.curve(context), context, notices, progress)


def _curve_or_inversion(method: AifMethod, context: AifContext) -> tuple[MethodCurve, tuple[Notice, ...]]:
    """Return the curve of the method that `automatic` chose, or of the inversion where that cannot be used.

    Where the peak of either is lost to saturation, a population curve stands in.
    """
    notices: tuple[Notice, ...] = ()
    try:
        curve = method.curve(context)
    except QPerfusionError as error:
        if not method.may_give_way(context, error):
            raise
        notices = (method.replaced(error),)
        curve = SignalInversion().curve(context)
    at_work = aif_method(curve.mode)
    if at_work.inverts_signal and not at_work.measures_apart:
        curve = instead_of_saturated_peak(curve, context)
    return curve, notices


def _checked(curve: MethodCurve, context: AifContext, notices: tuple[Notice, ...], progress: Progress) -> ArterialInput:
    """Return the arterial input of a curve: on the tissue clock, calibrated, with features and notices."""
    progress.update(0.6, "arterial input: features and checks")
    curve = _on_tissue_scale(detrended(curve) if context.settings.detrend else curve, context)
    method, seen = aif_method(curve.mode), context.saturated_curve
    features = curve_features(curve.gd_mmol_l, curve.time_s) | _found_before_contrast(curve)
    if seen is not None:
        apparent, found = tissue_saturation_check(
            seen, context.tissue_physics, context.settings, context.conversion, of_tissue=not method.has_own_input
        )
        features |= apparent
        notices += found
    expected = context.expected_peak
    notices += curve.notices + shape_checks(curve.gd_mmol_l, curve.time_s, features, curve.mode, expected)
    if context.conversion.mode != "relative_enhancement":
        notices += dose_check(features["area_mmol_s_l"], expected)
    progress.update(1.0, "arterial input found")
    return _finished(finely_sampled(curve) if method.inverts_signal else curve, features, notices, context.state)


def _on_tissue_scale(curve: MethodCurve, context: AifContext) -> MethodCurve:
    """Return a curve on the clock and, as far as both series allow, on the scale of the tissue series."""
    method, seen = aif_method(curve.mode), context.saturated_curve
    response = None if seen is None else context.tissue_physics.blood
    curve = on_tissue_clock(curve, seen, context.tissue_time_s, response, method.clock)
    if seen is not None and context.settings.b1_calibration and method.measures_apart:
        curve = calibrated(curve, seen, context.tissue_physics, context.conversion)
    if seen is None or context.conversion.mode != "relative_enhancement":
        return curve
    response = context.tissue_physics_with(curve.precontrast).blood
    series = context.state.acquisition.tissue
    return in_relative_enhancement(curve, series, response, context.conversion, from_signal=method.inverts_signal)


def _found_before_contrast(curve: MethodCurve) -> dict[str, float]:
    """Return the features of an arterial input that show of the state before contrast."""
    found = {"apparent_peak_mmol_l": float("nan")}
    if curve.precontrast is not None:
        found["residual_mmol_l"] = curve.precontrast.residual_mmol_l
        found["saturation_efficiency"] = curve.precontrast.saturation_efficiency
    if curve.b1_plus is not None:
        found["b1_plus"] = curve.b1_plus
    return found


def _finished(
    curve: MethodCurve, features: dict[str, float], notices: tuple[Notice, ...], state: StateResult
) -> ArterialInput:
    reported = {notice.code + notice.message: notice for notice in notices}
    return ArterialInput(
        time_s=np.asarray(curve.time_s, dtype=float),
        measured=np.asarray(curve.measured, dtype=float),
        corrected=np.asarray(curve.corrected, dtype=float),
        gd_mmol_l=np.asarray(curve.gd_mmol_l, dtype=float),
        mode=curve.mode,
        features=features,
        normalisation=curve.normalisation,
        precontrast=curve.precontrast,
        b1_plus=curve.b1_plus,
        lower_mmol_l=curve.lower_mmol_l,
        upper_mmol_l=curve.upper_mmol_l,
        model_name=curve.model_name,
        model_checksum=curve.model_checksum,
        constants=_with_normalisation(curve),
        notices=tuple(dataclasses.replace(notice, stage=STAGE, state=str(state.state)) for notice in reported.values()),
    )


def _with_normalisation(curve: MethodCurve) -> dict[str, str]:
    """Return the constants of a curve with what scaled it, as the report shows them."""
    by = {"aif normalisation": curve.normalisation.replace("_", " ")} if curve.normalisation else {}
    return curve.constants | by
