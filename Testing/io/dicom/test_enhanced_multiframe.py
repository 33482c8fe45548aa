"""Enhanced multi-frame objects are read frame by frame from their functional groups."""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedMRImageStorage, generate_uid

from QPerfusionLogic.io.study.inspection import inspect
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest


def item(**attributes):
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return Sequence([dataset])


@pytest.fixture
def an_enhanced_file(write, clocks, tmp_path):
    """12 frames of 2 slices in one file, stored slice by slice, each frame with its own rescale."""
    frames, slices = 12, 2
    images = np.stack(
        [np.full((16, 20), 10 * frame + slice_) for slice_ in range(slices) for frame in range(frames)]
    ).astype(np.uint16)
    dataset = write.image(images[0], 1, 0)
    for keyword in ("PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient", "RepetitionTime", "EchoTime"):
        del dataset[keyword]
    for keyword in ("FlipAngle", "InversionTime", "SliceThickness"):
        del dataset[keyword]
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    dataset.SeriesInstanceUID, dataset.SeriesNumber = generate_uid(), 5
    dataset.Manufacturer, dataset.SeriesDescription = "Philips", "Perfusion rest"
    dataset.NumberOfFrames, dataset.PixelData = len(images), images.tobytes()
    shared = Dataset()
    shared.PixelMeasuresSequence = item(PixelSpacing=[2.0, 1.5], SliceThickness=8)
    shared.PlaneOrientationSequence = item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    shared.MRTimingAndRelatedParametersSequence = item(RepetitionTime=2.4, FlipAngle=12)
    shared.MREchoSequence = item(EffectiveEchoTime=1.2)
    shared.MRModifierSequence = item(InversionTimes=[110.0])
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    groups = []
    for slice_ in range(slices):
        for frame in range(frames):
            group = Dataset()
            moment = clocks.text(36000 + clocks.beats_s[frame] + 0.2 * slice_)
            group.FrameContentSequence = item(
                FrameAcquisitionDateTime=f"20240101{moment}", TemporalPositionIndex=frame + 1
            )
            group.PlanePositionSequence = item(ImagePositionPatient=[-30.0, -40.0, 50.0 - 10.0 * slice_])
            group.PixelValueTransformationSequence = item(RescaleSlope=2.0, RescaleIntercept=frame)
            groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(groups)
    dataset.save_as(tmp_path / "enhanced.dcm", enforce_file_format=True)
    return tmp_path


def test_frames_slices_times_and_rescale_come_from_the_functional_groups(an_enhanced_file, clocks):
    series = LoadingLogic().run(StudyRequest(study=an_enhanced_file)).rest.tissue
    frame, slice_ = np.arange(12)[:, None], np.arange(2)
    np.testing.assert_allclose(series.signal[..., 0, 0], 2 * (10 * frame + slice_) + frame)
    np.testing.assert_allclose(series.time_s, clocks.beats_s[:12, None] + 0.2 * slice_, atol=1e-4)
    assert series.source.time_source == "FrameAcquisitionDateTime (0018,9074)"


def test_the_protocol_comes_from_the_functional_groups(an_enhanced_file):
    protocol = LoadingLogic().run(StudyRequest(study=an_enhanced_file)).rest.tissue.protocol
    found = (protocol.repetition_time_s, protocol.echo_time_s, protocol.flip_angle_deg, protocol.saturation_time_s)
    assert found == pytest.approx((0.0024, 0.0012, 12, 0.11))


def test_inspect_counts_the_frames_of_an_enhanced_file(an_enhanced_file):
    (summary,) = inspect(an_enhanced_file / "enhanced.dcm")
    assert (summary.frames, summary.slices, summary.rows, summary.columns) == (12, 2, 16, 20)


def test_a_series_of_one_file_per_slice_is_read_as_one(an_enhanced_file, clocks):
    import pydicom

    whole = pydicom.dcmread(an_enhanced_file / "enhanced.dcm")
    pixels = whole.pixel_array
    for slice_ in range(2):
        part = pydicom.dcmread(an_enhanced_file / "enhanced.dcm")
        chosen = range(12 * slice_, 12 * slice_ + 12)
        part.PerFrameFunctionalGroupsSequence = [whole.PerFrameFunctionalGroupsSequence[k] for k in chosen]
        part.NumberOfFrames, part.PixelData = 12, pixels[chosen.start : chosen.stop].tobytes()
        part.SOPInstanceUID = part.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        part.save_as(an_enhanced_file / f"slice{slice_}.dcm")
    (an_enhanced_file / "enhanced.dcm").unlink()
    series = LoadingLogic().run(StudyRequest(study=an_enhanced_file)).rest.tissue
    frame, slice_ = np.arange(12)[:, None], np.arange(2)
    np.testing.assert_allclose(series.signal[..., 0, 0], 2 * (10 * frame + slice_) + frame)
