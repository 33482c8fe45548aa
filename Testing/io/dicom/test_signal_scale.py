"""Signals of one acquisition are on one scale, wherever its images come from."""

import struct

import numpy as np
import pydicom
import pytest

from QPerfusionLogic.data.notices import Severity
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest

PHILIPS = "Philips MR Imaging DD 001"
DENSITY, TISSUE = 900.0, 100.0
"""True signals."""


def loaded(path):
    series = LoadingLogic().run(StudyRequest(study=path)).rest.tissue
    return series, float(series.proton_density[0, 0, 0, 0] / series.signal[0, 0, 0, 0])


def codes(series):
    return {notice.code: notice.severity for notice in series.notices}


@pytest.fixture
def write_scaled(write, clocks, tmp_path):
    """Write proton-density and perfusion frames as series of their own, stored = true signal x a factor."""

    def written(density_factor, tissue_factor, density, tissue):
        for frames, signal, factor, words, start_s, change in (
            (2, DENSITY, density_factor, "perf rest PD", 35990.0, density),
            (12, TISSUE, tissue_factor, "perf rest", 36000.0, tissue),
        ):
            timing = clocks.siemens(start_s=start_s, SeriesDescription=words, Manufacturer="Philips")
            value = signal * factor
            for path in write(tmp_path, frames=frames, pixels=lambda *_, value=value: value, **timing):
                dataset = pydicom.dcmread(path)
                change(dataset)
                dataset.save_as(path)
        return tmp_path

    return written


def philips(slope, scale, before=(), raw=False):
    def change(dataset):
        dataset.RescaleSlope, dataset.RescaleIntercept = slope, 0
        for creator in before:
            dataset.private_block(0x2005, creator, create=True)
        block = dataset.private_block(0x2005, PHILIPS, create=True)
        block.add_new(0x0E, "UN" if raw else "FL", struct.pack("<f", scale) if raw else scale)

    return change


def real_world(slope, intercept=0.0):
    def change(dataset):
        item = pydicom.Dataset()
        item.RealWorldValueSlope, item.RealWorldValueIntercept = slope, intercept
        dataset.RealWorldValueMappingSequence = [item]

    return change


@pytest.mark.parametrize(("before", "raw"), [((), False), (("ANOTHER CREATOR",), False), ((), True)])
def test_philips_series_compare_by_their_scale_slope(write_scaled, before, raw):
    folder = write_scaled(3, 1, philips(1, 3.0, before, raw), philips(1, 1.0, before, raw))
    series, ratio = loaded(folder)
    assert ratio == pytest.approx(DENSITY / TISSUE)
    assert "signal-scale-mixed" not in codes(series)


def test_different_displayed_slopes_of_one_scale_slope_compare_as_well(write_scaled):
    folder = write_scaled(4, 4, philips(2.0, 4.0), philips(0.5, 4.0))
    assert loaded(folder)[1] == pytest.approx(DENSITY / TISSUE)


def test_series_compare_by_their_real_world_values(write_scaled):
    folder = write_scaled(4, 2, real_world(0.25), real_world(0.5))
    assert loaded(folder)[1] == pytest.approx(DENSITY / TISSUE)


def test_a_scale_that_one_of_the_series_lacks_is_serious(write_scaled):
    series, _ = loaded(write_scaled(3, 1, philips(1, 3.0), lambda dataset: None))
    assert codes(series)["signal-scale-mixed"] is Severity.SERIOUS


def test_a_slope_of_each_frame_is_applied(write, clocks, tmp_path):
    timing = clocks.siemens()
    clock = timing.pop("tags")

    def tags(frame, slice_):
        return {**clock(frame, slice_), "RescaleSlope": 0.5 * (1 + frame % 2), "RescaleIntercept": frame}

    write(tmp_path, frames=12, pixels=lambda frame, _: (100 + frame) * (2 - frame % 2), tags=tags, **timing)
    signal = LoadingLogic().run(StudyRequest(study=tmp_path)).rest.tissue.signal[:, 0, 0, 0]
    np.testing.assert_allclose(signal, 100 + 2 * np.arange(12) - np.where(np.arange(12) % 2, 0, 0))


def test_blood_cut_off_at_twelve_bits_is_serious(write, clocks, tmp_path):
    write(tmp_path, frames=16, pixels=lambda frame, _: min(400 * frame, 4095), **clocks.siemens())
    series = LoadingLogic().run(StudyRequest(study=tmp_path)).rest.tissue
    assert codes(series)["signal-clipped"] is Severity.SERIOUS


def test_proton_density_that_is_cut_off_on_a_scale_of_its_own_is_serious(write, clocks, tmp_path):
    density = {"pixels": lambda frame, _: 4095, "RescaleSlope": 0.25, "RescaleIntercept": 0}
    write(tmp_path, frames=2, SeriesDescription="perf rest PD", **density, **clocks.siemens(start_s=35990.0))
    write(tmp_path, frames=16, pixels=lambda frame, _: 40 * frame, SeriesDescription="perf", **clocks.siemens())
    series = LoadingLogic().run(StudyRequest(rest=tmp_path)).rest.tissue
    assert series.proton_density.max() == pytest.approx(4095 / 4)
    assert codes(series)["signal-clipped"] is Severity.SERIOUS


def test_bright_fat_at_the_limit_of_the_file_is_no_matter(write, clocks, tmp_path):
    def pixels(frame, _):
        image = np.full((16, 20), 100 + 10 * frame)
        image[:4] = 4095
        return image

    write(tmp_path, frames=16, pixels=pixels, **clocks.siemens())
    assert "signal-clipped" not in codes(LoadingLogic().run(StudyRequest(study=tmp_path)).rest.tissue)


@pytest.mark.parametrize("block", [0x10, 0x11])
def test_the_dynamic_time_of_philips_is_found_in_any_block(write, clocks, tmp_path, block):
    paths = write(tmp_path, frames=12, **clocks.philips(TriggerTime=80.0, SeriesDescription="perf"))
    for path in paths:
        dataset = pydicom.dcmread(path)
        if block == 0x11:
            dataset.private_block(0x2005, "ANOTHER CREATOR", create=True)
        seconds = float(clocks.beats_s[int(dataset.TemporalPositionIdentifier) - 1])
        dataset.TriggerTime = 80.0
        dataset.private_block(0x2005, PHILIPS, create=True).add_new(0xA0, "FL", seconds)
        dataset.save_as(path)
    series = LoadingLogic().run(StudyRequest(study=tmp_path)).rest.tissue
    np.testing.assert_allclose(series.time_s[:, 0], clocks.beats_s[:12], atol=1e-4)
