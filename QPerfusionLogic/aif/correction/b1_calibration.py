"""What two series that saw the same blood show together: B1+ and scale of the arterial input.

The tissue series saturates on the bolus that the AIF series, or a pre-bolus, measures undistorted. How high its signal
stands over the proton density then hardly depends on the concentration, but on the flip angle that was really played
out; how early it bends shows the concentration. So both are found together: an error of the B1+ changes
the gadolinium of the myocardium by as much, and the header does not show it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from QPerfusionLogic.aif.curves.blood_curve import BloodCurve
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.conversion_physics import Precontrast
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.settings.schema import ConversionSettings
from QPerfusionLogic.signal_model.bolus import find_bolus
from QPerfusionLogic.signal_model.physics import SeriesPhysics
from QPerfusionLogic.signal_model.response import SignalResponse

from .aif_resampling import between_samples
from .method_curve import MethodCurve
from .precontrast import EFFICIENCY_RANGE
from .signal_inversion import invert_blood_curve

USUAL_FIELD, FIELD_SD = 0.97, 0.09
"""B1+ over nominal at the heart, mean and spread (SD): what is trusted before blood is looked at."""
SCALE_SD, LOSS_SD, RESIDUAL_SD_MMOL_L = 0.04, 0.015, 0.1
"""The same for the scale of the arterial input, and how far loss of saturation and residual gadolinium may move."""
MODEL_SD = 0.03
"""Error of the tissue sequence's signal equation, as a share of the highest signal: inflow, wall, T2*."""
LARGEST_MISFIT = 0.045
"""Root mean square difference, as a share of the highest signal, above which nothing is adopted."""
SIGNAL_SD, LITTLE_MMOL_L, RELATIVE_SD = 0.02, 2.0, 0.01
"""The same for single frames from `LITTLE_MMOL_L` on, less below; relative error of gadolinium by either series."""
HIGHEST_MMOL_L, STEP_MMOL_L = 10.0, 0.05
FIELD_RANGE = (0.6, 1.4)
LEAST_PEAK_MMOL_L = 1.5
"""A lower bolus does not saturate the tissue series."""
FEWEST_FRAMES = 12


@dataclass(frozen=True)
class B1Calibration:
    """What was found: B1+ over nominal, factor of the arterial input, state before contrast, misfit."""

    b1_plus: float
    scale: float
    precontrast: Precontrast
    misfit: float


def calibrated(
    curve: MethodCurve, tissue: BloodCurve, physics: SeriesPhysics, conversion: ConversionSettings
) -> MethodCurve:
    """Return an arterial input scaled, and with the B1+, as the tissue series' blood shows; else as it is.

    Parameters
    ----------
    curve : MethodCurve
        Measured by another series, on the clock of the tissue series.
    tissue, physics : BloodCurve, SeriesPhysics
        Blood of the tissue series and its sequence, as the header shows it.
    conversion : ConversionSettings
        What the user fixed is not looked for.
    """
    fixed = conversion.b1_plus is not None or conversion.normalisation == "baseline"
    if fixed or conversion.mode != "look_up_table":
        return curve
    found = b1_calibration(curve, tissue, physics)
    if found is None:
        return curve
    if found.misfit > LARGEST_MISFIT:
        return dataclasses.replace(curve, notices=(*curve.notices, _unlike(found)))
    scaled = dataclasses.replace(
        curve, gd_mmol_l=found.scale * curve.gd_mmol_l, corrected=_rescaled(curve, found.scale)
    )
    gadolinium = _with_tissue(scaled, tissue, physics, found)
    keep = conversion.saturation_efficiency is not None
    return dataclasses.replace(
        scaled,
        gd_mmol_l=gadolinium,
        precontrast=curve.precontrast if keep else found.precontrast,
        b1_plus=found.b1_plus,
        constants={**curve.constants, "B1+": f"{found.b1_plus:.3f} of nominal (blood of two series)"},
        notices=(*curve.notices, _notice_of(found)),
    )


def _with_tissue(curve: MethodCurve, tissue: BloodCurve, physics: SeriesPhysics, found: B1Calibration) -> FloatArray:
    """Return gadolinium (n,) of both series, each by how well it shows it.

    Where there is little gadolinium the tissue series has several times less noise than a short saturation time or a
    small bolus leave; near the peak it shows next to nothing. The upslope decides flow at stress.
    """
    own, seen = find_bolus(curve.gd_mmol_l, curve.time_s), tissue.bolus
    inside = (curve.time_s >= tissue.time_s[0]) & (curve.time_s <= tissue.time_s[-1])
    if own is None or seen is None or not inside.any():
        return curve.gd_mmol_l
    response = _response(physics, found.b1_plus, 1.0 - found.precontrast.saturation_efficiency, HIGHEST_MMOL_L)
    ratio = tissue.signal / tissue.proton_density
    inverted = invert_blood_curve(tissue, dataclasses.replace(physics, blood=response), ConversionSettings()).gd_mmol_l
    other = between_samples(tissue.time_s, inverted, curve.time_s[inside])
    middle = np.clip(0.5 * (other + curve.gd_mmol_l[inside]), 0.0, HIGHEST_MMOL_L - STEP_MMOL_L)
    low, high = response.signal(middle), response.signal(middle + STEP_MMOL_L)
    rise = np.maximum((high - low) / STEP_MMOL_L, 1e-9) / float(response.proton_density_signal())
    noise = seen.noise / tissue.proton_density
    model = SIGNAL_SD * float(ratio.max()) * np.minimum(middle / LITTLE_MMOL_L, 1.0)
    of_tissue = (noise**2 + model**2) / rise**2 + (RELATIVE_SD * middle) ** 2
    of_curve = own.noise**2 + (RELATIVE_SD * middle) ** 2
    result = np.array(curve.gd_mmol_l, dtype=float)
    share = of_curve / (of_curve + of_tissue)
    result[inside] += share * (other - result[inside])
    return result


