"""The signal equations against the Bloch simulator that images the digital patients."""

from __future__ import annotations

import numpy as np
import pytest

from QPerfusionLogic.signal_model.response import SignalResponse, Tissue
from QPerfusionLogic.signal_model.sequence import SaturationRecovery

bloch = pytest.importorskip("QPerfusionLogic.phantom.scanner.bloch")

GADOLINIUM = np.array([0.0, 0.5, 1.0, 3.0, 6.0, 9.0])


@pytest.mark.parametrize("readout", ["flash", "bssfp"])
@pytest.mark.parametrize(("t1_s", "t2_s"), [(1.7, 0.22), (1.1, 0.045)])
def test_the_signal_of_gadolinium_equals_the_simulated_one(readout, t1_s, t2_s):
    flip, repetition_time = (14.0, 0.0022) if readout == "flash" else (50.0, 0.0027)
    tissue = Tissue(t1_s, t2_s, 4.6, 5.78)
    simulated = bloch.Readout(readout, repetition_time, 0.001, None, flip, 0.05, 54, 27)
    rate1, rate2 = 1.0 / t1_s + 4.6 * GADOLINIUM, 1.0 / t2_s + 5.78 * GADOLINIUM
    expected = np.abs(bloch.simulate_readout(simulated, 1.0 / rate1, 1.0 / rate2)[:, 27])
    expected = expected * bloch.echo_decay(simulated, rate2)
    sequence = SaturationRecovery(readout, repetition_time, 0.001, flip, simulated.saturation_time_s, 27)
    np.testing.assert_allclose(SignalResponse(sequence, tissue).signal(GADOLINIUM), expected, rtol=1e-9)


def test_the_proton_density_signal_equals_the_simulated_one():
    simulated = bloch.Readout("flash", 0.0022, 0.001, None, 14.0, 0.05, 54, 27).proton_density(5.0)
    expected = np.abs(bloch.simulate_readout(simulated, np.array([1.7]), np.array([0.22]))[:, 27])
    response = SignalResponse(SaturationRecovery(pulses_to_centre=27), Tissue(1.7, 0.22, 4.6, 5.78))
    found = response.proton_density_signal()
    assert found == pytest.approx(float(expected[0]) * np.exp(-0.001 / 0.22), rel=1e-9)
