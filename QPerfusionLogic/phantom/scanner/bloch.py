"""Pulse-by-pulse Bloch simulation of a saturation-recovery readout: the oracle that closed forms are tested against."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.arrays import FloatArray

RF_SPOILING_INCREMENT_DEG = 117.0
"""Quadratic phase increment of RF spoiling (Zur, Wood & Neuringer, MRM 1991)."""


@dataclass(frozen=True)
class Readout:
    """A saturation-recovery readout of one image.

    `saturation_delay_s` (TD) runs from the end of the saturation to the first pulse that is read; `lines` pulses are
    read and the centre of k-space is the one after `pulses_to_centre`. A proton-density readout is `saturated=False`.
    """

    sequence: str = "flash"
    repetition_time_s: float = 0.0022
    echo_time_s: float = 0.0010
    second_echo_time_s: float | None = None
    flip_angle_deg: float = 14.0
    saturation_delay_s: float = 0.0406
    lines: int = 54
    pulses_to_centre: int = 27
    ramp_pulses: int = 5
    saturated: bool = True

    @property
    def saturation_time_s(self) -> float:
        """Effective saturation time TS = TD + n TR."""
        return self.saturation_delay_s + self.pulses_to_centre * self.repetition_time_s

    def proton_density(self, flip_angle_deg: float) -> Readout:
        """Return the proton-density readout that belongs to this one: no saturation, small flip angle, spoiled."""
        return replace(self, sequence="flash", flip_angle_deg=flip_angle_deg, saturated=False)


def simulate_readout(
    readout: Readout,
    t1_s: FloatArray,
    t2_s: FloatArray,
    flip_scale: float = 1.0,
    saturation_efficiency: FloatArray | float = 1.0,
    rf_spoiling_isochromats: int = 0,
) -> NDArray[np.complex128]:
    """Return the transverse magnetisation at the echo of every pulse read, for M0 = 1.

    T2* decay of the echo of a spoiled readout is left to `echo_decay`: it is a factor, the same for all pulses.

    Parameters
    ----------
    readout : Readout
        The sequence.
    t1_s, t2_s : (n,) arrays
        Relaxation times.
    flip_scale : float
        Actual over nominal flip angle (B1).
    saturation_efficiency : float or (n,) array
        1 is perfect: the longitudinal magnetisation after saturation is 1 - efficiency.
    rf_spoiling_isochromats : int
        0 spoils ideally; otherwise FLASH is simulated with quadratic RF phase and a gradient that dephases so many
        isochromats by 2 pi per repetition.

    Returns
    -------
    (n, lines) complex array

    Examples
    --------
    >>> signal = simulate_readout(Readout(lines=3), np.array([1.0]), np.array([0.05]))
    >>> signal.shape
    (1, 3)
    """
    t1_s, t2_s = np.broadcast_arrays(np.atleast_1d(np.asarray(t1_s, float)), np.asarray(t2_s, float))
    isochromats = max(rf_spoiling_isochromats, 1)
    magnetisation: FloatArray = np.zeros((3, t1_s.size, isochromats))
    start = 1.0 - np.asarray(saturation_efficiency, float) if readout.saturated else np.ones(())
    ramp = readout.ramp_pulses if readout.sequence == "bssfp" else 0
    quiet_s = readout.saturation_delay_s - ramp * readout.repetition_time_s if readout.saturated else 0.0
    magnetisation[2] = (1.0 - (1.0 - start) * np.exp(-max(quiet_s, 0.0) / t1_s))[:, None]
    dephasing = 2.0 * np.pi * np.arange(isochromats) / isochromats
    signal = np.empty((t1_s.size, readout.lines), complex)
    flip = np.deg2rad(readout.flip_angle_deg) * flip_scale
    for pulse in range(-ramp, readout.lines):
        angle = flip * (pulse + ramp + 0.5) / ramp if pulse < 0 else flip
        phase = _pulse_phase(readout, pulse + ramp, rf_spoiling_isochromats)
        magnetisation = _rotate(magnetisation, angle, phase)
        after_echo_s = readout.repetition_time_s
        if readout.sequence == "bssfp":
            magnetisation = _relax(magnetisation, readout.echo_time_s, t1_s, t2_s)
            after_echo_s -= readout.echo_time_s
        if pulse >= 0:
            transverse = (magnetisation[0] + 1j * magnetisation[1]).mean(axis=1)
            signal[:, pulse] = transverse * np.exp(-1j * phase)
        magnetisation = _relax(magnetisation, after_echo_s, t1_s, t2_s)
        if readout.sequence == "flash":
            magnetisation = _spoil(magnetisation, dephasing, ideal=rf_spoiling_isochromats == 0)
    return signal


def echo_decay(readout: Readout, r2_star_1_s: FloatArray, second: bool = False) -> FloatArray:
    """Return exp(-TE R2*) at the first or second echo of a spoiled readout; 1 for bSSFP, whose T2 is simulated."""
    if readout.sequence == "bssfp" and readout.saturated:
        return np.ones_like(np.asarray(r2_star_1_s, float))
    echo_s = readout.second_echo_time_s if second else readout.echo_time_s
    return np.exp(-float(echo_s or 0.0) * np.asarray(r2_star_1_s, float))


def _pulse_phase(readout: Readout, number: int, isochromats: int) -> float:
    """Return the RF phase: alternating for bSSFP, quadratic for simulated RF spoiling, else constant."""
    if readout.sequence == "bssfp":
        return float(np.pi * (number % 2))
    if isochromats:
        return float(np.deg2rad(RF_SPOILING_INCREMENT_DEG) * number * (number + 1) / 2 % (2 * np.pi))
    return 0.0


def _rotate(magnetisation: FloatArray, angle: float, phase: float) -> FloatArray:
    """Turn the magnetisation (3, n, isochromats) so that Mz goes to the transverse direction of `phase`."""
    x, y, z = magnetisation
    along, across = x * np.cos(phase) + y * np.sin(phase), y * np.cos(phase) - x * np.sin(phase)
    turned = along * np.cos(angle) + z * np.sin(angle)
    z = z * np.cos(angle) - along * np.sin(angle)
    return np.stack(
        [turned * np.cos(phase) - across * np.sin(phase), turned * np.sin(phase) + across * np.cos(phase), z]
    )


def _relax(magnetisation: FloatArray, duration_s: float, t1_s: FloatArray, t2_s: FloatArray) -> FloatArray:
    transverse, longitudinal = np.exp(-duration_s / t2_s)[:, None], np.exp(-duration_s / t1_s)[:, None]
    x, y, z = magnetisation
    return np.stack([x * transverse, y * transverse, 1.0 - (1.0 - z) * longitudinal])


def _spoil(magnetisation: FloatArray, dephasing: FloatArray, ideal: bool) -> FloatArray:
    x, y, z = magnetisation
    if ideal:
        return np.stack([np.zeros_like(x), np.zeros_like(y), z])
    cosine, sine = np.cos(dephasing), np.sin(dephasing)
    return np.stack([x * cosine - y * sine, x * sine + y * cosine, z])
