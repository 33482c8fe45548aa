"""Which pixels of a pool the arterial input is read from: all of full blood signal, and none because it is noisy."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from QPerfusionLogic.aif.correction.precontrast_levels import myocardium_over_blood
from QPerfusionLogic.aif.correction.t2star import undo_decay
from QPerfusionLogic.aif.curves.blood_curve import BloodCurve, blood_curve
from QPerfusionLogic.aif.logic import AifCorrectionLogic
from QPerfusionLogic.aif.sampling.low_resolution_pool import left_ventricular_pool, ventricle_at
from QPerfusionLogic.data.arrays import LEFT_VENTRICLE, MYOCARDIUM
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.protocol import Protocol
from QPerfusionLogic.data.series import State
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient
from QPerfusionLogic.segmentation.first_pass.blood_pools import find_blood_pools
from QPerfusionLogic.segmentation.first_pass.enhancement import enhancement_of_series
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings, SegmentationSettings
from QPerfusionLogic.signal_model.constants import native_property

PERCENTILE = SegmentationSettings().aif_percentile


def pool_of(known, series):
    return left_ventricular_pool(series, known.state, PERCENTILE).region


def test_the_percentile_of_the_settings_holds_for_aif_series_too(make_input):
    """Blood that is brighter on one side of the pool, as near a coil: a higher percentile keeps to that side."""
    state = make_input(aif_series=True).state
    series = state.acquisition.aif_series
    lit = dataclasses.replace(series, signal=series.signal * np.linspace(0.5, 1.5, series.signal.shape[-1]))
    state = dataclasses.replace(state, acquisition=dataclasses.replace(state.acquisition, aif_series=lit))
    settings = AifSettings(mode="dual_sequence", b1_calibration=False), ConversionSettings()
    usual, strict = (AifCorrectionLogic(*settings, percentile).run(state) for percentile in (PERCENTILE, 98.0))
    assert strict.measured.max() > 1.005 * usual.measured.max()


def test_all_pixels_of_full_blood_are_taken_and_their_noise_is_averaged(make_input):
    known = make_input(aif_series=True)
    region = pool_of(known, known.state.acquisition.aif_series)
    inside = known.state.segmented.labels[0][::2, ::2] == 2
    assert not region[0][~inside].any()
    assert region.sum() > 0.6 * inside.sum()


def test_pixels_shared_with_the_wall_are_left_out(make_input):
    known = make_input(aif_series=True)
    series = known.state.acquisition.aif_series
    blurred = {
        name: ndimage.gaussian_filter(getattr(series, name), (0, 0, 1.2, 1.2)) for name in ("signal", "proton_density")
    }
    region = pool_of(known, dataclasses.replace(series, **blurred))
    clear = blood_curve(series, region).signal
    shared = blood_curve(dataclasses.replace(series, **blurred), region).signal
    assert np.max(shared) > 0.95 * np.max(clear)


@pytest.mark.parametrize("noise", [0.5, 10.0])
def test_noise_does_not_make_a_diluted_bolus_higher(make_input, noise):
    known = make_input(pre_bolus_ratio=10, noise=noise)
    series = known.state.acquisition.pre_bolus
    region = pool_of(known, series)
    clean = make_input(pre_bolus_ratio=10, noise=0.0).state.acquisition.pre_bolus
    noisy, true = (blood_curve(images, region).signal for images in (series, clean))
    assert np.polyfit(true, noisy, 1)[0] == pytest.approx(1.0, abs=0.05)


def test_both_echoes_tell_the_signal_at_echo_time_zero():
    random = np.random.default_rng(0)
    time = np.arange(400.0)
    bolus = np.exp(-(((time - 200.0) / 60.0) ** 2))
    plain, rate = 1.0 + 9.0 * bolus, 5.0 + 60.0 * bolus
    first, second = (
        plain * np.exp(-echo * rate) + 0.1 * random.standard_normal(len(time)) for echo in (0.0008, 0.0018)
    )
    curve = BloodCurve(time, first, 20.0, 0, 4, second)
    found = undo_decay(curve, Protocol(echo_time_s=0.0008, second_echo_time_s=0.0018), 5.0)
    missed = found.signal - plain
    assert abs(missed.mean()) < 0.05
    assert missed[:100].std() < 0.85 * 0.1


def test_a_pool_of_few_full_pixels_is_told(make_input):
    known = make_input(aif_series=True)
    series = known.state.acquisition.aif_series
    assert not left_ventricular_pool(series, known.state, PERCENTILE).notices
    coarse = {
        name: ndimage.gaussian_filter(getattr(series, name), (0, 0, 2.0, 2.0))[:, :, 1::3, 1::3]
        for name in ("signal", "proton_density", "second_echo")
    }
    coarse_series = dataclasses.replace(series, geometry=Geometry.axis_aligned(1, (12.0, 12.0)), **coarse)
    notices = left_ventricular_pool(coarse_series, known.state, PERCENTILE).notices
    assert "aif-pool-small" in {notice.code for notice in notices}


def test_images_of_noise_hold_no_pools(make_input):
    series = make_input(aif_series=True).state.acquisition.aif_series
    for seed in range(20):
        noise = np.hypot(*np.random.default_rng(seed).normal(0.0, 5.0, (2, *series.signal.shape)))
        noisy = dataclasses.replace(series, signal=noise.astype(np.float32))
        assert find_blood_pools(enhancement_of_series(noisy)) is None


def test_noise_leaves_the_level_before_the_bolus_alone(make_input):
    noisy, clean = (make_input(noise=noise).state for noise in (3.0, 0.0))
    noisy, clean = (
        blood_curve(state.registered.series, state.segmented.aif_region).baseline for state in (noisy, clean)
    )
    assert noisy == pytest.approx(clean, rel=0.02)


def test_images_of_real_parts_keep_their_levels(make_input):
    state = make_input(noise=3.0).state
    series = state.registered.series
    real = np.array(series.signal)
    real[::2, :, :4] *= -1.0
    series = dataclasses.replace(series, signal=real)
    state = dataclasses.replace(state, registered=dataclasses.replace(state.registered, series=series))
    curve = blood_curve(series, state.segmented.aif_region)
    before = curve.bolus.baseline_frames
    inside = real[:, 0][:, state.segmented.aif_region[0]]
    assert curve.signal == pytest.approx(inside.mean(axis=1), rel=1e-5)
    pixels = ndimage.binary_erosion(state.segmented.labels[0] == MYOCARDIUM)
    assert pixels.sum() >= 20
    wall = real[series.time_s[:, 0] < curve.bolus.bolus_arrival_time_s, 0][:, pixels].mean()
    blood = native_property("proton_density", "blood", 1.5, "mrxcat").value
    myocardium = native_property("proton_density", "myocardium", 1.5, "mrxcat").value
    found = myocardium_over_blood(state, curve, 1.5)
    assert found == pytest.approx(wall / inside[before].mean() * blood / myocardium, rel=1e-4)


@pytest.mark.parametrize("seed", [302, 312])
def test_the_pool_of_a_digital_patient_is_its_ventricle_and_no_other_bright_organ(seed):
    patient = sample_patient(seed, slices=1)
    stress = {State.STRESS: patient.states[State.STRESS]}
    simulated = simulate_patient(dataclasses.replace(patient, states=stress))
    acquisition, truth = simulated.study.stress, simulated.truth[State.STRESS]
    series = acquisition.aif_series
    pools = find_blood_pools(enhancement_of_series(series))
    places = series.geometry.positions(0, series.image_shape[1:])
    ventricle = ventricle_at(truth.labels == LEFT_VENTRICLE, acquisition.tissue.geometry, places) > 0.5
    assert pools.left[0].sum() >= 10
    assert ventricle[pools.left[0]].mean() > 0.8
