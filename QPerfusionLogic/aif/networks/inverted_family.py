"""What the nominal signal equation makes of a saturated curve, for every height the peak may have had.

The unknown scale of the signal leaves a one-parameter family of inverted curves. The network sees its members, weighs
them and corrects what the nominal equation misses (B1+, T2*, imperfect saturation, noise).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

PEAKS_MMOL_L = (1.5, 2.3, 3.5, 5.3, 8.0, 12.0)
"""Peaks that the members of the family are scaled to."""
HIGHEST_MMOL_L = 16.0
TABLE_POINTS = 160
BASELINE_SAMPLES = 4
"""Samples before the bolus, whose inverted mean is taken off."""
NOMINAL_DECAY_L_MMOL_S = 12.0
"""Transverse relaxivity of whole blood around the peak, R2* of about 60/s at 5 mmol/L."""


@dataclass(frozen=True)
class Protocols:
    """Nominal protocol of n curves, each (n, 1): s, degrees, L/mmol/s.

    `density_flip_deg` belongs to the proton-density frames.
    """

    saturation_time: Any
    flip_angle: Any
    repetition_time: Any
    pulses: Any
    echo_time: Any
    relaxivity: Any
    native_t1: Any
    density_flip_deg: Any

    @classmethod
    def typical(cls, count: int) -> Protocols:
        """Return what is assumed where nothing is known (AI-AIF; physics table)."""
        import torch

        values = (0.1, 15.0, 0.0022, 20.0, 0.001, 4.6, 1.7, 5.0)
        return cls(*(torch.full((count, 1), value) for value in values))

    def where(self, condition: Any, other: Protocols) -> Protocols:
        """Return these protocols where a condition (n, 1) holds, and the others elsewhere."""
        import torch

        mine, theirs = self.values(), other.values()
        return Protocols(*(torch.where(condition, a, b) for a, b in zip(mine, theirs, strict=True)))

    def values(self) -> list[Any]:
        """Return the tensors in the order of the fields."""
        return [getattr(self, item.name) for item in fields(self)]


def blood_signal(
    gadolinium: Any, protocol: Protocols, decay: Any, loss: Any = 0.0, flip_scale: Any = 1.0, density: bool = False
) -> Any:
    """Return the signal (n, m) of blood for M0 = 1: spoiled readout after saturation, or of proton-density frames.

    Parameters
    ----------
    gadolinium : (n, m)
        mmol/L.
    protocol : Protocols
        As played out, up to `flip_scale`, the B1+ over its nominal value.
    decay : (n, 1) or float
        Transverse relaxivity R2* in L/mmol/s.
    loss : (n, 1) or float
        1 - saturation efficiency.
    density : bool
        Without saturation, with the small flip angle.
    """
    import torch

    flip = torch.deg2rad(protocol.density_flip_deg if density else protocol.flip_angle) * flip_scale
    rate = 1.0 / protocol.native_t1 + protocol.relaxivity * gadolinium
    delay = (protocol.saturation_time - protocol.pulses * protocol.repetition_time).clamp(min=0.0)
    regrowth = torch.exp(-protocol.repetition_time * rate)
    ratio = torch.cos(flip) * regrowth
    power = ratio**protocol.pulses
    start = torch.ones_like(rate) if density else 1.0 - (1.0 - loss) * torch.exp(-delay * rate)
    magnetisation = start * power + (1.0 - regrowth) * (1.0 - power) / (1.0 - ratio)
    return torch.sin(flip) * magnetisation * torch.exp(-protocol.echo_time * decay * gadolinium)


def inverted_family(signal: Any, valid: Any, protocol: Protocols, density: Any) -> Any:
    """Return the curves (n, 7, m) in mmol/L that a saturated one may come from, baseline at 0.

    Parameters
    ----------
    signal, valid : (n, m)
        Saturated curve over its maximum; 1 where there is data.
    protocol : Protocols
        Nominal.
    density : (n, 1)
        Signal of the proton-density frames over the same maximum; NaN without, then the last curve is 0.
    """
    import torch

    axis = torch.linspace(0.0, HIGHEST_MMOL_L**0.5, TABLE_POINTS)[None] ** 2
    table = blood_signal(axis, protocol, NOMINAL_DECAY_L_MMOL_S)
    steps = torch.arange(TABLE_POINTS)[None] * (1e-6 * table[:, :1])
    table = torch.cummax(table, dim=1).values + steps
    tops = blood_signal(torch.tensor([PEAKS_MMOL_L]), protocol, NOMINAL_DECAY_L_MMOL_S)
    known = torch.isfinite(density)
    own = blood_signal(torch.zeros(1, 1), protocol, NOMINAL_DECAY_L_MMOL_S, density=True)
    scales = torch.cat([tops, torch.where(known, own / density, tops[:, :1])], dim=1)
    levels = (signal[:, None] * scales[:, :, None]).flatten(1)
    curves = _inverted(levels, table, axis).view(len(signal), scales.shape[1], -1)
    curves = curves - curves[:, :, :BASELINE_SAMPLES].mean(dim=2, keepdim=True)
    shown = torch.cat([torch.ones_like(tops), known.float()], dim=1)
    return curves * shown[:, :, None] * valid[:, None]


def _inverted(levels: Any, table: Any, axis: Any) -> Any:
    """Return the abscissa (n, k) at which rising tables (n, points) reach levels (n, k), linear below the first."""
    import torch

    upper = torch.searchsorted(table, levels.contiguous()).clamp(1, table.shape[1] - 1)
    low, high = table.gather(1, upper - 1), table.gather(1, upper)
    ends = axis.expand(len(table), -1)
    left, right = ends.gather(1, upper - 1), ends.gather(1, upper)
    share = ((levels - low) / (high - low)).clamp(max=1.0)
    return (left + share * (right - left)).clamp(min=-0.5)
