"""The Bloch simulator against closed forms and physical limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from QPerfusionLogic.phantom.scanner.bloch import Readout, echo_decay, simulate_readout


def closed_form(readout, t1_s, flip_scale=1.0, efficiency=1.0):
    """Transverse magnetisation at every pulse, physics.md section 1."""
    e1 = np.exp(-readout.repetition_time_s / t1_s)
    flip = np.deg2rad(readout.flip_angle_deg) * flip_scale
    q = np.cos(flip) * e1
    start = 1.0 - efficiency * np.exp(-readout.saturation_delay_s / t1_s)
    n = np.arange(readout.lines)
    return np.sin(flip) * (start * q**n + (1.0 - e1) * (1.0 - q**n) / (1.0 - q))


@pytest.mark.parametrize("t1_s", [0.04, 0.3, 1.1, 1.7])
@pytest.mark.parametrize("efficiency", [1.0, 0.95])
def test_ideally_spoiled_flash_equals_the_closed_form(t1_s, efficiency):
    readout = Readout()
    signal = simulate_readout(readout, np.array([t1_s]), 0.05, 0.9, efficiency)[0]
    np.testing.assert_allclose(signal.real, closed_form(readout, t1_s, 0.9, efficiency), rtol=1e-10)


def test_rf_spoiling_comes_close_to_ideal_spoiling_over_the_readout():
    readout = Readout(flip_angle_deg=14.0)
    ideal = simulate_readout(readout, np.array([1.0]), 0.045)[0]
    spoiled = simulate_readout(readout, np.array([1.0]), 0.045, rf_spoiling_isochromats=128)[0]
    assert abs(np.abs(spoiled).mean() / np.abs(ideal).mean() - 1.0) < 0.05


def test_a_long_bssfp_readout_reaches_its_steady_state():
    t1_s, t2_s, repetition_s, flip = 1.0, 0.05, 0.0027, np.deg2rad(50.0)
    readout = Readout(
        "bssfp", repetition_s, repetition_s / 2, None, 50.0, 0.05, lines=4000, pulses_to_centre=0, ramp_pulses=10
    )
    e1, e2 = np.exp(-repetition_s / t1_s), np.exp(-repetition_s / t2_s)
    steady = np.sin(flip) * (1 - e1) * np.sqrt(e2) / (1 - (e1 - e2) * np.cos(flip) - e1 * e2)
    signal = simulate_readout(readout, np.array([t1_s]), t2_s)[0]
    assert signal[-1].real == pytest.approx(steady, rel=1e-6)
    assert abs(signal[-1].imag) < 1e-9


def test_ramped_pulses_keep_the_bssfp_signal_from_oscillating():
    tissue = {"t1_s": np.array([0.9]), "t2_s": np.array([0.05])}
    readout = Readout("bssfp", 0.0027, 0.00135, None, 50.0, 0.06, lines=20)
    jumps = [
        np.abs(np.diff(simulate_readout(replace(readout, ramp_pulses=ramp), **tissue)[0].real, 2)).max()
        for ramp in (0, 5)
    ]
    assert jumps[1] < 0.3 * jumps[0]


def test_perfectly_saturated_tissue_without_recovery_time_is_dark():
    readout = Readout(saturation_delay_s=0.0)
    assert abs(simulate_readout(readout, np.array([1.0]), 0.05)[0, 0]) < 1e-12


def test_inefficient_saturation_leaves_signal_behind():
    readout = Readout()
    good, bad = (simulate_readout(readout, np.array([1.7]), 0.2, 1.0, e)[0, 0].real for e in (1.0, 0.9))
    assert bad > 1.5 * good


def test_the_second_echo_decays_with_t2_star():
    readout = Readout(echo_time_s=0.0008, second_echo_time_s=0.0018)
    first, second = echo_decay(readout, np.array([100.0])), echo_decay(readout, np.array([100.0]), second=True)
    assert np.log(first / second)[0] / 0.001 == pytest.approx(100.0)
