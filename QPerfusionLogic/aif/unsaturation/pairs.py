"""Training pairs: blood curves as a saturated tissue sequence shows them, and the gadolinium behind them.

Everything that a header does not tell varies: transmit field, saturation efficiency, native T1, T2* decay, contrast
left from an earlier injection, irregular heartbeats, noise. What it may tell is handed to the network, or withheld.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .boluses import STEP_S, left_ventricular_boluses, uniform

SAMPLES = 64
INTERVAL_S = 0.6
"""The network sees 64 samples 0.6 s apart, from four seconds before arrival."""
LEAD_S = 4.0
GADOLINIUM_UNIT_MMOL_L = 5.0
LOSS_UNIT, RESIDUAL_UNIT_MMOL_L = 0.05, 0.25
CONDITIONS = ("saturation_time", "flip_angle", "repetition_time", "pulses", "echo_time", "relaxivity", "native_t1")


@dataclass(frozen=True)
class Shift:
    """A change of protocol for testing: fixed saturation time (s) or transmit field; None draws as in training."""

    saturation_time_s: float | None = None
    flip_scale: float | None = None


@dataclass(frozen=True)
class Pairs:
    """A batch; tensors.

    Parameters
    ----------
    signal : (n, 64)
        Saturated curve divided by its maximum; 0 where the series has ended.
    valid : (n, 64)
        1 where there is data.
    conditions : (n, 8)
        Scaled protocol values and a flag that they are known.
    gadolinium : (n, 64)
        True blood gadolinium above baseline, in units of 5 mmol/L.
    state : (n, 2)
        Loss of saturation (1 - efficiency) and residual gadolinium, scaled.
    """

    signal: Any
    valid: Any
    conditions: Any
    gadolinium: Any
    state: Any

    def chosen(self, index: Any) -> Pairs:
        """Return the pairs of some rows."""
        return Pairs(*(getattr(self, name)[index] for name in PARTS))

    @staticmethod
    def joined(parts: list[Pairs]) -> Pairs:
        """Return several batches as one."""
        import torch

        return Pairs(*(torch.cat([getattr(part, name) for part in parts]) for name in PARTS))


PARTS = ("signal", "valid", "conditions", "gadolinium", "state")


def scaled_conditions(values: dict[str, Any]) -> list[Any]:
    """Return protocol values (SI units, degrees) scaled to about -1 to 1, in the order of `CONDITIONS`."""
    import torch

    def log(value: Any) -> Any:
        return torch.log(torch.as_tensor(value, dtype=torch.float32))

    return [
        log(values["saturation_time"] / 0.11) / 0.5,
        log(values["flip_angle"] / 15.0) / 0.5,
        log(values["repetition_time"] / 0.0025) / 0.4,
        torch.as_tensor(values["pulses"], dtype=torch.float32) / 30.0 - 1.0,
        torch.as_tensor(values["echo_time"], dtype=torch.float32) / 0.0012 - 1.0,
        log(values["relaxivity"] / 4.6) / 0.25,
        log(values["native_t1"] / 1.8) / 0.1,
    ]


def draw_pairs(count: int, device: Any = "cpu", shift: Shift | None = None) -> Pairs:
    """Return a batch of pairs drawn with torch's random state."""
    import torch

    shift = shift or Shift()
    bolus = left_ventricular_boluses(count, device)
    protocol = _protocol(count, device, shift)
    loss = 0.03 * torch.randn(count, 1, device=device).abs().clamp(max=4.0)
    residual = (torch.rand(count, 1, device=device) < 0.5) * uniform(count, 0.0, 0.45, device)
    fine = _signal(bolus + residual, protocol, loss, device, shift)
    arrival = _arrival(bolus) * STEP_S
    beats, measured = _in_heartbeats(fine, arrival, device)
    grid = arrival - LEAD_S + uniform(count, -1.0, 1.0, device) + torch.arange(SAMPLES, device=device) * INTERVAL_S
    last = beats.gather(1, torch.randint(45, beats.shape[1], (count, 1), device=device))
    valid = ((grid <= last) & (grid <= beats[:, -1:])).float()
    noise = uniform(count, 0.002, 0.02, device) * fine.amax(dim=1, keepdim=True)
    measured = measured + noise * torch.randn_like(measured)
    signal = _interpolated(grid, beats, measured) * valid
    signal = signal / signal.amax(dim=1, keepdim=True).clamp(min=1e-9)
    known = (torch.rand(count, 1, device=device) < 0.8).float()
    conditions = torch.cat([*scaled_conditions(protocol), torch.ones(count, 1, device=device)], dim=1) * known
    gadolinium = _at(grid, bolus) / GADOLINIUM_UNIT_MMOL_L
    state = torch.cat([loss / LOSS_UNIT, residual / RESIDUAL_UNIT_MMOL_L], dim=1)
    return Pairs(signal, valid, conditions, gadolinium, state)


