"""Closed-form signal of a saturation-recovery prepared spoiled gradient echo, and of its proton-density frames."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray

from .sequence import SaturationRecovery


def saturation_recovery_magnetisation(r1_per_s: FloatArray, sequence: SaturationRecovery) -> FloatArray:
    """Return Mxy / M0 right after the pulse at the centre of k-space, without T2* decay.

    Parameters
    ----------
    r1_per_s : array
        Longitudinal relaxation rate R1 in 1/s, any shape.
    sequence : SaturationRecovery
        Flip a, TR, TD, n and saturation efficiency e.

    Returns
    -------
    array
        sin(a) [Mz0 q^n + (1 - E1)(1 - q^n)/(1 - q)], with E1 = exp(-TR R1), q = cos(a) E1, Mz0 = 1 - e exp(-TD R1).

    Examples
    --------
    >>> one_pulse = SaturationRecovery(flip_angle_deg=90.0, saturation_time_s=0.1, pulses_to_centre=0)
    >>> float(saturation_recovery_magnetisation(np.array(10.0), one_pulse).round(4))
    0.6321
    """
    rate = np.asarray(r1_per_s, dtype=float)
    start = 1.0 - sequence.saturation_efficiency * np.exp(-sequence.saturation_delay_s * rate)
    return _after_train(rate, start, sequence.flip_angle_rad, sequence)


def proton_density_magnetisation(r1_per_s: FloatArray, sequence: SaturationRecovery) -> FloatArray:
    """Return Mxy / M0 of the proton-density frames: the same train, not saturated, with their small flip angle."""
    rate = np.asarray(r1_per_s, dtype=float)
    flip = float(np.deg2rad(sequence.proton_density_flip_deg))
    return _after_train(rate, np.ones_like(rate), flip, sequence)


def _after_train(rate: FloatArray, start: FloatArray, flip: float, sequence: SaturationRecovery) -> FloatArray:
    decay = np.exp(-sequence.repetition_time_s * rate)
    ratio = np.cos(flip) * decay
    power = ratio**sequence.pulses_to_centre
    recovered = (1.0 - decay) * (1.0 - power) / (1.0 - ratio)
    result: FloatArray = np.sin(flip) * (start * power + recovered)
    return result
