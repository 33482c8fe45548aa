"""Signal of blood or myocardium as a function of gadolinium, for the sequence at hand, and its exact inverse.

R1 = R10 + r1 c and R2* = R2*0 + r2 c, so the signal of a spoiled readout is a function of R1 alone times a factor of
the pixel: one table over R1 serves every native T1. A balanced readout depends on the native T2 too, fixed per tissue.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray

from .bssfp import balanced_magnetisation
from .flash import proton_density_magnetisation, saturation_recovery_magnetisation
from .look_up_table import LookUpTable
from .sequence import SaturationRecovery

GADOLINIUM_STEP_MMOL_L = 0.005
"""Step of the table; the specification asks for 0.01 or finer."""
LOWEST_RATE_PER_S = 0.05
"""Start of the table over R1: noise takes baseline pixels below their native rate, down to a T1 of 20 s."""


@dataclass(frozen=True)
class Tissue:
    """Native relaxation of a tissue and relaxivities of the agent in it.

    Parameters
    ----------
    t1_s, t2_s : float
        Native relaxation times in s.
    r1_l_mmol_s, r2_l_mmol_s : float
        Longitudinal and transverse relaxivity in L/mmol/s.
    """

    t1_s: float
    t2_s: float
    r1_l_mmol_s: float
    r2_l_mmol_s: float


class SignalResponse:
    """What a sequence makes of gadolinium in a tissue, tabulated for inversion.

    Parameters
    ----------
    sequence : SaturationRecovery
        The acquisition.
    tissue : Tissue
        Native relaxation and relaxivities.
    maximum_gd_mmol_l : float
        End of the table.

    Examples
    --------
    >>> blood = Tissue(1.7, 0.22, 4.6, 5.78)
    >>> response = SignalResponse(SaturationRecovery(pulses_to_centre=20), blood)
    >>> ratio = response.signal(np.array([2.0])) / response.signal(np.array([0.0]))
    >>> gd, outside = response.gadolinium_from_enhancement(ratio)
    >>> float(gd[0].round(4)), bool(outside[0])
    (2.0, False)
    """

    def __init__(self, sequence: SaturationRecovery, tissue: Tissue, maximum_gd_mmol_l: float = 10.0) -> None:
        self.sequence = sequence
        self.tissue = tissue
        native_rate = 1.0 / tissue.t1_s
        top = native_rate + tissue.r1_l_mmol_s * maximum_gd_mmol_l
        step = tissue.r1_l_mmol_s * GADOLINIUM_STEP_MMOL_L
        rates = np.linspace(LOWEST_RATE_PER_S, top, int(np.ceil((top - LOWEST_RATE_PER_S) / step)) + 1)
        self.table = LookUpTable(rates, self._at_rate(rates))

    @property
    def highest_gadolinium(self) -> float:
        """Gadolinium (mmol/L) at the end of the invertible range."""
        return (self.table.highest_abscissa - 1.0 / self.tissue.t1_s) / self.tissue.r1_l_mmol_s

    def signal(self, gd_mmol_l: FloatArray) -> FloatArray:
        """Return the signal for M0 = 1 at gadolinium concentrations of any shape."""
        rate = 1.0 / self.tissue.t1_s + self.tissue.r1_l_mmol_s * np.asarray(gd_mmol_l, dtype=float)
        return self._at_rate(rate) * self._decay(0.0) / self._decay_of_rate(1.0 / self.tissue.t1_s)

    def proton_density_signal(self, t1_s: FloatArray | float | None = None) -> FloatArray:
        """Return the signal of the proton-density frames for M0 = 1, before contrast, for native T1 of any shape."""
        native = np.asarray(self.tissue.t1_s if t1_s is None else t1_s, dtype=float)
        return proton_density_magnetisation(1.0 / native, self.sequence) * self._decay(0.0)

    def slope(self) -> float:
        """Return the derivative of the signal by gadolinium at zero, per mmol/L: the linear, unsaturated response."""
        step = 1e-4
        low, high = self.signal(np.array([-step, step]))
        return float((high - low) / (2.0 * step))

    def gadolinium_from_enhancement(
        self, ratio: FloatArray, t1_s: FloatArray | float | None = None
    ) -> tuple[FloatArray, np.ndarray]:
        """Return gadolinium (mmol/L) from S / S_baseline, and where the ratio left the table.

        Parameters
        ----------
        ratio : array
            Signal over its own pre-contrast mean.
        t1_s : array or float, optional
            Native T1 that broadcasts to `ratio`; the tissue's by default.
        """
        native_rate = self._native_rate(t1_s)
        return self._from_table(ratio * self._at_rate(native_rate), native_rate)

    def gadolinium_from_proton_density(
        self, ratio: FloatArray, t1_s: FloatArray | float | None = None
    ) -> tuple[FloatArray, np.ndarray]:
        """Return gadolinium (mmol/L) from S / PD, and where the ratio left the table; parameters as above."""
        native_rate = self._native_rate(t1_s)
        factor = self.proton_density_signal(t1_s) * self._decay_of_rate(native_rate) / self._decay(0.0)
        return self._from_table(ratio * factor, native_rate)

    def _native_rate(self, t1_s: FloatArray | float | None) -> FloatArray:
        return 1.0 / np.asarray(self.tissue.t1_s if t1_s is None else t1_s, dtype=float)

    def _from_table(self, value: FloatArray, native_rate: FloatArray) -> tuple[FloatArray, np.ndarray]:
        rate, outside = self.table.invert(value)
        return (rate - native_rate) / self.tissue.r1_l_mmol_s, outside

    def _at_rate(self, rate: FloatArray) -> FloatArray:
        """Signal as a function of R1 alone: transverse decay counted from R1 = 0, so that no native T1 enters it."""
        if self.sequence.readout == "bssfp":
            gadolinium = (rate - 1.0 / self.tissue.t1_s) / self.tissue.r1_l_mmol_s
            rate2 = 1.0 / self.tissue.t2_s + self.tissue.r2_l_mmol_s * gadolinium
            magnetisation = balanced_magnetisation(rate, rate2, self.sequence)
        else:
            magnetisation = saturation_recovery_magnetisation(rate, self.sequence)
        return magnetisation * self._decay_of_rate(rate)

    def _decay_of_rate(self, rate: FloatArray | float) -> FloatArray:
        weight = self.sequence.echo_time_s * self.tissue.r2_l_mmol_s / self.tissue.r1_l_mmol_s
        return np.exp(-weight * np.asarray(rate, dtype=float))

    def _decay(self, gd_mmol_l: float) -> float:
        rate2 = 1.0 / self.tissue.t2_s + self.tissue.r2_l_mmol_s * gd_mmol_l
        return float(np.exp(-self.sequence.echo_time_s * rate2))
