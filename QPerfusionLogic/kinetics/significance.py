"""Whether a fit explains more of a curve than it would of noise."""

from __future__ import annotations

from scipy.special import fdtri

from QPerfusionLogic.study import BoolArray, FloatArray

FALSE_ALARM = 1e-5


def is_noise(energy: FloatArray, squared_error: FloatArray, freedom: float, parameters: int) -> BoolArray:
    """Return which curves (n,) a fit does not explain better than chance (F test against a curve of zero).

    Parameters
    ----------
    energy, squared_error : (n,) arrays
        Sum of squares of the curve, and of what the fit leaves.
    freedom : float
        Frames less parameters.
    """
    threshold = float(fdtri(parameters, freedom, 1.0 - FALSE_ALARM))
    gain = energy - squared_error
    return ~(gain * freedom > threshold * parameters * squared_error)
