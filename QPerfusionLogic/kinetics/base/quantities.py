"""Quantities that kinetic models estimate: name with unit, meaning and code in OSIPI's lexicon."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KineticQuantity:
    """A quantity of a kinetic model.

    Parameters
    ----------
    name : str
        Key of `FitResult.parameters`.
    unit : str
        "mL/min/g", "mL/g", "s", or "" for a number without unit.
    meaning : str
        What it is.
    osipi : str
        Code in OSIPI's CAPLEX lexicon, "" where it has none.

    Source
    ------
    Dickie BR et al. Magn Reson Med 2024;91:1761-1773 (CAPLEX).
    """

    name: str
    unit: str
    meaning: str
    osipi: str = ""


_ALL = (
    KineticQuantity("mbf_ml_min_g", "mL/min/g", "myocardial blood flow", "Q.PH1.003"),
    KineticQuantity("fp_ml_min_g", "mL/min/g", "plasma flow", "Q.PH1.002"),
    KineticQuantity("ps_ml_min_g", "mL/min/g", "permeability surface area product", "Q.PH1.004"),
    KineticQuantity("ktrans_ml_min_g", "mL/min/g", "volume transfer constant", "Q.PH1.008"),
    KineticQuantity("ki_ml_min_g", "mL/min/g", "uptake rate"),
    KineticQuantity("vp_ml_g", "mL/g", "plasma volume", "Q.PH1.001.[p]"),
    KineticQuantity("ve_ml_g", "mL/g", "interstitial volume", "Q.PH1.001.[e]"),
    KineticQuantity("fermi_width_s", "s", "time at which the residue has fallen to one half"),
    KineticQuantity("fermi_shape", "", "steepness k t0 of the Fermi function"),
    KineticQuantity("delay_s", "s", "arterial delay", "Q.PH1.007"),
)
QUANTITIES = {quantity.name: quantity for quantity in _ALL}
"""Name -> quantity."""


def quantities(*names: str) -> tuple[KineticQuantity, ...]:
    """Return quantities by their names.

    Examples
    --------
    >>> [(item.unit, item.osipi) for item in quantities("mbf_ml_min_g", "delay_s")]
    [('mL/min/g', 'Q.PH1.003'), ('s', 'Q.PH1.007')]
    """
    return tuple(QUANTITIES[name] for name in names)
