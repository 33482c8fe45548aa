"""Method "dual_sequence": a separate low-resolution series with short saturation time, optionally two echoes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from QPerfusionLogic.aif.correction.method_curve import MethodCurve
from QPerfusionLogic.aif.correction.precontrast import Observation, estimate_precontrast, with_efficiency
from QPerfusionLogic.aif.correction.precontrast_levels import blood_and_myocardium, myocardium_over_blood, tissue_levels
from QPerfusionLogic.aif.correction.signal_inversion import invert_blood_curve
from QPerfusionLogic.aif.correction.t2star import DecayCorrection, undo_decay
from QPerfusionLogic.aif.curves.blood_curve import BloodCurve, blood_curve
from QPerfusionLogic.aif.sampling.aif_motion import without_motion
from QPerfusionLogic.aif.sampling.low_resolution_pool import SMALL_POOL, left_ventricular_pool
from QPerfusionLogic.aif.sampling.partial_volume import PartialVolumeCorrected, partial_volume_correction
from QPerfusionLogic.aif.scaling.tissue_scale import scale_by_tissue
from QPerfusionLogic.data.conversion_physics import Precontrast
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.series import PerfusionSeries, Quantity, SeriesKind
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.settings.schema import AifSettings
from QPerfusionLogic.signal_model.constants import field_strength_or_typical, native_property
from QPerfusionLogic.signal_model.physics import SeriesPhysics, physics_of_series

from .aif_context import AifContext
from .aif_method import AifMethod

TINY_ECHO_TIME_S = 1e-9
"""Echo time of a signal whose decay is already undone, or is to be ignored."""


class DualSequence(AifMethod):
    """A separate low-resolution series with short saturation time, optionally two echoes."""

    name = "dual_sequence"
    rank = 2
    needs = "aif_series"
    input_name = "AIF series"
    given_as = ("aif",)
    reference = "Gatehouse PD et al. J Magn Reson Imaging 2004;20:39-45"
    measures_apart = True
    clock = "moved"
    gives_way = True

    def curve(self, context: AifContext) -> MethodCurve:
        """Return the arterial input of the AIF series: pool found in it, T2* decay undone, signal equation inverted.

        Raises
        ------
        InputError
            When there is no AIF series or no blood pool in it.
        """
        state, settings, conversion = context.state, context.settings, context.conversion
        series = state.acquisition.aif_series
        if series is None:
            raise InputError(
                "no AIF series for a dual-sequence arterial input",
                expected="a low-resolution series with short saturation time",
                action="give the AIF series of this state, or choose another AIF method",
                option="--stress-aif, --rest-aif",
            )
        series = without_motion(dataclasses.replace(series, kind=SeriesKind.AIF), state)
        pool = left_ventricular_pool(series, state, context.aif_percentile)
        curve = blood_curve(series, pool.region)
        measured = curve.signal
        if series.quantity is Quantity.GADOLINIUM:
            return MethodCurve(curve.time_s, curve.signal, curve.signal, curve.signal, self.name, {}, pool.notices)
        corrected = (
            partial_volume_correction(series, state, pool.region, curve)
            if settings.partial_volume
            else PartialVolumeCorrected(curve, {})
        )
        of_pool = (notice for notice in pool.notices if not (corrected.done and notice.code == SMALL_POOL))
        curve, decay, sequence_series = _without_decay(corrected.curve, series, settings)
        physics = physics_of_series(sequence_series, conversion)
        scaled = _scaled(context, curve, physics)
        physics = physics_of_series(sequence_series, with_efficiency(conversion, scaled.precontrast))
        inverted = invert_blood_curve(scaled.curve, physics, conversion)
        return MethodCurve(
            time_s=curve.time_s,
            measured=measured,
            corrected=inverted.linear_signal,
            gd_mmol_l=inverted.gd_mmol_l,
            mode=self.name,
            normalisation=scaled.name or inverted.normalisation,
            constants={
                **physics.constants,
                **corrected.constants,
                **decay.constants,
            },
            notices=(
                *physics.notices,
                *of_pool,
                *corrected.notices,
                *decay.notices,
                *scaled.notices,
                *inverted.notices,
            ),
            precontrast=scaled.precontrast,
        )

    def reason(self, context: AifContext) -> str:
        """Return why `automatic` takes it: there is an AIF series."""
        return "there is an AIF series" if self.is_held(context.state.acquisition) else ""


@dataclass(frozen=True)
class ScaledCurve:
    """The AIF curve with the level it is divided by, the state before contrast, and how both were found."""

    curve: BloodCurve
    precontrast: Precontrast | None = None
    name: str = ""
    notices: tuple[Notice, ...] = ()


def _scaled(context: AifContext, curve: BloodCurve, physics: SeriesPhysics) -> ScaledCurve:
    """Scale by proton-density frames, else by the tissue series, else not at all (the baseline will have to do)."""
    if context.conversion.normalisation == "baseline":
        return ScaledCurve(curve)
    state, tissue, tissue_physics = context.state, context.tissue_curve_if_any, context.tissue_physics
    if curve.proton_density > 0:
        blood = physics.blood
        level = curve.baseline / curve.proton_density * float(blood.proton_density_signal())
        levels = [] if tissue is None else tissue_levels(state, tissue, tissue_physics)
        return ScaledCurve(curve, estimate_precontrast([Observation(level, blood), *levels]))
    scale = None if tissue is None else scale_by_tissue(curve, physics, tissue, tissue_physics)
    if tissue is None or scale is None:
        return ScaledCurve(curve, notices=(_baseline_only(),))
    ratio = myocardium_over_blood(state, tissue, tissue_physics.field_strength_t)
    found = estimate_precontrast(blood_and_myocardium(tissue.baseline / scale.tissue_s0, ratio, tissue_physics))
    density = scale.aif_s0 * float(physics.blood.proton_density_signal())
    return ScaledCurve(dataclasses.replace(curve, proton_density=density), found, "tissue_series", (_by_tissue(),))


def _by_tissue() -> Notice:
    return Notice.of(
        code="aif-scaled-by-tissue",
        message="the AIF series has no proton-density frames; its scale was taken from how the tissue series saturates "
        "on the same bolus, which is good to about 15 %",
        action="export the proton-density frames with the series",
    )


def _baseline_only() -> Notice:
    return Notice.of(
        code="aif-scaled-by-baseline",
        message="the AIF series has no proton-density frames and the tissue series does not fix its scale, so it was "
        "scaled by its own baseline, which at short saturation times is mostly imperfect saturation: the arterial "
        "input may read several times too low and flow too high",
        action="export the proton-density frames with the series",
    )


def _without_decay(
    curve: BloodCurve, series: PerfusionSeries, settings: AifSettings
) -> tuple[BloodCurve, DecayCorrection, PerfusionSeries]:
    """Return the curve at echo time zero and the series as the signal equation has to see it after that.

    Where the echoes cannot be used, the curve keeps its decay and the table accounts for it through r2.
    """
    protocol = series.protocol
    if not settings.t2_star_correction:
        kept = DecayCorrection(curve.signal, curve.proton_density, curve.signal * 0.0, False)
        return curve, kept, _at_echo_time(series, TINY_ECHO_TIME_S)
    native_t2 = native_property("t2", "blood", field_strength_or_typical(protocol.field_strength_t))
    decay = undo_decay(curve, protocol, 1.0 / native_t2.value)
    if not decay.done:
        return curve, decay, series
    corrected = dataclasses.replace(curve, signal=decay.signal, proton_density=decay.proton_density, second_echo=None)
    return corrected, decay, _at_echo_time(series, TINY_ECHO_TIME_S)


def _at_echo_time(series: PerfusionSeries, echo_time_s: float) -> PerfusionSeries:
    protocol = dataclasses.replace(series.protocol, echo_time_s=echo_time_s)
    return dataclasses.replace(series, protocol=protocol)
