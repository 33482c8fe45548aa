"""Method "population": a bolus of average height with the time course that this patient's saturated blood shows."""

from __future__ import annotations

import dataclasses
from functools import lru_cache

import numpy as np

from QPerfusionLogic.aif.correction.method_curve import BAND_SDS, MethodCurve
from QPerfusionLogic.aif.curves.saturated_peak import peak_is_lost
from QPerfusionLogic.aif.curves.saturated_shape import STEP_S, gamma_variate, shape_behind, with_return
from QPerfusionLogic.aif.scaling.peak_prior import PEAK_MMOL_L, PeakPrior
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.signal_model.bolus import find_bolus

from .aif_context import AifContext
from .aif_method import AifMethod

TIME_TO_PEAK_S, FULL_WIDTH_S = 6.60, 5.34
"""Medians of 44 patients at stress (AI-AIF, Scannell 2022)."""
STEEPNESS = (2.3548 * TIME_TO_PEAK_S / FULL_WIDTH_S) ** 2
"""Exponent of the gamma variate of that width."""
EQUILIBRIUM_SHARE = 0.15
"""Blood after the first pass relative to its peak (assumed)."""


class Population(AifMethod):
    """A bolus of average height with the time course that this patient's saturated blood shows."""

    name = "population"
    rank = 7
    reference = "Xue 2020 (peak), AI-AIF (Scannell 2022; time course)"
    inverts_signal = False

    def curve(self, context: AifContext) -> MethodCurve:
        """Return a curve of average height for the dose: its time course is that of this patient's blood, unsaturated.

        Where that time course is none of a bolus, it is the average one, placed at this patient's arrival.

        Raises
        ------
        InputError
            When no bolus shows the arrival.
        """
        state, measured, expected = context.state, context.tissue_curve, context.expected_peak
        bolus = measured.bolus
        if bolus is None:
            raise InputError("no bolus in the left ventricle, so a population curve cannot be placed in time")
        peak = expected.peak_mmol_l if expected.dose else PEAK_MMOL_L[state.state]
        shape = shape_behind(measured)
        if shape is None:
            time = np.arange(measured.time_s[0], measured.time_s[-1] + STEP_S, STEP_S)
            gadolinium = population_curve(time - bolus.bolus_arrival_time_s, peak)
            source = f"{TIME_TO_PEAK_S:g} s, {FULL_WIDTH_S:g} s (AI-AIF, Scannell 2022)"
        else:
            time, gadolinium = shape.time_s, peak * shape.relative
            source = f"of this patient's saturated curve (rms {100 * shape.misfit:.1f} % of its range)"
        return MethodCurve(
            time_s=time,
            measured=np.interp(time, measured.time_s, measured.signal),
            corrected=np.interp(time, measured.time_s, measured.signal),
            gd_mmol_l=gadolinium,
            lower_mmol_l=gadolinium * np.exp(-BAND_SDS * expected.peak_log_sd),
            upper_mmol_l=gadolinium * np.exp(BAND_SDS * expected.peak_log_sd),
            mode=self.name,
            constants={
                "aif peak": f"{peak:g} mmol/L (Xue 2020)",
                "aif time to peak, width": source,
                **expected.constants,
            },
            notices=(_notice(shape is not None, expected),),
        )

    def reason(self, context: AifContext) -> str:
        """Return "": `automatic` takes it only where a peak is lost."""
        return ""


def instead_of_saturated_peak(curve: MethodCurve, context: AifContext) -> MethodCurve:
    """Return the population curve where the peak is lost to saturation, else the curve.

    It is lost where inversion leaves a curve that hardly falls after its first pass, or where the measured one hardly
    does whose scale is an estimate: nothing brings it back, and flow would be several times too high.
    """
    looked_at = curve.gd_mmol_l if curve.lower_mmol_l is None else curve.measured
    if not peak_is_lost(looked_at, curve.time_s):
        return curve
    found = Population().curve(context)
    assert found.lower_mmol_l is not None
    assert found.upper_mmol_l is not None
    notice = Notice.of(
        code="aif-peak-lost",
        message="the blood curve stays high after its first pass, so its peak is lost to saturation and cannot be "
        f"computed back; a population average stands in for it, {found.gd_mmol_l.max():.1f} mmol/L, assumed between "
        f"{found.lower_mmol_l.max():.1f} and {found.upper_mmol_l.max():.1f}, and flow is uncertain by the same factor",
        action="acquire a dual sequence or a dual bolus, or give a curve as CSV; "
        "aif.mode=signal_inversion shows the inversion",
    )
    return dataclasses.replace(found, notices=(notice, *found.notices))


def _notice(own_time_course: bool, expected: PeakPrior) -> Notice:
    known = f" for {expected.dose}" if expected.dose else ""
    left = "cardiac output" if expected.dose else "dose, cardiac output"
    message = (
        f"the arterial input is a population average{known} placed at this patient's arrival: {left} and "
        "injection of this patient do not enter, so flows are not the patient's own"
    )
    action = "use it for teaching only"
    if own_time_course:
        message = (
            f"the height of the arterial input is a population average{known}, its time course that of this patient's "
            "saturated blood curve: all flows of this state are off by one factor, which "
            f"{'cardiac output makes' if expected.dose else 'dose and cardiac output make'}"
        )
        action = "compare segments with each other, not with published flows"
    return Notice.of(code="aif-population", message=message, action=action)


def population_curve(since_arrival_s: FloatArray, peak_mmol_l: float) -> FloatArray:
    """Return a gamma-variate first pass with a recirculation that rises as the first pass empties.

    Arrival is where the upslope, extrapolated back, meets the baseline, as `find_bolus` shows it.

    Examples
    --------
    >>> since_s = np.arange(-5.0, 40.0, 0.1)
    >>> curve = population_curve(since_s, 4.4)
    >>> round(float(curve.max()), 1), abs(find_bolus(curve, since_s).bolus_arrival_time_s) < 0.1
    (4.4, True)
    """
    first_pass = gamma_variate(since_arrival_s + _begin_to_arrival_s(), TIME_TO_PEAK_S, STEEPNESS)
    curve = with_return(first_pass, EQUILIBRIUM_SHARE)
    return np.asarray(peak_mmol_l * curve / curve.max())


@lru_cache(maxsize=1)
def _begin_to_arrival_s() -> float:
    """Return how long the gamma variate has begun when its extrapolated upslope meets the baseline."""
    grid = np.arange(-5.0, 20.0, 0.05)
    bolus = find_bolus(gamma_variate(grid, TIME_TO_PEAK_S, STEEPNESS), grid)
    assert bolus is not None
    return bolus.bolus_arrival_time_s
