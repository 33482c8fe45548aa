"""Choose where a network runs (imports torch)."""

from __future__ import annotations

import torch

from QPerfusionLogic.errors import SettingsError

CHOICES = ("automatic", "cpu", "cuda", "mps")


def chosen_device(name: str = "automatic") -> torch.device:
    """Return the device of a name; automatic takes a graphics card where there is one.

    Raises
    ------
    SettingsError
        When the device does not exist on this machine.

    Examples
    --------
    >>> chosen_device("cpu").type
    'cpu'
    """
    if name not in CHOICES:
        raise SettingsError(f"device {name!r}", expected=f"one of {', '.join(CHOICES)}")
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "automatic":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if there[kind]))
    if not there[name]:
        raise SettingsError(f"device {name}, which this machine lacks", action="choose cpu or automatic")
    return torch.device(name)


def fast_precision(device: torch.device) -> torch.autocast:
    """Return the context in which a training runs: bfloat16 where the device computes with it, else single precision.

    Processors without AVX-512 imitate bfloat16 at a sixteenth of the speed of single precision (measured on a Zen 3).
    """
    imitated = device.type == "cpu" and torch.backends.cpu.get_cpu_capability() != "AVX512"
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=not imitated)
