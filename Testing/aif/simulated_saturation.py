"""Pairs as in training, but with one given shape of the bolus."""

from __future__ import annotations

import numpy as np

from qperfusion_research.aif.training.boluses import POINTS, STEP_S, Boluses, BolusPool
from qperfusion_research.aif.training.pairs import Pairs, Shift


def pairs_of_shape(times: np.ndarray, curve: np.ndarray, count: int, density: bool = False) -> Pairs:
    """Return pairs whose blood curve (peak 1, baseline 0) has peaks as usual, seen by protocols as in training.

    The shape is stretched by up to 15 % and starts at least 12 s after the beginning of the grid.
    """
    import torch

    from qperfusion_research.aif.training import pairs as room

    first = float(times[np.argmax(curve > 0.1)])
    grid = np.arange(POINTS) * STEP_S
    shape = np.interp(grid - 12.0 + first, times, curve, left=0.0, right=float(np.mean(curve[-5:])))
    pool = BolusPool(
        torch.tensor(shape, dtype=torch.float32)[None], torch.tensor([[11.0]]), torch.tensor([[torch.nan]])
    )

    def drawn(number: int, given: BolusPool, *_: object) -> Boluses:
        peaks = torch.exp(1.5 + 0.35 * torch.randn(number, 1)).clamp(1.5, 10.0)
        weights = torch.stack([peaks, torch.zeros(number, 1)])
        stretch = torch.exp(0.3 * torch.rand(number, 1) - 0.15)
        parts = given.curves[torch.zeros(2, number, dtype=torch.long)]
        waves = torch.cat([torch.zeros(number, 3, 1), torch.ones(number, 3, 2)], dim=2)
        arrival = given.arrival_s * stretch
        return Boluses(parts, weights, torch.zeros(2, number, 1), stretch, waves, arrival)

    usual, room.draw_boluses = room.draw_boluses, drawn
    try:
        return room.draw_pairs(count, pool, Shift(protocol_known=True, density_known=density, dose_known=False))
    finally:
        room.draw_boluses = usual
