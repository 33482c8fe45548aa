"""Method "signal_inversion": the saturated tissue-sequence blood curve, corrected by inverting the signal equation."""

from __future__ import annotations

from QPerfusionLogic.aif.correction.method_curve import MethodCurve
from QPerfusionLogic.aif.correction.precontrast import estimate_precontrast
from QPerfusionLogic.aif.correction.precontrast_levels import myocardium_over_blood, tissue_levels
from QPerfusionLogic.aif.correction.signal_inversion import invert_blood_curve, linear_signal
from QPerfusionLogic.aif.curves.blood_curve import BloodCurve
from QPerfusionLogic.aif.curves.saturated_peak import guessed_peak
from QPerfusionLogic.aif.scaling.peak_prior import PeakPrior
from QPerfusionLogic.aif.scaling.shape_prior import scale_by_shape
from QPerfusionLogic.aif.scaling.time_course_scale import scale_by_time_course
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import StateResult
from QPerfusionLogic.signal_model.physics import SeriesPhysics

from .aif_context import AifContext
from .aif_method import AifMethod


class SignalInversion(AifMethod):
    """The saturated blood curve of the tissue series, corrected by inverting the signal equation."""

    name = "signal_inversion"
    rank = 6
    reference = "Larsson HBW et al. Magn Reson Med 1996;35:716-726"

    def curve(self, context: AifContext) -> MethodCurve:
        """Return the arterial input from the tissue series alone.

        Proton-density frames scale the signal where there are any. Without them the scale comes from what boluses
        usually look like, with a band: from how little of them is left after the first pass or, in short series, from
        how deep the sequence saturates them. Where neither is known, or the settings ask for it, it comes from the
        baseline alone.
        """
        state, conversion = context.state, context.conversion
        curve, physics = context.tissue_curve, context.tissue_physics
        by_density = conversion.normalisation != "baseline" and curve.proton_density > 0
        if not by_density and conversion.normalisation == "automatic" and conversion.saturation_efficiency is None:
            scaled = _scaled_by_usual_boluses(state, curve, physics, context.expected_peak)
            if scaled is not None:
                return scaled
        found = estimate_precontrast(tissue_levels(state, curve, physics)) if by_density else None
        physics = context.tissue_physics_with(found)
        inverted = invert_blood_curve(curve, physics, conversion)
        by = inverted.normalisation.replace("_", " ")
        return MethodCurve(
            time_s=curve.time_s,
            measured=curve.signal,
            corrected=inverted.linear_signal,
            gd_mmol_l=inverted.gd_mmol_l,
            mode=SignalInversion.name,
            normalisation=inverted.normalisation,
            constants=physics.constants,
            notices=(
                *physics.notices,
                _note(f"normalised by {by}"),
                *inverted.notices,
            ),
            precontrast=found,
        )

    def reason(self, context: AifContext) -> str:
        """Return why `automatic` takes it: there is nothing else."""
        return "there is neither curve, AIF series nor pre-bolus"


def _scaled_by_usual_boluses(
    state: StateResult, curve: BloodCurve, physics: SeriesPhysics, expected: PeakPrior
) -> MethodCurve | None:
    ratio = myocardium_over_blood(state, curve, physics.field_strength_t)
    scaled = scale_by_shape(curve, physics, ratio, expected) or scale_by_time_course(curve, physics, ratio, expected)
    if scaled is None:
        return None
    return MethodCurve(
        time_s=curve.time_s,
        measured=curve.signal,
        corrected=linear_signal(scaled.gd_mmol_l, curve.baseline, physics),
        gd_mmol_l=scaled.gd_mmol_l,
        lower_mmol_l=scaled.lower_mmol_l,
        upper_mmol_l=scaled.upper_mmol_l,
        mode=SignalInversion.name,
        normalisation="usual_bolus",
        constants={**physics.constants, **expected.constants},
        notices=(
            *physics.notices,
            _note(
                f"scaled, for want of proton-density frames, by what boluses {_of_dose(expected)} look like: peak "
                f"between {scaled.lower_mmol_l.max():.1f} and {scaled.upper_mmol_l.max():.1f} mmol/L"
            ),
            *guessed_peak(curve, "a usual bolus puts"),
        ),
        precontrast=scaled.precontrast,
    )


def _of_dose(expected: PeakPrior) -> str:
    return f"after {expected.dose}" if expected.dose else "usually"


def _note(how: str) -> Notice:
    return Notice.of(
        code="aif-by-model",
        message=f"the arterial input comes from the saturated tissue series by inverting the signal equation ({how}); "
        "near the peak it is very sensitive to noise and to the protocol",
        action="acquire a dual-sequence or dual-bolus arterial input where flow values matter",
    )
