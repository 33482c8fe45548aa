"""In which order a curve is fitted at the delays of a table, and from where each fit starts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.arrays import BoolArray, FloatArray


@dataclass(frozen=True)
class Sweep:
    """The turns of a sweep over d delays: every other delay first, each from the one before, then those between.

    Neighbouring delays have neighbouring fits, so most fits start close to where they end. Delays without starts of
    their own are left out where those they start from lie above the cost cut-off.

    Parameters
    ----------
    order : (turns,) array
        Index of the delay fitted at each turn.
    source : (turns, 2) array
        Indices of delays fitted before, -1 where there is none.
    share : (turns, 2) array
        Weights of their parameters in the start.
    anchor : (turns,) array
        Index of its starts from the dictionary, -1 where it has none.
    between : (turns,) bool array
        Turns of the delays between those fitted first; they come last.
    """

    order: NDArray[np.int64]
    source: NDArray[np.int64]
    share: FloatArray
    anchor: NDArray[np.int64]
    between: BoolArray

    @property
    def anchors(self) -> NDArray[np.int64]:
        """Delays that start from the dictionary."""
        return self.order[self.anchor >= 0]


@lru_cache(maxsize=16)
def sweep_over(delays: int, anchor_every: int = 1) -> Sweep:
    """Return the sweep over a number of evenly spaced delays.

    Parameters
    ----------
    anchor_every : int
        Which of the delays fitted first are looked at from the starts of the dictionary; 1 for all delays.

    Examples
    --------
    >>> sweep_over(5).order.tolist()
    [2, 4, 0, 1, 3]
    """
    coarse = sorted({*range(0, delays, 2), delays - 1})
    begin = min(1, len(coarse) - 1)
    turns: list[tuple[int, tuple[int, int], tuple[float, float], bool]] = []
    for place in range(begin, len(coarse)):
        back = [coarse[place - 1], coarse[max(place - 2, begin)]] if place > begin else [-1, -1]
        turns.append(_turn(coarse[place], back[0], back[1], (place - begin) % anchor_every == 0))
    for place in range(begin - 1, -1, -1):
        ahead = min(place + 2, len(coarse) - 1)
        turns.append(_turn(coarse[place], coarse[place + 1], coarse[ahead], anchor_every == 1))
    rest = sorted(set(range(delays)) - set(coarse))
    turns += [(delay, (delay - 1, delay + 1), (0.5, 0.5), anchor_every == 1) for delay in rest]
    anchored = np.array([turn[3] for turn in turns])
    return Sweep(
        np.array([turn[0] for turn in turns]),
        np.array([turn[1] for turn in turns]),
        np.array([turn[2] for turn in turns]),
        np.where(anchored, np.cumsum(anchored) - 1, -1),
        ~np.isin([turn[0] for turn in turns], coarse),
    )


def _turn(delay: int, near: int, far: int, anchored: bool) -> tuple[int, tuple[int, int], tuple[float, float], bool]:
    """Return a turn that starts on the line through the fits at two delays, or at the one where they are the same."""
    if near == far:
        return delay, (near, near), (1.0, 0.0), anchored
    ahead = (delay - far) / (near - far)
    return delay, (near, far), (ahead, 1.0 - ahead), anchored
