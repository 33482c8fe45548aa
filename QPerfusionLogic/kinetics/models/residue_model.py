"""Tabulated models that are given by a formula for their residue."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.kinetics.base.arterial_curve import ArterialCurve
from QPerfusionLogic.kinetics.solver.residue_table import convolution_operators, convolve, grid_for

from .tabulated_model import TabulatedModel


class ResidueModel(TabulatedModel):
    """A tabulated model with a closed form of its residue; one file a model gives `layout` and `residue`."""

    @staticmethod
    def residue(time_s: FloatArray, *shape: FloatArray) -> FloatArray:
        """Return the residue at times for shape values, all broadcast together."""
        raise NotImplementedError

    def tabulate(
        self,
        arterial: ArterialCurve,
        time_s: FloatArray,
        delays_s: FloatArray,
        nodes: tuple[FloatArray, ...],
        projection: FloatArray | None,
    ) -> FloatArray:
        """Return the curves per unit flow for every delay and shape, one slice of the first axis after the other."""
        grid_s = grid_for(time_s, delays_s, arterial)
        first, *others = nodes
        column = (-1,) + (1,) * len(others)
        rest = np.meshgrid(*others, indexing="ij") if others else []
        operators = convolution_operators(arterial, time_s, delays_s, grid_s, projection)
        slices = [convolve(operators, self.residue(grid_s.reshape(column), np.asarray(at), *rest)) for at in first]
        return np.stack(slices, axis=1)
