"""Curves with known truth, made without any of the code under test."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent))


def gamma_bolus(time_s):
    """A first pass, a recirculation and a tail, mmol/L, arriving at 5 s."""
    late = np.maximum(time_s - 5.0, 0.0)
    later = np.maximum(time_s - 13.0, 0.0)
    return 1.2 * late**2 * np.exp(-late / 1.7) + 0.5 * (1 - np.exp(-later / 4.0))


def brute_force_curve(time_s, aif_mmol_l, residue, flow_ml_min_g, delay_s=0.0, step_s=0.002):
    """Convolve the joined-up arterial samples with a residue function by the trapezoid rule on a very fine grid."""
    fine_s = np.arange(0.0, time_s[-1] + 5.0, step_s)
    arterial = np.interp(fine_s, time_s, aif_mmol_l)
    shape = residue(fine_s)
    full = np.fft.irfft(np.fft.rfft(arterial, 2 * fine_s.size) * np.fft.rfft(shape, 2 * fine_s.size))[: fine_s.size]
    tissue = (full - 0.5 * (arterial[0] * shape + arterial * shape[0])) * step_s
    return flow_ml_min_g / 60.0 * np.interp(time_s - delay_s, fine_s, tissue, left=0.0)


@pytest.fixture
def frame_times():
    return np.arange(0.0, 40.0, 0.5)


@pytest.fixture
def an_aif(frame_times):
    return gamma_bolus(frame_times)


@pytest.fixture
def convolve():
    return brute_force_curve
