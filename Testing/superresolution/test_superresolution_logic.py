"""The door of the room: what comes out for good input, and what is said about the rest."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.series import PerfusionSeries, Quantity
from QPerfusionLogic.errors import InputError, QPerfusionError, SettingsError
from QPerfusionLogic.networks import packages
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import SuperresolutionSettings
from QPerfusionLogic.superresolution.frames.degradation import kept_lines, low_resolution
from QPerfusionLogic.superresolution.logic import SuperresolutionLogic

pytest.importorskip("torch")


def _codes(series: PerfusionSeries) -> set[str]:
    return {notice.code for notice in series.notices}


def test_frames_come_nearer_to_full_resolution_and_none_gets_worse(
    full_series: PerfusionSeries, low_series: PerfusionSeries, bridge_settings: SuperresolutionSettings
) -> None:
    found = SuperresolutionLogic(bridge_settings).run(low_series)
    before, after = (
        np.sqrt(((series.signal - full_series.signal) ** 2).mean(axis=(1, 2, 3))) for series in (low_series, found)
    )
    assert (after < before).all()
    assert (after / before).mean() < 0.85


def test_what_was_measured_is_not_changed(
    low_series: PerfusionSeries, bridge_settings: SuperresolutionSettings
) -> None:
    found = SuperresolutionLogic(bridge_settings).resolve(low_series)
    kept = kept_lines(64, found.fraction)
    before, after = (np.fft.fft(series.signal, axis=-2)[..., kept, :] for series in (low_series, found.series))
    assert np.abs(after - before).max() < 1e-5 * np.abs(before).max()
    assert np.nanmax(found.residual) < 1e-5


def test_lines_along_columns_are_found_and_treated_as_lines_along_rows(
    low_series: PerfusionSeries, bridge_settings: SuperresolutionSettings
) -> None:
    logic = SuperresolutionLogic(dataclasses.replace(bridge_settings, samples=0))
    turned = dataclasses.replace(low_series, signal=low_series.signal.swapaxes(-2, -1))
    upright, lying = logic.resolve(low_series), logic.resolve(turned)
    assert (upright.direction, lying.direction) == ("rows", "columns")
    np.testing.assert_allclose(lying.series.signal.swapaxes(-2, -1), upright.series.signal, rtol=1e-4, atol=0.01)


def test_the_spread_is_largest_where_the_error_is(
    full_series: PerfusionSeries, low_series: PerfusionSeries, bridge_settings: SuperresolutionSettings
) -> None:
    found = SuperresolutionLogic(dataclasses.replace(bridge_settings, samples=4)).resolve(low_series)
    error = np.sqrt(((found.series.signal - full_series.signal) ** 2).mean(axis=0))
    assert np.corrcoef(found.spread.ravel(), error.ravel())[0, 1] > 0.3


def test_provenance_names_the_model_and_the_reader_is_told(
    low_series: PerfusionSeries, bridge_settings: SuperresolutionSettings
) -> None:
    found = SuperresolutionLogic(dataclasses.replace(bridge_settings, samples=0)).resolve(low_series)
    assert found.model_name == "superresolution-4"
    assert len(found.model_checksum) == 64
    assert "superresolution-applied" in _codes(found.series)
    assert all(notice.stage == "superresolution" for notice in found.series.notices)


def test_a_series_with_long_pixels_gets_square_ones(
    full_series: PerfusionSeries, bridge_settings: SuperresolutionSettings
) -> None:
    spectrum = np.fft.fftshift(np.fft.fft(full_series.signal, axis=-2), axes=-2)[..., 20:44, :]
    small = np.abs(np.fft.ifft(np.fft.ifftshift(spectrum, axes=-2), axis=-2)).astype(np.float32) * (24 / 64)
    series = dataclasses.replace(
        full_series, signal=small, geometry=Geometry.axis_aligned(1, (2.0 * 64 / 24, 2.0)), proton_density=small[:1]
    )
    found = SuperresolutionLogic(dataclasses.replace(bridge_settings, samples=0)).run(series)
    assert found.signal.shape == full_series.signal.shape
    assert found.geometry.pixel_spacing_mm == pytest.approx((2.0, 2.0))
    assert found.proton_density is not None
    assert found.proton_density.shape[-2:] == (64, 72)
    assert np.abs(found.signal - full_series.signal).mean() < 0.05 * full_series.signal.max()


def test_full_resolution_is_refused_unless_asked_for(
    full_series: PerfusionSeries, bridge_settings: SuperresolutionSettings
) -> None:
    with pytest.raises(InputError, match="full resolution already"):
        SuperresolutionLogic(bridge_settings).run(full_series)
    stated = dataclasses.replace(bridge_settings, fraction=0.4, samples=0)
    with pytest.raises(InputError, match="throw these lines away"):
        SuperresolutionLogic(stated).run(full_series)
    found = SuperresolutionLogic(dataclasses.replace(stated, accept_full_resolution=True)).resolve(full_series)
    assert found.fraction == pytest.approx(0.4)


def _complex(series: PerfusionSeries) -> PerfusionSeries:
    return dataclasses.replace(series, signal=series.signal.astype(complex))


def _phase(series: PerfusionSeries) -> PerfusionSeries:
    return dataclasses.replace(series, signal=series.signal - 300.0)


def _tiny(series: PerfusionSeries) -> PerfusionSeries:
    return dataclasses.replace(series, signal=series.signal[..., :20, :20])


def _gadolinium(series: PerfusionSeries) -> PerfusionSeries:
    return dataclasses.replace(series, quantity=Quantity.GADOLINIUM)


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [(_complex, "complex"), (_phase, "below zero"), (_tiny, "20 x 20"), (_gadolinium, "gd_mmol_l")],
)
def test_wrong_input_is_refused_with_a_reason(
    low_series: PerfusionSeries,
    bridge_settings: SuperresolutionSettings,
    spoilt: Callable[[PerfusionSeries], PerfusionSeries],
    words: str,
) -> None:
    with pytest.raises(InputError, match=words):
        SuperresolutionLogic(bridge_settings).run(spoilt(low_series))


def test_a_frame_without_numbers_stays_as_it_is_and_is_named(
    low_series: PerfusionSeries, bridge_settings: SuperresolutionSettings
) -> None:
    signal = low_series.signal.copy()
    signal[0] = np.nan
    signal[1] = 7.0
    found = SuperresolutionLogic(bridge_settings).resolve(dataclasses.replace(low_series, signal=signal))
    np.testing.assert_array_equal(found.series.signal[:2], signal[:2])
    assert "superresolution-frames-unchanged" in _codes(found.series)
    assert np.isfinite(found.spread).all()


def test_images_without_a_bolus_are_warned_about(
    low_series: PerfusionSeries, bridge_settings: SuperresolutionSettings
) -> None:
    still = dataclasses.replace(low_series, signal=np.repeat(low_series.signal[:1], 8, axis=0))
    found = SuperresolutionLogic(dataclasses.replace(bridge_settings, samples=0)).run(still)
    assert "superresolution-no-first-pass" in _codes(found)


def test_mode_none_gives_the_series_back(low_series: PerfusionSeries) -> None:
    assert SuperresolutionLogic(SuperresolutionSettings()).run(low_series) is low_series


def test_without_torch_the_mode_is_refused_with_the_way_out(
    low_series: PerfusionSeries, bridge_settings: SuperresolutionSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "missing_packages", lambda: ("torch",))
    with pytest.raises(QPerfusionError, match="pip install"):
        SuperresolutionLogic(bridge_settings).run(low_series)


def test_missing_weights_are_refused(low_series: PerfusionSeries, bridge_settings: SuperresolutionSettings) -> None:
    with pytest.raises(QPerfusionError, match="no weights absent"):
        SuperresolutionLogic(dataclasses.replace(bridge_settings, weights="absent.safetensors")).run(low_series)
    with pytest.raises(SettingsError, match="without weights"):
        SuperresolutionLogic(dataclasses.replace(bridge_settings, mode="sr3")).run(low_series)


def test_progress_is_told_and_a_cancel_stops_it(
    low_series: PerfusionSeries, bridge_settings: SuperresolutionSettings
) -> None:
    heard: list[str] = []
    logic = SuperresolutionLogic(dataclasses.replace(bridge_settings, samples=0))
    logic.run(low_series, Progress(lambda fraction, message: heard.append(message)))
    assert heard[-1] == "super-resolution, frame 8 of 8"
    with pytest.raises(QPerfusionError, match="cancel"):
        logic.run(low_series, Progress(is_cancelled=lambda: True))


@pytest.mark.parametrize("shape", [(33, 47), (40, 300), (64, 64)])
def test_any_matrix_goes_through(shape: tuple[int, int], bridge_settings: SuperresolutionSettings) -> None:
    from QPerfusionLogic.superresolution.resolver_choice import resolver_of

    random = np.random.default_rng(2)
    low: FloatArray = low_resolution(random.random((1, *shape)), 0.4).astype(np.float32)
    found = resolver_of(dataclasses.replace(bridge_settings, samples=0)).run(low, 0.4)
    assert found.frames.shape == low.shape
    assert np.isfinite(found.frames).all()
