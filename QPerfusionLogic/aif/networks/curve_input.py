"""What the AIF networks see of a blood curve: samples, units and conditions."""

from __future__ import annotations

from typing import Any

from .inverted_family import Protocols, inverted_family

SAMPLES = 64
INTERVAL_S = 0.6
"""The network sees 64 samples 0.6 s apart, from four seconds before arrival."""
LEAD_S = 4.0
GADOLINIUM_UNIT_MMOL_L = 5.0
LOSS_UNIT, RESIDUAL_UNIT_MMOL_L = 0.05, 0.25
CONDITIONS = 11
"""Seven scaled protocol values, whether they are known; the first-pass area that the dose lets expect, whether it is
known; whether there are proton-density frames."""
DOSE_SHARE, AREA_MMOL_S_L, AREA_UNIT_MMOL_S_L = 0.4, (12.0, 110.0), 40.0
"""Share of the pairs whose dose is known; 0.03 to 0.15 mmol/kg over 65 to 150 mL/min/kg of blood."""


def network_input_of_curve(
    signal: Any, valid: Any, protocol: Protocols, known: Any, density: Any, area: Any
) -> tuple[Any, Any]:
    """Return family (n, 7, 64) and conditions (n, 11) of curves, the same for training and use.

    Parameters
    ----------
    signal, valid : (n, 64)
        As in `Pairs`.
    protocol : Protocols
        Nominal; not looked at where it is not known.
    known : (n, 1) bool
        Whether the protocol is known.
    density : (n, 1)
        Proton-density signal over the curve's maximum; NaN without.
    area : (n, 1)
        First-pass area that the dose lets expect, mmol s/L; NaN without.
    """
    import torch

    with_density = torch.isfinite(density) & known
    nominal = protocol.where(known, Protocols.typical(len(signal)))
    density = torch.where(with_density, density, torch.nan)
    family = inverted_family(signal, valid, nominal, density) / GADOLINIUM_UNIT_MMOL_L
    scaled = torch.cat(
        [
            torch.log(nominal.saturation_time / 0.11) / 0.5,
            torch.log(nominal.flip_angle / 15.0) / 0.5,
            torch.log(nominal.repetition_time / 0.0025) / 0.4,
            nominal.pulses / 30.0 - 1.0,
            nominal.echo_time / 0.0012 - 1.0,
            torch.log(nominal.relaxivity / 4.6) / 0.25,
            torch.log(nominal.native_t1 / 1.8) / 0.1,
        ],
        dim=1,
    )
    with_dose = torch.isfinite(area)
    expected = torch.log(torch.where(with_dose, area, AREA_UNIT_MMOL_S_L) / AREA_UNIT_MMOL_S_L) / 0.5
    return family, torch.cat([scaled * known, known.float(), expected, with_dose.float(), with_density.float()], dim=1)
