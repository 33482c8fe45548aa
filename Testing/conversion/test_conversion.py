"""Gadolinium found by the conversion room against the truth it was simulated from."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from QPerfusionLogic.conversion.baseline import baseline_signal, magnitude_baseline
from QPerfusionLogic.conversion.logic import ConversionLogic
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.notices import Severity
from QPerfusionLogic.data.series import Quantity
from QPerfusionLogic.data.study import T1Map
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.settings.schema import ConversionSettings
from QPerfusionLogic.signal_model.physics import physics_of_series


def codes(result):
    return {notice.code for notice in result.notices}


def interior(heart, label):
    """Pixels away from the edges, where smoothing the proton-density frames mixes no tissues."""
    from scipy import ndimage

    return ndimage.binary_erosion(heart.state.segmented.labels[0] == label, iterations=2)[None]


@pytest.mark.parametrize("label", [1, 2, 3])
@pytest.mark.parametrize("normalisation", ["proton_density", "baseline"])
def test_the_look_up_table_finds_the_true_gadolinium_in_every_tissue(make_heart, label, normalisation):
    heart = make_heart()
    found = ConversionLogic(ConversionSettings(normalisation=normalisation)).run(heart.state)
    pixels = interior(heart, label)
    error = np.abs(found.gd_mmol_l[:, pixels] - heart.gd_mmol_l[:, pixels])
    assert error.max() < (0.02 if normalisation == "baseline" else 0.08)


def test_a_noisy_myocardium_is_unbiased(make_heart):
    heart = make_heart(noise=2.0)
    found = ConversionLogic(ConversionSettings()).run(heart.state)
    pixels = interior(heart, 1)
    curve, truth = found.gd_mmol_l[:, pixels].mean(axis=1), heart.gd_mmol_l[:, pixels][:, 0]
    assert np.abs(curve - truth).max() < 0.05


@pytest.mark.parametrize("height", [2.5, 4.0, 20.0])
def test_noise_of_magnitudes_is_not_taken_for_a_baseline(height):
    real, imaginary = np.random.default_rng(0).normal(0.0, 1.0, (2, 14, 1, 60, 60))
    magnitudes = np.hypot(height + real, imaginary)
    frames = np.ones((14, 1), dtype=bool)
    assert magnitude_baseline(magnitudes, frames).mean() == pytest.approx(height, rel=0.02)
    expected = np.sqrt(height**2 + 1.0)
    assert baseline_signal(magnitudes, frames).mean() == pytest.approx(expected, rel=0.01)


def test_a_t1_map_corrects_a_heart_whose_t1_is_not_the_tables(make_heart):
    heart = make_heart(t1_myocardium_s=1.4, proton_density=False)
    labels = heart.state.segmented.labels
    t1_map = T1Map(np.where(labels == 1, 1.4, 1.7), Geometry.axis_aligned(1))
    settings = ConversionSettings()
    pixels = interior(heart, 1)
    truth = heart.gd_mmol_l[:, pixels]
    without = ConversionLogic(settings).run(heart.state, None)
    with_map = ConversionLogic(settings).run(heart.state, t1_map)
    assert np.abs(with_map.gd_mmol_l[:, pixels] - truth).max() < 0.02
    assert np.abs(without.gd_mmol_l[:, pixels] - truth).max() > 0.15
    assert "no-t1-map" in codes(without)
    assert "no-t1-map" not in codes(with_map)


def test_images_that_hold_gadolinium_pass_unchanged(make_heart):
    heart = make_heart()
    series = dataclasses.replace(
        heart.state.registered.series, signal=heart.gd_mmol_l.astype(np.float32), quantity=Quantity.GADOLINIUM
    )
    state = dataclasses.replace(heart.state, registered=dataclasses.replace(heart.state.registered, series=series))
    found = ConversionLogic(ConversionSettings()).run(state)
    assert found.mode == "concentration"
    np.testing.assert_array_equal(found.gd_mmol_l, series.signal)


def test_signal_taken_as_gadolinium_is_called_implausible(make_heart):
    found = ConversionLogic(ConversionSettings(mode="concentration")).run(make_heart().state)
    assert "gd-implausible" in codes(found)


def test_relative_enhancement_is_linear_in_the_signal(make_heart):
    heart = make_heart()
    found = ConversionLogic(ConversionSettings(mode="relative_enhancement")).run(heart.state)
    signal = heart.state.registered.series.signal
    labels = heart.state.segmented.labels
    pixel = (slice(None), *np.argwhere(labels == 1)[40])
    base = signal[:8].mean(axis=0)
    expected = (signal[pixel] - base[pixel[1:]]) / (4.5 * 1.435 * base[labels == 2].mean())
    np.testing.assert_allclose(found.gd_mmol_l[pixel], expected, atol=2e-3)


def test_relative_enhancement_without_a_blood_pool_is_refused(make_heart):
    heart = make_heart()
    segmented = dataclasses.replace(heart.state.segmented, labels=np.where(heart.state.segmented.labels == 2, 0, 1))
    state = dataclasses.replace(heart.state, segmented=segmented)
    with pytest.raises(InputError, match="blood pool"):
        ConversionLogic(ConversionSettings(mode="relative_enhancement")).run(state)


def test_pixels_without_signal_have_no_number(make_heart):
    heart = make_heart(proton_density=False)
    series = heart.state.registered.series
    signal = series.signal.copy()
    signal[:, 0, 20, 33] = np.nan
    signal[:, 0, 20, 34] = 0.0
    registered = dataclasses.replace(heart.state.registered, series=dataclasses.replace(series, signal=signal))
    found = ConversionLogic(ConversionSettings()).run(dataclasses.replace(heart.state, registered=registered))
    assert np.isnan(found.gd_mmol_l[:, 0, 20, 33:35]).all()
    assert "no-reference-signal" in codes(found)


def test_a_pixel_above_the_table_is_flagged_in_the_saturated_mask(make_heart):
    heart = make_heart(proton_density=False)
    series = heart.state.registered.series
    signal = series.signal.copy()
    signal[30, 0, 20, 33] *= 50.0
    registered = dataclasses.replace(heart.state.registered, series=dataclasses.replace(series, signal=signal))
    found = ConversionLogic(ConversionSettings()).run(dataclasses.replace(heart.state, registered=registered))
    assert found.saturated[0, 20, 33]
    assert found.saturated.sum() == 1
    assert np.isnan(found.gd_mmol_l[30, 0, 20, 33])
    assert "myocardium-out-of-range" in codes(found)


def test_every_constant_used_is_told_with_its_source(make_heart):
    constants = ConversionLogic(ConversionSettings()).run(make_heart().state).constants
    assert constants["r1"] == "4.6 L/mmol/s (Shen 2015 whole blood 37 C)"
    assert constants["T1 myocardium"] == "1.1 s (NHLBI flow mapping (Kellman 2017))"
    assert constants["tissue saturation time"] == "0.1 s (header)"
    assert constants["normalisation"] == "proton density"


def test_an_unknown_protocol_is_assumed_and_said(make_heart):
    heart = make_heart()
    protocol = dataclasses.replace(heart.state.registered.series.protocol, saturation_time_s=None)
    series = dataclasses.replace(heart.state.registered.series, protocol=protocol)
    registered = dataclasses.replace(heart.state.registered, series=series)
    found = ConversionLogic(ConversionSettings()).run(dataclasses.replace(heart.state, registered=registered))
    assert "protocol-assumed" in codes(found)


@pytest.mark.parametrize(("agent", "assumed"), [("gadobutrol", False), ("unrecognised", True), ("", True)])
def test_an_agent_that_is_not_known_warns_and_stops_nothing(agent, assumed, make_heart):
    heart = make_heart()
    tissue = heart.state.acquisition.tissue
    series = dataclasses.replace(tissue, protocol=dataclasses.replace(tissue.protocol, agent=agent))
    physics = physics_of_series(series, ConversionSettings())
    assert physics.shared.agent == "gadobutrol"
    assert physics.shared.agent_assumed is assumed
    assert [item.severity for item in physics.notices if item.code == "agent-assumed"] == [Severity.WARNING] * assumed
