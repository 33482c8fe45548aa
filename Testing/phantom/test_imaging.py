"""From object to image: noise, resolution, what the readout does along k-space, and how fast the heart beats."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from QPerfusionLogic.data.series import State
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.physiology.heartbeats import Motion, sample_beats
from QPerfusionLogic.phantom.scanner.imaging import Encoding, encode, line_pulses, noise_image
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient


def full(matrix=64, **changes):
    """Every line acquired, no filter."""
    plain = Encoding(
        matrix=matrix, phase_resolution=1.0, readout_resolution=1.0, parallel_factor=1, filter_strength=0.0
    )
    return replace(plain, **changes)


def test_a_uniform_object_keeps_its_value():
    encoding = full()
    image = encode(np.ones((1, 128, 128), np.float32), np.ones((1, encoding.pulses)), encoding)
    np.testing.assert_allclose(np.abs(image), 1.0, atol=1e-5)


def test_a_point_comes_back_where_it_lies():
    objects = np.zeros((1, 128, 128), np.float32)
    objects[0, 2 * 20, 2 * 37] = 1.0
    encoding = full()
    image = np.abs(encode(objects, np.ones((1, encoding.pulses)), encoding))
    assert np.unravel_index(image.argmax(), image.shape) == (20, 37)


def test_signal_that_changes_along_the_readout_is_what_a_direct_fourier_sum_gives():
    random = np.random.default_rng(0)
    encoding = full(matrix=16)
    objects = random.random((2, 32, 32)).astype(np.float32)
    profiles = random.random((2, encoding.pulses))
    kspace = np.zeros((16, 16), complex)
    lines = np.arange(-8, 8)
    for profile, thing in zip(profiles, objects, strict=True):
        spectrum = np.fft.fftshift(np.fft.fft2(thing))[8:24, 8:24]
        kspace += spectrum * profile[lines + 8][:, None]
    expected = np.fft.ifft2(np.fft.ifftshift(kspace)) / 4.0
    np.testing.assert_allclose(encode(objects, profiles, encoding), expected, atol=1e-5)


def test_noise_has_the_spread_that_the_acquired_lines_allow():
    encoding = Encoding(matrix=96, phase_resolution=0.7, readout_resolution=0.8, filter_strength=0.0, noise_sd=0.02)
    images = np.stack([noise_image(encoding, np.random.default_rng(seed)) for seed in range(40)])
    _, rows = line_pulses(encoding)
    expected = 0.02 * np.sqrt(np.mean(rows > 0) * 0.8)
    assert images.real.std() == pytest.approx(expected, rel=0.02)
    assert images.imag.std() == pytest.approx(expected, rel=0.02)


def test_air_is_rayleigh_distributed():
    encoding = full(noise_sd=0.05)
    air = np.abs(np.stack([noise_image(encoding, np.random.default_rng(seed)) for seed in range(20)]))
    assert air.mean() == pytest.approx(0.05 * np.sqrt(np.pi / 2), rel=0.01)
    assert air.std() == pytest.approx(0.05 * np.sqrt(2 - np.pi / 2), rel=0.02)


def test_partial_fourier_leaves_out_the_early_lines_only():
    encoding = full(partial_fourier=0.75)
    _, weight = line_pulses(encoding)
    lines = np.fft.fftfreq(64, 1 / 64)
    assert encoding.pulses == 48
    assert encoding.pulses_to_centre == 16
    assert weight[lines >= -16].all()
    assert not weight[lines < -16].any()


@pytest.mark.slow
def test_a_dark_rim_emerges_beside_a_bright_pool_without_any_defect():
    options = {"slices": 1, "frames": 26, "states": (State.REST,), "motion": False, "noise": False}
    patient = sample_patient(21, condition="healthy", **options)
    study = simulate_patient(patient)
    truth, series = study.truth[State.REST], study.study.rest.tissue
    frame = int(series.signal[:, truth.labels == 2].mean(axis=1).argmax())
    change = series.signal[frame] - series.signal[1]
    rim = change[(truth.layers == 1)]
    gd = truth.gd_mmol_l[frame] - truth.gd_mmol_l[1]
    assert gd[truth.labels == 1].min() >= -1e-6
    assert np.percentile(rim, 2) < np.median(change[truth.layers == 2])


def test_a_missed_beat_doubles_an_interval_and_is_marked():
    motion = Motion(heart_rate_bpm=60.0, rr_jitter=0.0, missed_share=0.2)
    beats = sample_beats(motion, 60, np.zeros(1), 3, np.random.default_rng(1))
    long = np.diff(beats.time_s[:, 0]) > 1.5
    assert long.any()
    assert np.array_equal(beats.bad[1:, 0], long)


@pytest.mark.slow
def test_mistriggered_frames_look_different():
    options = {"slices": 1, "frames": 40, "states": (State.REST,), "noise": False}
    patient = sample_patient(2, **options)
    parameters = patient.states[State.REST]
    motion = Motion(heart_rate_bpm=60.0, breathing_mm=0.0, jitter_mm=0.0, mistrigger_share=0.15)
    patient = replace(patient, states={State.REST: replace(parameters, motion=motion)})
    study = simulate_patient(patient)
    truth, signal = study.truth[State.REST], study.study.rest.tissue.signal[:, 0]
    near = np.abs(np.diff(signal, axis=0))[:, truth.labels[0] > 0].mean(axis=1)
    bad = truth.bad[1:, 0] | truth.bad[:-1, 0]
    late = np.arange(near.size) > 28
    assert np.median(near[bad & late]) > 2.0 * np.median(near[~bad & late])


@pytest.mark.slow
def test_bssfp_and_six_slices_can_be_imaged():
    patient = sample_patient(3, slices=6, frames=12, states=(State.STRESS,), sequence="bssfp")
    series = simulate_patient(patient).study.stress.tissue
    assert series.signal.shape[:2] == (12, 6)
    assert series.protocol.sequence == "bssfp"
    assert series.time_s[0, -1] < series.time_s[1, 0]


def test_the_second_echo_is_weaker_where_gadolinium_is():
    patient = sample_patient(12, slices=1, frames=26, states=(State.STRESS,), motion=False, noise=False)
    aif = simulate_patient(patient).study.stress.aif_series
    frame = int(aif.signal.max(axis=(1, 2, 3)).argmax())
    brightest = np.unravel_index(aif.signal[frame].argmax(), aif.signal[frame].shape)
    decay = np.log(aif.signal[frame][brightest] / aif.second_echo[frame][brightest]) / 0.001
    assert 20.0 < decay < 250.0