def _protocol(count: int, device: Any, shift: Shift) -> dict[str, Any]:
    import torch

    time = torch.exp(uniform(count, -2.8, -1.65, device))
    if shift.saturation_time_s is not None:
        time = torch.full_like(time, shift.saturation_time_s)
    repetition = torch.exp(uniform(count, -6.3, -5.6, device))
    most = torch.clamp(0.85 * time / repetition, max=60.0)
    return {
        "saturation_time": time,
        "flip_angle": uniform(count, 8.0, 28.0, device),
        "repetition_time": repetition,
        "pulses": torch.floor(torch.rand(count, 1, device=device) * most),
        "echo_time": uniform(count, 0.0008, 0.0016, device),
        "relaxivity": uniform(count, 3.4, 6.2, device),
        "native_t1": uniform(count, 1.6, 2.05, device),
    }


def _signal(gadolinium: Any, protocol: dict[str, Any], loss: Any, device: Any, shift: Shift) -> Any:
    """Return the saturated signal; flip angle, native T1 and pulses differ from what the protocol says."""
    import torch

    count = len(gadolinium)
    scale = (1.0 + 0.12 * torch.randn(count, 1, device=device)).clamp(0.6, 1.35)
    if shift.flip_scale is not None:
        scale = torch.full_like(scale, shift.flip_scale)
    flip = torch.deg2rad(protocol["flip_angle"]) * scale
    native = protocol["native_t1"] * (1.0 + 0.05 * torch.randn(count, 1, device=device)).clamp(0.85, 1.15)
    rate = 1.0 / native + protocol["relaxivity"] * gadolinium
    repetition, pulses = protocol["repetition_time"], protocol["pulses"]
    delay = (protocol["saturation_time"] - pulses * repetition).clamp(min=0.0)
    decay = torch.exp(-repetition * rate)
    ratio = torch.cos(flip) * decay
    power = ratio**pulses
    start = 1.0 - (1.0 - loss) * torch.exp(-delay * rate)
    magnetisation = start * power + (1.0 - decay) * (1.0 - power) / (1.0 - ratio)
    transverse = uniform(count, 5.0, 20.0, device)
    return magnetisation * torch.exp(-protocol["echo_time"] * transverse * gadolinium)


def _arrival(bolus: Any) -> Any:
    """Return the index (n, 1) of the first point above a tenth of the peak, stepped back to the foot."""
    import torch

    above = (bolus > 0.1 * bolus.amax(dim=1, keepdim=True)).float()
    return torch.argmax(above, dim=1, keepdim=True).float() - 10.0


def _in_heartbeats(fine: Any, arrival: Any, device: Any) -> tuple[Any, Any]:
    """Return times (n, beats) and signal of irregular heartbeats that begin before arrival; some beats are missed."""
    import torch

    count = len(fine)
    beat = uniform(count, 0.5, 1.15, device)
    length = beat * (1.0 + 0.04 * torch.randn(count, 80, device=device)).clamp(0.7, 1.3)
    length = length * (1.0 + (torch.rand(count, 80, device=device) < 0.02).float())
    beats = arrival - LEAD_S - 2.0 + torch.cumsum(length, dim=1) - length[:, :1] * torch.rand(count, 1, device=device)
    return beats, _at(beats, fine)


def _at(times: Any, fine: Any) -> Any:
    """Return curves on the fine grid at given times (n, m), linearly interpolated."""
    place = (times / STEP_S).clamp(0.0, fine.shape[1] - 1.001)
    low = place.floor().long()
    share = place - low
    return fine.gather(1, low) * (1.0 - share) + fine.gather(1, low + 1) * share


def _interpolated(times: Any, known_times: Any, values: Any) -> Any:
    """Return values (n, m) of curves known at irregular times (n, k), linearly interpolated, constant outside."""
    import torch

    upper = torch.searchsorted(known_times.contiguous(), times.contiguous()).clamp(1, known_times.shape[1] - 1)
    low_time, high_time = known_times.gather(1, upper - 1), known_times.gather(1, upper)
    share = ((times - low_time) / (high_time - low_time)).clamp(0.0, 1.0)
    return values.gather(1, upper - 1) * (1.0 - share) + values.gather(1, upper) * share
