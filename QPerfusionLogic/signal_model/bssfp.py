"""Signal of a saturation-recovery prepared balanced SSFP readout, simulated pulse by pulse on resonance."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray

from .sequence import SaturationRecovery

RAMP_PULSES = 5
"""Pulses of linearly rising flip angle that catalyse the steady state; they are played at the end of the delay TD."""


def balanced_magnetisation(r1_per_s: FloatArray, r2_per_s: FloatArray, sequence: SaturationRecovery) -> FloatArray:
    """Return |Mxy| / M0 right after the pulse at the centre of k-space.

    Parameters
    ----------
    r1_per_s, r2_per_s : arrays
        Relaxation rates in 1/s, of the same shape.
    sequence : SaturationRecovery
        Pulses of alternating sign; the flip angle rises linearly over the ramp.

    Notes
    -----
    In the frame that alternates with the pulses the transverse component changes sign once per TR, so two real
    components suffice.
    """
    rate1, rate2 = np.broadcast_arrays(np.asarray(r1_per_s, dtype=float), np.asarray(r2_per_s, dtype=float))
    repetition_time = sequence.repetition_time_s
    quiet = max(sequence.saturation_delay_s - RAMP_PULSES * repetition_time, 0.0)
    longitudinal = 1.0 - sequence.saturation_efficiency * np.exp(-quiet * rate1)
    transverse = np.zeros_like(longitudinal)
    decay1, decay2 = np.exp(-repetition_time * rate1), np.exp(-repetition_time * rate2)
    for pulse, flip in enumerate(flip_train(sequence)):
        if pulse > 0:
            transverse = -transverse * decay2
            longitudinal = 1.0 + (longitudinal - 1.0) * decay1
        cosine, sine = np.cos(flip), np.sin(flip)
        transverse, longitudinal = (
            cosine * transverse - sine * longitudinal,
            sine * transverse + cosine * longitudinal,
        )
    result: FloatArray = np.abs(transverse)
    return result


def flip_train(sequence: SaturationRecovery) -> FloatArray:
    """Return the flip angles (rad): the ramp, the n pulses before the centre of k-space and the one at it."""
    ramp = (np.arange(RAMP_PULSES) + 0.5) / RAMP_PULSES
    full = np.ones(sequence.pulses_to_centre + 1)
    return np.asarray(sequence.flip_angle_rad * np.concatenate((ramp, full)))
