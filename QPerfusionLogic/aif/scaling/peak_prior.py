"""How high a bolus is expected to be before its curve is looked at: by the injected dose, where it is known.

A saturated curve shows its course well and its height badly. What passes the heart is the dose, so that the area of
the first pass is dose over cardiac output (Stewart and Hamilton), and its peak goes with the dose.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import StateResult
from QPerfusionLogic.data.series import State
from QPerfusionLogic.settings.schema import AifSettings

PEAK_MMOL_L = {State.STRESS: 4.4, State.REST: 5.2, State.UNKNOWN: 4.8}
"""Healthy volunteers (Xue 2020); unknown: their mean."""
PEAK_LOG_SD = 0.35
"""Covers dose and cardiac output."""
PLAUSIBLE_PEAK_MMOL_L = (3.0, 8.0)
"""First-pass peaks of blood gadolinium where the dose is not known (physics table)."""
PEAK_DOSE_MMOL_KG = 0.05
"""What these were given."""
OUTPUT_ML_MIN_KG = {State.STRESS: 110.0, State.REST: 76.0, State.UNKNOWN: 91.0}
"""Cardiac output: at rest 3.1 L/min/m2 (Carlsson 2012) for 1.85 m2 and 75 kg, under adenosine 1.45 times as much."""
KNOWN_DOSE_LOG_SD = 0.28
"""Spread of peak and area where the dose is known: cardiac output and volume of the central circulation."""
LARGEST_FACTOR = 2.5
"""First-pass areas of three hundred digital injections lay between 0.49 and 2.55 times what their dose let expect."""


@dataclass(frozen=True)
class PeakPrior:
    """What is expected of a first pass.

    Parameters
    ----------
    peak_mmol_l, peak_log_sd : float
        Peak, and the spread of its logarithm.
    area_mmol_s_l : float
        Area under the first pass; NaN where the dose is not known.
    dose : str
        The dose and where it is from, "" where it is not known.
    """

    peak_mmol_l: float = PEAK_MMOL_L[State.UNKNOWN]
    peak_log_sd: float = PEAK_LOG_SD
    area_mmol_s_l: float = float("nan")
    dose: str = ""

    @property
    def plausible_peaks_mmol_l(self) -> tuple[float, float]:
        """Lowest and highest peak (mmol/L) that need no explanation: two spreads about that of a known dose."""
        if not self.dose:
            return PLAUSIBLE_PEAK_MMOL_L
        reach = float(np.exp(2.0 * self.peak_log_sd))
        return self.peak_mmol_l / reach, self.peak_mmol_l * reach

    @property
    def constants(self) -> dict[str, str]:
        """The dose as a row of the report; empty without one."""
        return {"contrast dose": self.dose} if self.dose else {}


USUAL_HEIGHT = PeakPrior()


def height_by_dose(dose_mmol_kg: float, state: State, source: str) -> PeakPrior:
    """Return what a dose lets expect at stress or rest.

    Examples
    --------
    >>> expected = height_by_dose(0.075, State.REST, "header")
    >>> round(expected.peak_mmol_l, 1), round(expected.area_mmol_s_l, 1)
    (7.8, 59.2)
    """
    peak = PEAK_MMOL_L[state] * dose_mmol_kg / PEAK_DOSE_MMOL_KG
    litres_s_kg = OUTPUT_ML_MIN_KG[state] / 60_000.0
    return PeakPrior(peak, KNOWN_DOSE_LOG_SD, dose_mmol_kg / litres_s_kg, f"{dose_mmol_kg:g} mmol/kg ({source})")


def peak_prior(state: StateResult, settings: AifSettings) -> PeakPrior:
    """Return what is expected of a state's first pass, by the dose of the settings or of the header, else as usual."""
    if settings.dose_mmol_kg is not None:
        return height_by_dose(settings.dose_mmol_kg, state.state, "setting")
    dose = state.acquisition.tissue.protocol.dose_mmol_kg
    if dose is not None and np.isfinite(dose) and dose > 0.0:
        return height_by_dose(float(dose), state.state, "header")
    return USUAL_HEIGHT


def dose_check(area_mmol_s_l: float, expected: PeakPrior) -> tuple[Notice, ...]:
    """Return a notice where the first-pass area of an arterial input is none that the dose can have given."""
    factor = area_mmol_s_l / expected.area_mmol_s_l
    if not np.isfinite(factor) or 1.0 / LARGEST_FACTOR <= factor <= LARGEST_FACTOR:
        return ()
    return (
        Notice.of(
            code="aif-against-dose",
            message=f"the first pass of the arterial input holds {area_mmol_s_l:.3g} mmol s/L, {factor:.2g} times what "
            f"{expected.dose} lets expect: flow may be off by as much",
            action="check dose, agent, units and protocol values (aif.dose_mmol_kg, conversion.agent)",
        ),
    )
