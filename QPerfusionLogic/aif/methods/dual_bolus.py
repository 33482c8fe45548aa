"""Method "dual_bolus": the unsaturated pre-bolus, scaled by the dose ratio and moved to the main bolus."""

from __future__ import annotations

import dataclasses

import numpy as np

from QPerfusionLogic.aif.correction.method_curve import MethodCurve
from QPerfusionLogic.aif.correction.signal_inversion import invert_blood_curve
from QPerfusionLogic.aif.curves.blood_curve import BloodCurve, blood_curve
from QPerfusionLogic.aif.curves.bolus_alignment import bolus_shift
from QPerfusionLogic.aif.sampling.low_resolution_pool import left_ventricular_pool
from QPerfusionLogic.aif.scaling.tissue_scale import scale_by_tissue
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.conversion_physics import Precontrast
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import StateResult
from QPerfusionLogic.data.series import PerfusionSeries, SeriesKind
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings
from QPerfusionLogic.signal_model.physics import SeriesPhysics, physics_of_series

from .aif_context import AifContext
from .aif_method import AifMethod

LINEAR_MMOL_L = 2.0
"""Main-bolus frames below it, as the tissue series reads them, are reliable enough to check the dose ratio."""
RATIO_TOLERANCE = 0.4
RESIDUAL_SHARE = 0.2
"""Share of the pre-bolus frames, the last ones, that show how much gadolinium is left when the main bolus comes."""


class DualBolus(AifMethod):
    """The unsaturated pre-bolus, scaled by the dose ratio and moved to the main bolus."""

    name = "dual_bolus"
    rank = 3
    needs = "pre_bolus"
    input_name = "pre-bolus series"
    given_as = ("pre_bolus",)
    reference = "Christian TF et al. Radiology 2004;232:677-684"
    measures_apart = True
    gives_way = True

    def curve(self, context: AifContext) -> MethodCurve:
        """Return the pre-bolus curve times the dose ratio, on the clock of the tissue series.

        The pre-bolus is placed where its scaled and re-saturated curve matches the saturated main curve best. What is
        left of it in the blood when the main bolus arrives is returned too, for the conversion needs it as pre-contrast
        gadolinium.

        Raises
        ------
        InputError
            When there is no pre-bolus series, or no bolus in it.
        """
        state, settings, conversion = context.state, context.settings, context.conversion
        series = state.acquisition.pre_bolus
        if series is None:
            raise InputError(
                "no pre-bolus series for a dual-bolus arterial input",
                action="give the pre-bolus of this state, or choose another AIF method",
                option="--stress-pre-bolus, --rest-pre-bolus",
            )
        main, main_physics = context.tissue_curve, context.tissue_physics
        series = dataclasses.replace(series, kind=SeriesKind.PRE_BOLUS)
        curve = _pre_bolus_curve(series, state, context.aif_percentile)
        physics = physics_of_series(series, conversion)
        if curve.bolus is None:
            raise InputError(
                "no bolus in the pre-bolus series",
                expected="a first pass in the left ventricle",
                action="check that this is the pre-bolus series",
            )
        first = invert_blood_curve(curve, physics, conversion).gd_mmol_l
        shift = bolus_shift(curve.time_s, settings.bolus_ratio * first, main, main_physics.blood)
        curve, scale_notices = _scaled(curve, shift, physics, main, main_physics, settings, conversion)
        inverted = invert_blood_curve(curve, physics, conversion)
        gadolinium = settings.bolus_ratio * inverted.gd_mmol_l
        residual = _residual(inverted.gd_mmol_l, curve)
        constants = {
            **physics.constants,
            "aif bolus ratio": f"{settings.bolus_ratio:g} (setting)",
            "aif shift of the pre-bolus": f"{shift:.2f} s (fitted)",
            "aif residual gadolinium": f"{residual:.3f} mmol/L (end of the pre-bolus series)",
        }
        notices = (
            *physics.notices,
            *scale_notices,
            *inverted.notices,
            *_ratio_check(gadolinium, curve.time_s + shift, main, main_physics, conversion, settings.bolus_ratio),
            _residual_note(residual),
        )
        return MethodCurve(
            time_s=curve.time_s + shift,
            measured=curve.signal,
            corrected=settings.bolus_ratio * (inverted.linear_signal - curve.baseline) + curve.baseline,
            gd_mmol_l=gadolinium,
            mode=self.name,
            normalisation=inverted.normalisation,
            constants=constants,
            notices=notices,
            precontrast=Precontrast(conversion.saturation_efficiency or 1.0, residual),
        )

    def reason(self, context: AifContext) -> str:
        """Return why `automatic` takes it: there is a pre-bolus."""
        return "there is a pre-bolus series" if self.is_held(context.state.acquisition) else ""


