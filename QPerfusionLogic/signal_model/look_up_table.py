"""A monotone table of signal against relaxation rate that is read backwards and says where it ends."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray


class LookUpTable:
    """Invert a tabulated function on the part of it that rises.

    Parameters
    ----------
    abscissa : (n,) array
        Increasing.
    value : (n,) array
        The function there; only the stretch up to its first maximum is used.

    Notes
    -----
    Above the last value the answer is NaN and flagged. Below the first one, where noise takes baseline pixels, the
    answer follows the tangent, so that the mean of a noisy baseline stays unbiased.

    Examples
    --------
    >>> table = LookUpTable(np.array([0.0, 1.0, 2.0]), np.array([0.0, 10.0, 5.0]))
    >>> table.invert(np.array([5.0, 11.0, -2.0]))
    (array([ 0.5,  nan, -0.2]), array([False,  True, False]))
    """

    def __init__(self, abscissa: FloatArray, value: FloatArray) -> None:
        falls = np.flatnonzero(np.diff(value) <= 0)
        stop = int(falls[0]) + 1 if falls.size else len(value)
        self.abscissa = np.asarray(abscissa[:stop], dtype=float)
        self.value = np.asarray(value[:stop], dtype=float)

    @property
    def highest_abscissa(self) -> float:
        """Where the table ends."""
        return float(self.abscissa[-1])

    def invert(self, value: FloatArray) -> tuple[FloatArray, BoolArray]:
        """Return the abscissa of each value (NaN above the table) and a flag for those above it; any shape."""
        wanted = np.asarray(value, dtype=float)
        found = np.interp(wanted, self.value, self.abscissa)
        above = wanted > self.value[-1]
        below = wanted < self.value[0]
        if below.any():
            slope = (self.abscissa[1] - self.abscissa[0]) / (self.value[1] - self.value[0])
            found = np.where(below, self.abscissa[0] + slope * (wanted - self.value[0]), found)
        return np.where(above, np.nan, found), above
