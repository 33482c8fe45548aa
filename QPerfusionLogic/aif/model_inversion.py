"""Route "model": the saturated tissue-sequence blood curve, corrected by inverting the signal equation."""

from __future__ import annotations

from QPerfusionLogic.settings import AifSettings, ConversionSettings
from QPerfusionLogic.signal_model.physics import physics_of_series
from QPerfusionLogic.study import Notice, Severity, StateResult

from .blood_curve import tissue_blood_curve
from .inversion import invert_blood_curve
from .route import RouteCurve


def by_model_inversion(state: StateResult, settings: AifSettings, conversion: ConversionSettings) -> RouteCurve:
    """Return the arterial input from the tissue series alone."""
    curve = tissue_blood_curve(state)
    physics = physics_of_series(state.acquisition.tissue, conversion)
    inverted = invert_blood_curve(curve, physics, conversion)
    note = Notice(
        code="aif-by-model",
        message="the arterial input comes from the saturated tissue series by inverting the signal equation "
        f"(normalised by {inverted.normalisation}); near the peak it is very sensitive to noise and to the protocol",
        action="acquire a dual-sequence or dual-bolus arterial input where flow values matter",
        severity=Severity.WARNING,
    )
    return RouteCurve(
        time_s=curve.time_s,
        measured=curve.signal,
        corrected=inverted.linear_signal,
        gd_mmol_l=inverted.gd_mmol_l,
        mode="model",
        constants={**physics.constants, "aif normalisation": inverted.normalisation},
        notices=(*physics.notices, note, *inverted.notices),
    )
