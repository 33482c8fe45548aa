"""An independent oracle: the magnetisation vector taken through every pulse, by rotations and relaxation."""

from __future__ import annotations

import numpy as np
import pytest


class BlochOracle:
    """Magnetisation of one isochromat at resonance, pulse by pulse, in three components."""

    def __init__(self, t1_s, t2_s, saturation_efficiency=1.0):
        self.t1_s, self.t2_s = t1_s, t2_s
        self.magnetisation = np.array([0.0, 0.0, 1.0 - saturation_efficiency])

    def relax(self, duration_s):
        decay = np.exp(-duration_s / self.t2_s)
        recovery = np.exp(-duration_s / self.t1_s)
        x, y, z = self.magnetisation
        self.magnetisation = np.array([x * decay, y * decay, 1.0 + (z - 1.0) * recovery])

    def rotate_about_x(self, angle_rad):
        cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
        self.magnetisation = np.array([[1, 0, 0], [0, cosine, sine], [0, -sine, cosine]]) @ self.magnetisation

    def spoil(self):
        self.magnetisation[:2] = 0.0

    def transverse(self):
        return float(np.hypot(*self.magnetisation[:2]))


@pytest.fixture
def spoiled_signal():
    """Signal at the echo of pulse n of a spoiled readout after saturation."""

    def signal(t1_s, t2_s, flip_deg, tr_s, te_s, delay_s, pulses, efficiency=1.0):
        spin = BlochOracle(t1_s, t2_s, efficiency)
        spin.relax(delay_s)
        for _ in range(pulses):
            spin.rotate_about_x(np.deg2rad(flip_deg))
            spin.relax(tr_s)
            spin.spoil()
        spin.rotate_about_x(np.deg2rad(flip_deg))
        spin.relax(te_s)
        return spin.transverse()

    return signal


@pytest.fixture
def balanced_signal():
    """Signal right after pulse n of a balanced readout whose delay ends with five ramp pulses; alternating phase."""

    def signal(t1_s, t2_s, flip_deg, tr_s, delay_s, pulses):
        spin = BlochOracle(t1_s, t2_s)
        spin.relax(delay_s - 5 * tr_s)
        for pulse in range(5 + pulses + 1):
            if pulse:
                spin.relax(tr_s)
            share = min((pulse + 0.5) / 5.0, 1.0)
            spin.rotate_about_x(np.deg2rad(flip_deg) * share * (-1) ** pulse)
        return spin.transverse()

    return signal