def _rescaled(curve: MethodCurve, scale: float) -> FloatArray:
    """Return the corrected signal, which rises from its baseline as gadolinium does, after gadolinium was scaled."""
    baseline = float(np.median(curve.corrected[: max(len(curve.corrected) // 20, 1)]))
    return np.asarray(baseline + scale * (curve.corrected - baseline))


def b1_calibration(curve: MethodCurve, tissue: BloodCurve, physics: SeriesPhysics) -> B1Calibration | None:
    """Return what both series show; None where the tissue series has no proton density or nothing saturated it."""
    if not tissue.proton_density > 0 or physics.sequence.readout != "flash":
        return None
    inside = (tissue.time_s >= curve.time_s[0]) & (tissue.time_s <= curve.time_s[-1])
    gadolinium = np.maximum(np.interp(tissue.time_s[inside], curve.time_s, curve.gd_mmol_l), 0.0)
    if inside.sum() < FEWEST_FRAMES or not gadolinium.max() > LEAST_PEAK_MMOL_L:
        return None
    seen = tissue.signal[inside] / tissue.proton_density
    top = float(seen.max())
    before = curve.precontrast or Precontrast(physics.sequence.saturation_efficiency, 0.0)
    middle = np.array([np.log(USUAL_FIELD), 1.0 - before.saturation_efficiency, before.residual_mmol_l, 0.0])
    spread = np.array([FIELD_SD, LOSS_SD, RESIDUAL_SD_MMOL_L, SCALE_SD])

    def misfit(x: FloatArray) -> FloatArray:
        field, loss, residual, scale = np.exp(x[0]), x[1], max(x[2], 0.0), np.exp(x[3])
        return (_seen_by(physics, field, loss, scale * gadolinium + residual) - seen) / (MODEL_SD * top)

    low, high = 1.0 - np.array(EFFICIENCY_RANGE[::-1])
    edges = np.log(FIELD_RANGE)
    solution = least_squares(
        lambda x: np.concatenate([misfit(x), (x - middle) / spread]),
        np.clip(middle, [edges[0], low, 0.0, -0.5], [edges[1], high, 2.0, 0.5]),
        bounds=([edges[0], low - 1e-6, -1e-6, -0.5], [edges[1], high + 1e-6, 2.0, 0.5]),
        x_scale=spread,
    )
    field, loss, residual, scale = solution.x
    return B1Calibration(
        float(np.exp(field)),
        float(np.exp(scale)),
        Precontrast(float(1.0 - loss), float(max(residual, 0.0))),
        float(MODEL_SD * np.sqrt(np.mean(misfit(solution.x) ** 2))),
    )


def _seen_by(physics: SeriesPhysics, field: float, loss: float, gd_mmol_l: FloatArray) -> FloatArray:
    """Return the signal of blood over its proton density at a B1+ and loss of saturation."""
    response = _response(physics, field, loss, 0.1)
    return np.asarray(response.signal(gd_mmol_l) / response.proton_density_signal())


def _response(physics: SeriesPhysics, field: float, loss: float, highest_mmol_l: float) -> SignalResponse:
    sequence = dataclasses.replace(physics.sequence.at_field(field), saturation_efficiency=1.0 - loss)
    return SignalResponse(sequence, physics.blood.tissue, highest_mmol_l)


def _notice_of(found: B1Calibration) -> Notice:
    return Notice.of(
        code="transmit-field-by-blood",
        message=f"blood in both series shows a B1+ of {found.b1_plus:.2f} of nominal; the arterial "
        f"input was scaled by {found.scale:.2f}",
        action="set conversion.b1_plus where it was measured, or aif.b1_calibration=false",
    )


def _unlike(found: B1Calibration) -> Notice:
    return Notice.of(
        code="blood-unlike-in-both-series",
        message=f"no B1+ makes the tissue series show the blood of the arterial input (rms difference "
        f"{100.0 * found.misfit:.0f} % of its highest signal): the nominal flip angle was kept",
        action="check protocol values, contours and the arterial input",
    )