def _pre_bolus_curve(series: PerfusionSeries, state: StateResult, percentile: float) -> BloodCurve:
    """Return the blood curve of the pre-bolus, its breathing taken out as that of the tissue series was.

    A ratio of ten makes every error of the pre-bolus ten times as large: a heart that moves out of the pool for a frame
    looks like a bolus of its own.
    """
    from QPerfusionLogic.registration.logic import RegistrationLogic

    kept = None
    if state.registered is not None and np.abs(state.registered.displacement_mm).max() > 0:
        found = RegistrationLogic().run(series)
        series, kept = found.series, found.kept
    pool = left_ventricular_pool(series, state, percentile)
    return blood_curve(series, pool.region, kept)


def _scaled(
    curve: BloodCurve,
    shift: float,
    physics: SeriesPhysics,
    main: BloodCurve,
    main_physics: SeriesPhysics,
    settings: AifSettings,
    conversion: ConversionSettings,
) -> tuple[BloodCurve, tuple[Notice, ...]]:
    """Return the pre-bolus with a proton-density level: its own, or what the main bolus' saturation implies."""
    if conversion.normalisation == "baseline" or curve.proton_density > 0 or not np.isfinite(shift):
        return curve, ()
    moved = dataclasses.replace(curve, time_s=curve.time_s + shift)
    scale = scale_by_tissue(moved, physics, main, main_physics, settings.bolus_ratio)
    if scale is None:
        return curve, ()
    density = scale.aif_s0 * float(physics.blood.proton_density_signal())
    notice = Notice.of(
        code="aif-scaled-by-tissue",
        message="the pre-bolus has no proton-density frames; its scale was taken from how the main bolus saturates, "
        "which is good to about 15 %",
        action="export the proton-density frames with the series",
    )
    return dataclasses.replace(curve, proton_density=density), (notice,)


def _residual(gd_mmol_l: FloatArray, curve: BloodCurve) -> float:
    count = max(int(RESIDUAL_SHARE * len(curve.time_s)), 3)
    return max(float(np.median(gd_mmol_l[-count:])), 0.0)


def _ratio_check(
    gadolinium: FloatArray,
    time_s: FloatArray,
    main: BloodCurve,
    physics: SeriesPhysics,
    conversion: ConversionSettings,
    ratio: float,
) -> tuple[Notice, ...]:
    """Compare the scaled pre-bolus with the main bolus where that is not saturated: on its flanks and after it."""
    read = invert_blood_curve(main, physics, conversion).gd_mmol_l
    scaled = np.interp(main.time_s, time_s, gadolinium, left=np.nan, right=np.nan)
    use = np.isfinite(scaled) & (read < LINEAR_MMOL_L) & (scaled > 0.1 * np.nanmax(scaled))
    if use.sum() < 5:
        return ()
    factor = float(np.sum(read[use] * scaled[use]) / np.sum(scaled[use] ** 2))
    if abs(factor - 1.0) <= RATIO_TOLERANCE:
        return ()
    return (
        Notice.of(
            code="bolus-ratio-doubtful",
            message=f"on its unsaturated flanks the main bolus holds {factor:.2f} times the gadolinium of the "
            f"pre-bolus scaled by {ratio:g}: a dose ratio of about {ratio * factor:.3g} would fit",
            action="check volume and concentration of both injections (aif.bolus_ratio)",
        ),
    )


def _residual_note(residual: float) -> Notice:
    return Notice.of(
        code="pre-bolus-residual",
        message=f"{residual:.2f} mmol/L of the pre-bolus were left in the blood at its end; the main bolus is counted "
        "above them",
    )
