"""The axes of a table of residues: which shape parameter, over which range, and on which scale it is even."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.arrays import FloatArray


@dataclass(frozen=True)
class Axis:
    """One shape parameter of a residue, tabulated at even steps of its square root, logarithm or of itself.

    Parameters
    ----------
    name : str
        What it is, with its unit.
    low, high : float
        Range of the parameter.
    nodes : int
        How many values the table holds.
    scale : str
        "log", "sqrt" or "linear".
    coarse : int
        How many values the search for a start looks at.
    """

    name: str
    low: float
    high: float
    nodes: int
    scale: str = "log"
    coarse: int = 6

    def coordinate(self, value: FloatArray | float) -> FloatArray:
        """Return where a value lies on the even scale."""
        if self.scale == "log":
            return np.log(value)
        return np.sqrt(value) if self.scale == "sqrt" else np.asarray(value, dtype=float)

    def value(self, coordinate: FloatArray | float) -> FloatArray:
        """Return the value at a coordinate; the inverse of `coordinate`."""
        if self.scale == "log":
            return np.exp(coordinate)
        return np.square(coordinate) if self.scale == "sqrt" else np.asarray(coordinate, dtype=float)

    @property
    def step(self) -> float:
        """Distance between two nodes on the even scale."""
        return float((self.coordinate(self.high) - self.coordinate(self.low)) / (self.nodes - 1))

    @property
    def values(self) -> FloatArray:
        """(nodes,) parameter values at the nodes."""
        return self.value(np.linspace(self.coordinate(self.low), self.coordinate(self.high), self.nodes))

    @property
    def coarse_nodes(self) -> NDArray[np.intp]:
        """(coarse,) indices of the nodes at which the search for a start looks."""
        return np.unique(np.round(np.linspace(1, self.nodes - 2, self.coarse)).astype(int))
