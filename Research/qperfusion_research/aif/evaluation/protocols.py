"""How well curves are restored in the training distribution and under shifts of the protocol (imports torch)."""

from __future__ import annotations

import time
from typing import Any

import torch

from qperfusion_research.aif.training.boluses import draw_pool
from qperfusion_research.aif.training.pairs import Pairs, Shift, draw_pairs
from qperfusion_research.aif.training.published import gadolinium_of_answer
from QPerfusionLogic.aif.networks.ensemble import ensemble_of
from QPerfusionLogic.aif.networks.published_network import published_network
from QPerfusionLogic.progress import Progress

SEED, POOL = 90_000, 2000
"""Other boluses than those of any training, whose seeds are small."""
WITHOUT = {"protocol_known": True, "density_known": False, "dose_known": False}
WITH = {"protocol_known": True, "density_known": True, "dose_known": False}
COLUMNS = (
    ("uncorrected", 14),
    ("AI-AIF network", 17),
    ("inversion by PD", 17),
    ("neural_network", 14),
    ("in band %", 11),
)
SHIFTS = {
    "in distribution": Shift(**WITHOUT),
    "saturation time 150 ms": Shift(saturation_time_s=0.15, **WITHOUT),
    "saturation time 70 ms": Shift(saturation_time_s=0.07, **WITHOUT),
    "B1+ 0.7": Shift(flip_scale=0.7, **WITHOUT),
    "single regular boluses": Shift(regular=True, **WITHOUT),
    "dose known": Shift(protocol_known=True, density_known=False, dose_known=True),
    "proton density known": Shift(**WITH),
    "proton density, field 0.7": Shift(flip_scale=0.7, **WITH),
    "protocol not known": Shift(protocol_known=False, density_known=False, dose_known=False),
}


@torch.no_grad()
def protocol_lines(weights: str, published_weights: str, count: int, progress: Progress | None = None) -> list[str]:
    """Return the table of normalised squared errors (%) and band coverage, one row a shift."""
    progress = progress or Progress()
    ensemble, model = ensemble_of(weights)
    published, _ = published_network(published_weights)
    torch.manual_seed(SEED)
    pool = draw_pool(POOL)
    lines = [
        f"{count} random pairs a row; network {model.name} ({model.checksum[:12]}); NMSE % median, p95",
        f"{'':26s}" + "".join(f"{name:>{width}s}" for name, width in COLUMNS),
    ]
    for index, (name, shift) in enumerate(SHIFTS.items()):
        torch.manual_seed(SEED + 1)
        pairs = draw_pairs(count, pool, shift)
        curves, _ = ensemble(pairs.signal, pairs.valid, pairs.family, pairs.conditions)
        columns = [_errors(_as_linear(pairs), pairs)]
        columns.append(_errors(gadolinium_of_answer(published, pairs), pairs))
        columns.append(_errors(pairs.family[:, -1], pairs) if shift.density_known else "-")
        columns.append(_errors(curves[:, 0], pairs))
        inside = (pairs.gadolinium >= curves[:, 1]) & (pairs.gadolinium <= curves[:, 2])
        share = 100.0 * float((inside * pairs.valid).sum() / pairs.valid.sum())
        columns.append(f"{share:.1f}")
        shown = "".join(f"{text:>{width}s}" for text, (_, width) in zip(columns, COLUMNS, strict=True))
        lines.append(f"{name:26s}{shown}")
        progress.update((index + 1) / len(SHIFTS), f"protocols: {name}")
    lines.append(f"one curve takes {1e3 * seconds_a_curve(ensemble, pairs):.1f} ms of processor time")
    return lines


def seconds_a_curve(ensemble: Any, pairs: Pairs, repeats: int = 20) -> float:
    """Return the processor time of one curve in s, on one thread."""
    one = pairs.chosen(torch.arange(1))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        ensemble(one.signal, one.valid, one.family, one.conditions)
        started = time.process_time()
        for _ in range(repeats):
            ensemble(one.signal, one.valid, one.family, one.conditions)
        return (time.process_time() - started) / repeats
    finally:
        torch.set_num_threads(threads)


def normalised_errors(curves: Any, pairs: Pairs) -> Any:
    """Return squared error over squared truth (n,) in per cent, where there is data."""
    error = ((curves - pairs.gadolinium) ** 2 * pairs.valid).sum(dim=1)
    return 100.0 * error / (pairs.gadolinium**2 * pairs.valid).sum(dim=1)


def _errors(curves: Any, pairs: Pairs) -> str:
    found = normalised_errors(curves, pairs)
    return f"{float(found.median()):.2f}, {float(found.quantile(0.95)):.1f}"


def _as_linear(pairs: Pairs) -> Any:
    """The saturated signal taken as linear, with the true slope."""
    level = pairs.linear[:, :1]
    rise = (pairs.linear - level).amax(dim=1, keepdim=True)
    return (pairs.signal - level) * pairs.gadolinium.amax(dim=1, keepdim=True) / rise
