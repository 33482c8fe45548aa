"""The Fermi model against curves convolved by brute force."""

import numpy as np
import pytest

from QPerfusionLogic.data.results import FIT_STATUS
from QPerfusionLogic.kinetics.models.btex import Btex
from QPerfusionLogic.kinetics.models.fermi import Fermi
from QPerfusionLogic.settings.schema import KineticsSettings


def fermi(rate, t0_s):
    return lambda time_s: (1 + np.exp(-rate * t0_s)) / (1 + np.exp(np.minimum(rate * (time_s - t0_s), 500)))


@pytest.mark.parametrize(
    ("flow", "rate", "t0_s", "delay_s"), [(0.8, 0.3, 4.0, 0.6), (3.0, 0.5, 5.0, 1.37), (1.5, 1.0, 2.0, 0.1)]
)
def test_fermi_finds_flow_and_delay_of_a_noise_free_curve(frame_times, an_aif, convolve, flow, rate, t0_s, delay_s):
    curve = convolve(frame_times, an_aif, fermi(rate, t0_s), flow, delay_s)
    fit = Fermi(an_aif, frame_times).fit(curve[None])
    assert FIT_STATUS[fit.status[0]] == "converged"
    assert fit.mbf_ml_min_g[0] == pytest.approx(flow, rel=5e-3)
    assert fit.result.parameters["delay_s"][0] == pytest.approx(delay_s, abs=0.01)


def test_fermi_predicts_the_curve_beyond_its_window(frame_times, an_aif, convolve):
    curve = convolve(frame_times, an_aif, fermi(0.4, 4.0), 2.0, 0.5)
    fit = Fermi(an_aif, frame_times).fit(curve[None])
    assert fit.result.window_s[1] < 20.0
    np.testing.assert_allclose(fit.predict()[0], curve, atol=0.01 * curve.max())


def test_a_fixed_delay_is_kept(frame_times, an_aif, convolve):
    curve = convolve(frame_times, an_aif, fermi(0.4, 4.0), 2.0, 0.5)
    fit = Fermi(an_aif, frame_times, settings=KineticsSettings(delay=0.5)).fit(curve[None])
    assert fit.result.parameters["delay_s"][0] == 0.5
    assert fit.mbf_ml_min_g[0] == pytest.approx(2.0, rel=2e-3)


def test_a_shared_delay_is_found_from_all_curves(frame_times, an_aif, convolve):
    curves = np.stack([convolve(frame_times, an_aif, fermi(0.4, 4.0), flow, 0.8) for flow in np.linspace(0.5, 3, 20)])
    noisy = curves + np.random.default_rng(1).normal(0, 0.02, curves.shape)
    fit = Fermi(an_aif, frame_times, settings=KineticsSettings(delay="shared")).fit(noisy)
    assert np.unique(fit.result.parameters["delay_s"]).size == 1
    assert fit.result.parameters["delay_s"][0] == pytest.approx(0.8, abs=0.1)


@pytest.mark.parametrize(("rise_s", "flow"), [(5.5, 0.6), (5.5, 0.9), (4.0, 2.0), (4.0, 3.0)])
def test_noise_reads_as_little_flow_at_rest_as_at_stress(rise_s, flow):
    """Curves of capillaries with plug flow, which are not the model's own, at a contrast-to-noise ratio of 20."""
    fine_s, time_s, count = np.arange(0.0, 45.0, 0.1), np.arange(0.0, 45.0, 0.75), 200
    since = np.clip(fine_s - 8.0, 0.0, None)
    first_pass = (since / rise_s) ** 2 * np.exp(-2.0 * since / rise_s)
    blood = 5.0 * first_pass / first_pass.max() + 0.8 * (1.0 - np.exp(-since / 6.0))
    random = np.random.default_rng(7)
    true = Btex(blood, time_s, fine_s).predict(
        {
            "mbf_ml_min_g": np.full(count, flow),
            "ps_ml_min_g": random.uniform(0.7, 2.0, count),
            "vp_ml_g": random.uniform(0.05, 0.1, count),
            "ve_ml_g": random.uniform(0.15, 0.3, count),
            "delay_s": random.uniform(0.2, 1.5, count),
        }
    )
    noisy = true + random.normal(size=true.shape) * true.max(axis=1).mean() / 20.0
    fit = Fermi(blood, time_s, fine_s).fit(noisy)
    assert 0.95 < np.median(fit.mbf_ml_min_g) / flow < 1.12
    assert np.mean(fit.status == FIT_STATUS.index("at_bound")) < 0.1
