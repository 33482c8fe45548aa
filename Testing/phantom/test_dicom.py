"""DICOM files of digital patients: complete, placed, timed and labelled, for every vendor, classic and enhanced."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from QPerfusionLogic.data.series import State
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.phantom.files.dicom_writer import write_dicom
from QPerfusionLogic.phantom.patients.sampling import sample_patient
from QPerfusionLogic.phantom.simulation.simulation import simulate_patient

VENDORS = ("siemens", "ge", "philips")


@pytest.fixture(scope="module")
def a_study_with_everything():
    """Pre-bolus, AIF series and T1 map in one short study."""
    return simulate_patient(
        sample_patient(4, slices=2, frames=14, states=(State.REST,), pre_bolus_ratio=10.0, t1_map=True)
    )


def read_all(folder):
    return [pydicom.dcmread(path) for path in sorted(folder.iterdir())]


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_image_of_every_series_is_written(a_study_with_everything, tmp_path, vendor):
    folders = write_dicom(a_study_with_everything, tmp_path, vendor)
    assert [len(list(folder.iterdir())) for folder in folders] == [2, 2 * (14 + 3), 2 * (14 + 3), 3 + 2 * 14]


@pytest.mark.parametrize("vendor", VENDORS)
def test_pixels_and_places_come_back(a_study_with_everything, tmp_path, vendor):
    folder = write_dicom(a_study_with_everything, tmp_path, vendor)[2]
    series = a_study_with_everything.study.rest.tissue
    for data in read_all(folder)[2 * 3 :]:
        matrix = series.geometry.index_to_lps
        index = int(np.argmin(np.linalg.norm(matrix[:, :3, 3] - np.array(data.ImagePositionPatient, float), axis=1)))
        frame = int(data.AcquisitionNumber) - 1 - 3
        pixels = data.pixel_array * float(data.get("RescaleSlope", 1.0))
        assert np.abs(pixels - series.signal[frame, index]).max() <= 0.51
        column = np.array(data.ImageOrientationPatient[:3], float)
        np.testing.assert_allclose(column * float(data.PixelSpacing[1]), matrix[index, :3, 0], atol=1e-5)


def test_siemens_images_carry_their_acquisition_time(a_study_with_everything, tmp_path):
    series = a_study_with_everything.study.rest.tissue
    images = [
        data for data in read_all(write_dicom(a_study_with_everything, tmp_path)[2]) if data.AcquisitionNumber > 3
    ]
    clock = np.array([float(data.AcquisitionTime[4:]) + 60 * float(data.AcquisitionTime[2:4]) for data in images])
    np.testing.assert_allclose(np.diff(clock), np.diff(series.time_s.ravel()), atol=2e-6)


@pytest.mark.parametrize("vendor", ["ge", "philips"])
def test_trigger_times_run_on_from_the_start_of_the_series(a_study_with_everything, tmp_path, vendor):
    images = read_all(write_dicom(a_study_with_everything, tmp_path, vendor)[2])
    trigger = np.array([float(data.TriggerTime) for data in images if data.AcquisitionNumber > 3])
    expected = a_study_with_everything.study.rest.tissue.time_s.ravel() * 1e3
    np.testing.assert_allclose(np.diff(trigger), np.diff(expected), atol=0.11)


def test_ge_tells_its_field_strength_in_gauss(a_study_with_everything, tmp_path):
    data = read_all(write_dicom(a_study_with_everything, tmp_path, "ge")[2])[0]
    assert float(data.MagneticFieldStrength) > 1000


@pytest.mark.parametrize("enhanced", [False, True])
@pytest.mark.parametrize("vendor", VENDORS)
def test_every_file_says_that_it_is_synthetic(a_study_with_everything, tmp_path, vendor, enhanced):
    for folder in write_dicom(a_study_with_everything, tmp_path, vendor, enhanced):
        data = read_all(folder)[0]
        assert "SYNTHETIC" in data.ImageComments
        assert str(data.PatientName).startswith("DIGITAL")
        assert data.QualityControlImage == "YES"


def test_an_enhanced_file_holds_all_frames_with_their_times(a_study_with_everything, tmp_path):
    data = read_all(write_dicom(a_study_with_everything, tmp_path, "philips", enhanced=True)[2])[0]
    assert data.NumberOfFrames == 2 * (14 + 3)
    moments = [
        group.FrameContentSequence[0].FrameAcquisitionDateTime for group in data.PerFrameFunctionalGroupsSequence
    ]
    assert moments == sorted(moments)
    indices = {tuple(g.FrameContentSequence[0].DimensionIndexValues) for g in data.PerFrameFunctionalGroupsSequence}
    assert len(indices) == data.NumberOfFrames


def test_the_same_study_gives_the_same_files(a_study_with_everything, tmp_path):
    first = write_dicom(a_study_with_everything, tmp_path / "a")[0]
    again = write_dicom(a_study_with_everything, tmp_path / "b")[0]
    assert [path.read_bytes() for path in sorted(first.iterdir())] == [p.read_bytes() for p in sorted(again.iterdir())]


def test_an_unknown_vendor_is_refused(a_study_with_everything, tmp_path):
    with pytest.raises(InputError):
        write_dicom(a_study_with_everything, tmp_path, "acme")


def test_the_pre_bolus_is_as_much_weaker_as_it_was_diluted(a_study_with_everything):
    acquisition, truth = a_study_with_everything.study.rest, a_study_with_everything.truth[State.REST]
    blood = truth.labels == 2
    rise = [
        (series.signal[:, blood].mean(axis=1) - series.signal[:3, blood].mean()).max()
        for series in (acquisition.pre_bolus, acquisition.tissue)
    ]
    assert 0.05 * rise[1] < rise[0] < 0.6 * rise[1]


def test_the_t1_map_reads_myocardium_a_little_short(a_study_with_everything):
    truth = a_study_with_everything.truth[State.REST]
    inside = truth.layers == 1
    measured = np.median(a_study_with_everything.study.t1_map.t1_s[inside])
    assert 0.85 < measured / np.median(truth.maps["t1"][inside]) < 1.02
