"""Proton-density frames at the head of a series are told by their brightness, and only then."""

import numpy as np
import pytest

from QPerfusionLogic.loading import LoadingLogic, StudyRequest
from QPerfusionLogic.loading.proton_density import leading_proton_density_frames
from QPerfusionLogic.nrrd_files import write_sequence
from QPerfusionLogic.settings import LoadingSettings
from QPerfusionLogic.study import Geometry

BOLUS = 20 + 60 * np.exp(-0.5 * ((np.arange(30) - 14) / 4.0) ** 2)


def images(brightness):
    noise = 1 + 0.02 * np.random.default_rng(1).normal(size=(len(brightness), 2, 9, 8))
    return (np.asarray(brightness)[:, None, None, None] * noise).astype(np.float32)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_bright_frames_before_the_saturated_ones_are_counted(count):
    assert leading_proton_density_frames(images([*[95.0] * count, *BOLUS])) == count


@pytest.mark.parametrize(
    "brightness",
    [
        BOLUS,
        [24.0, 22.0, *BOLUS],
        BOLUS[12:],
        [95.0] * 9,
        [95.0, 60.0, 40.0, *BOLUS],
    ],
    ids=["none", "slightly brighter", "starts at the peak", "short and even", "decaying to the steady state"],
)
def test_other_beginnings_are_no_proton_density(brightness):
    assert leading_proton_density_frames(images(brightness)) == 0


def test_frames_of_a_file_are_taken_out_too(tmp_path):
    signal = images([95.0, 95.0, *BOLUS])
    times = np.arange(len(signal)) * 0.8
    write_sequence(tmp_path / "rest.seq.nrrd", signal, times, Geometry.axis_aligned(2))
    series = LoadingLogic().run(StudyRequest(rest=tmp_path / "rest.seq.nrrd")).rest.tissue
    np.testing.assert_array_equal(series.proton_density, signal[:2])
    np.testing.assert_allclose(series.time_s[:, 0], times[:-2])
    assert "proton-density-found" in {notice.code for notice in series.notices}


def test_the_user_decides_where_the_images_do_not_tell(tmp_path):
    signal = images([22.0, 22.0, *BOLUS])
    write_sequence(tmp_path / "rest.seq.nrrd", signal, np.arange(len(signal)) * 0.8, Geometry.axis_aligned(2))
    logic = LoadingLogic(LoadingSettings(proton_density_frames=2))
    series = logic.run(StudyRequest(rest=tmp_path / "rest.seq.nrrd")).rest.tissue
    assert (len(series.proton_density), series.frames) == (2, 30)


def test_concentrations_have_no_proton_density(tmp_path):
    signal = images([95.0, 95.0, *BOLUS])
    geometry, times = Geometry.axis_aligned(2), np.arange(len(signal)) * 0.8
    write_sequence(tmp_path / "rest.seq.nrrd", signal, times, geometry, {"quantity": "gd_mmol_l"})
    series = LoadingLogic().run(StudyRequest(rest=tmp_path / "rest.seq.nrrd")).rest.tissue
    assert series.proton_density is None
