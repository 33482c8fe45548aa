"""The signal equations against a pulse-by-pulse Bloch simulation, and against what is published about saturation."""

from __future__ import annotations

import numpy as np
import pytest

from QPerfusionLogic.signal_model.bssfp import balanced_magnetisation
from QPerfusionLogic.signal_model.flash import saturation_recovery_magnetisation
from QPerfusionLogic.signal_model.response import SignalResponse, Tissue
from QPerfusionLogic.signal_model.sequence import SaturationRecovery

BLOOD = Tissue(t1_s=1.7, t2_s=0.22, r1_l_mmol_s=4.6, r2_l_mmol_s=5.78)


@pytest.mark.parametrize("t1_s", [0.03, 0.1, 0.4, 1.1, 1.7])
@pytest.mark.parametrize(("flip_deg", "pulses", "efficiency"), [(15.0, 0, 1.0), (15.0, 30, 1.0), (25.0, 18, 0.95)])
def test_the_closed_form_equals_the_bloch_simulation(spoiled_signal, t1_s, flip_deg, pulses, efficiency):
    sequence = SaturationRecovery("flash", 0.0022, 0.001, flip_deg, 0.1, pulses, efficiency)
    closed = saturation_recovery_magnetisation(np.array(1.0 / t1_s), sequence) * np.exp(-0.001 / 0.05)
    simulated = spoiled_signal(t1_s, 0.05, flip_deg, 0.0022, 0.001, sequence.saturation_delay_s, pulses, efficiency)
    assert closed == pytest.approx(simulated, rel=1e-10)


@pytest.mark.parametrize(("t1_s", "t2_s"), [(0.05, 0.03), (0.3, 0.1), (1.1, 0.045), (1.7, 0.22)])
@pytest.mark.parametrize("pulses", [3, 20, 45])
def test_the_balanced_readout_equals_the_bloch_simulation(balanced_signal, t1_s, t2_s, pulses):
    sequence = SaturationRecovery("bssfp", 0.0027, 0.0013, 50.0, 0.15, pulses)
    found = balanced_magnetisation(np.array(1.0 / t1_s), np.array(1.0 / t2_s), sequence)
    assert found == pytest.approx(
        balanced_signal(t1_s, t2_s, 50.0, 0.0027, sequence.saturation_delay_s, pulses), rel=1e-10
    )


def test_six_mmol_of_blood_read_about_two_through_a_tissue_sequence():
    response = SignalResponse(SaturationRecovery(saturation_time_s=0.1, pulses_to_centre=20), BLOOD)
    signal = response.signal(np.array([0.0, 6.0]))
    apparent = (signal[1] - signal[0]) / response.slope()
    assert 1.6 < apparent < 2.4


def test_a_short_saturation_time_keeps_blood_nearly_linear():
    response = SignalResponse(SaturationRecovery(saturation_time_s=0.0235, pulses_to_centre=5), BLOOD)
    signal = response.signal(np.array([0.0, 6.0]))
    assert (signal[1] - signal[0]) / response.slope() > 4.0


@pytest.mark.parametrize("readout", ["flash", "bssfp"])
@pytest.mark.parametrize("normalisation", ["proton_density", "enhancement"])
def test_the_look_up_table_gives_back_the_gadolinium_it_was_asked_about(readout, normalisation):
    flip = 15.0 if readout == "flash" else 50.0
    response = SignalResponse(SaturationRecovery(readout, 0.0022, 0.001, flip, 0.1, 20), BLOOD)
    truth = np.linspace(0.0, response_end(response) * 0.99, 300)
    signal = response.signal(truth)
    if normalisation == "proton_density":
        found, outside = response.gadolinium_from_proton_density(signal / response.proton_density_signal())
    else:
        found, outside = response.gadolinium_from_enhancement(signal / response.signal(np.zeros(1)))
    assert not outside.any()
    assert np.abs(found - truth).max() < 1e-3


def response_end(response):
    tissue = response.tissue
    return (response.table.highest_abscissa - 1.0 / tissue.t1_s) / tissue.r1_l_mmol_s


def test_one_table_is_exact_for_every_native_t1_of_a_spoiled_readout():
    sequence = SaturationRecovery(pulses_to_centre=20)
    table = SignalResponse(sequence, Tissue(1.1, 0.045, 4.6, 5.78))
    truth = np.linspace(0.0, 3.0, 50)
    for t1_s in (0.9, 1.3, 1.6):
        own = SignalResponse(sequence, Tissue(t1_s, 0.045, 4.6, 5.78))
        ratio = own.signal(truth) / own.signal(np.zeros(1))
        found, _ = table.gadolinium_from_enhancement(ratio, t1_s)
        assert np.abs(found - truth).max() < 1e-3


def test_signal_above_the_table_is_flagged_and_has_no_number():
    response = SignalResponse(SaturationRecovery(pulses_to_centre=20), BLOOD)
    top = response.signal(np.array([10.0])) / response.signal(np.zeros(1))
    found, outside = response.gadolinium_from_enhancement(1.05 * top)
    assert outside.all()
    assert np.isnan(found).all()


def test_noise_around_the_baseline_stays_unbiased():
    response = SignalResponse(SaturationRecovery(pulses_to_centre=20), BLOOD)
    noisy = 1.0 + np.random.default_rng(1).normal(0.0, 0.2, 100_000)
    found, _ = response.gadolinium_from_enhancement(noisy)
    assert abs(found.mean()) < 0.005
