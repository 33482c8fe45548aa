"""Arterial inputs for relative enhancement: on the linear scale of the tissue curves, so that scale errors cancel."""

from __future__ import annotations

import dataclasses

from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.settings.schema import ConversionSettings
from QPerfusionLogic.signal_model.enhancement_scale import enhancement_per_gadolinium, enhancement_scale
from QPerfusionLogic.signal_model.response import SignalResponse

from .method_curve import MethodCurve


def in_relative_enhancement(
    curve: MethodCurve,
    series: PerfusionSeries,
    response: SignalResponse,
    conversion: ConversionSettings,
    from_signal: bool,
) -> MethodCurve:
    """Return the curve as the tissue sequence would give it if it stayed linear, converted by relative enhancement.

    Tissue curves are divided by the blood's pre-contrast signal; what imperfect saturation or an earlier dose adds to
    that signal scales them down, and the arterial input has to be scaled alike for flow to be right. A curve that does
    not come from signal (`from_signal`) is left alone, with a notice.

    Parameters
    ----------
    series, response : PerfusionSeries, SignalResponse
        The tissue series, and its blood at the saturation efficiency that was found.
    """
    if not from_signal:
        return dataclasses.replace(curve, notices=(*curve.notices, _unlike(curve.mode)))
    found = curve.precontrast
    per_gadolinium = enhancement_per_gadolinium(response, found.residual_mmol_l if found is not None else 0.0)
    scale = enhancement_scale(series, conversion)
    factor = per_gadolinium / scale.value
    lower, upper = curve.lower_mmol_l, curve.upper_mmol_l
    return dataclasses.replace(
        curve,
        gd_mmol_l=curve.gd_mmol_l * factor,
        lower_mmol_l=None if lower is None else lower * factor,
        upper_mmol_l=None if upper is None else upper * factor,
        constants={
            **curve.constants,
            **{f"relative enhancement {name}": value for name, value in scale.constants.items()},
            "aif relative enhancement factor": f"{factor:.3f} (measured pre-contrast signal)",
        },
    )


def _unlike(mode: str) -> Notice:
    return Notice.of(
        code="aif-unlike-tissue",
        message=f"tissue is converted by relative enhancement, the arterial input ({mode}) is true gadolinium: where "
        "saturation is imperfect or contrast was left from before, flow is off by the ratio of the two scales",
        action="choose conversion.mode=look_up_table with this arterial input",
    )
