"""Writes a digital series as one Enhanced MR Image: shared and per-frame functional groups."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.phantom.scanner.scanner import MODELS
from QPerfusionLogic.phantom.simulation.simulated import SimulatedStudy

from .dicom_header import (
    STUDY_DATE,
    UID_ROOT,
    dicom_time,
    echo_time_ms,
    flip_angle_deg,
    milliseconds,
    series_dataset,
    write_place,
)
from .dicom_pictures import Picture, pictures, stored_pixels
from .dicom_vendors import MANUFACTURERS

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

ENHANCED_MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4.1"
_MOVED_TO_GROUPS = ("PixelSpacing", "SliceThickness", "RepetitionTime", "FlipAngle", "InversionTime", "EchoTrainLength")
_ABSENT = ("ScanningSequence", "SequenceVariant", "ScanOptions", "NumberOfAverages", "HeartRate")


def write_enhanced(simulated: SimulatedStudy, series: PerfusionSeries, number: int, vendor: str, path: Path) -> None:
    """Write all images of a series into one multi-frame file.

    Frame times are FrameAcquisitionDateTime; dimensions are stack position, temporal position and effective echo.
    """
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    data = series_dataset(simulated, series, number, vendor)
    data.SOPClassUID = ENHANCED_MR_IMAGE_STORAGE
    data.SOPInstanceUID = generate_uid(UID_ROOT, [str(data.SeriesInstanceUID), "enhanced"])
    data.Manufacturer, data.ManufacturerModelName = MANUFACTURERS[vendor], MODELS[vendor]
    data.ImageType = ["ORIGINAL", "PRIMARY", "T1" if series.kind == "t1_map" else "PERFUSION", "NONE"]
    data.InstanceNumber = 1
    frames = list(pictures(series))
    data.SharedFunctionalGroupsSequence = [_shared(data, series)]
    data.PerFrameFunctionalGroupsSequence = [_per_frame(series, picture) for picture in frames]
    data.AcquisitionDateTime = STUDY_DATE + dicom_time(frames[0].clock_s)
    data.ContentTime = dicom_time(frames[0].clock_s)
    data.PulseSequenceName = "SR " + series.protocol.sequence
    for keyword in (*_MOVED_TO_GROUPS, *_ABSENT):
        if keyword in data:
            delattr(data, keyword)
    _describe_dimensions(data)
    data.NumberOfFrames = len(frames)
    data.PixelData = b"".join(stored_pixels(picture.pixels) for picture in frames)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.save_as(path, enforce_file_format=True)


def _shared(data: Dataset, series: PerfusionSeries) -> Dataset:
    """Return the functional groups that hold for all frames."""
    measures = _item(PixelSpacing=data.PixelSpacing, SliceThickness=data.SliceThickness)
    if "SpacingBetweenSlices" in data:
        measures.SpacingBetweenSlices = data.SpacingBetweenSlices
    modifier = _item(InversionRecovery="NO")
    saturation_ms = milliseconds(series.protocol.saturation_time_s)
    if saturation_ms is not None:
        modifier = _item(InversionRecovery="YES", InversionTimes=[saturation_ms])
    return _item(
        PixelMeasuresSequence=[measures],
        MRModifierSequence=[modifier],
        PixelValueTransformationSequence=[_item(RescaleIntercept=0, RescaleSlope=1, RescaleType="US")],
    )


def _per_frame(series: PerfusionSeries, picture: Picture) -> Dataset:
    """Return the functional groups of one frame."""
    where = _item()
    write_place(where, series, picture.slice_index)
    moment = STUDY_DATE + dicom_time(picture.clock_s)
    content = _item(
        FrameAcquisitionDateTime=moment,
        FrameReferenceDateTime=moment,
        FrameAcquisitionDuration=100.0,
        FrameAcquisitionNumber=picture.frame + 1,
        StackID="1",
        InStackPositionNumber=picture.slice_index + 1,
        TemporalPositionIndex=picture.frame + 1,
        DimensionIndexValues=[picture.slice_index + 1, picture.frame + 1, picture.echo],
    )
    groups = _item(
        FrameContentSequence=[content],
        PlanePositionSequence=[_item(ImagePositionPatient=where.ImagePositionPatient)],
        PlaneOrientationSequence=[_item(ImageOrientationPatient=where.ImageOrientationPatient)],
        TemporalPositionSequence=[_item(TemporalPositionTimeOffset=picture.since_start_s)],
    )
    repetition_ms = milliseconds(series.protocol.repetition_time_s)
    flip_deg = flip_angle_deg(series, picture.proton_density)
    timing = _item(RepetitionTime=repetition_ms, FlipAngle=flip_deg, EchoTrainLength=1)
    groups.MRTimingAndRelatedParametersSequence = [timing]
    echo_ms = echo_time_ms(series, picture.echo)
    if echo_ms is not None:
        groups.MREchoSequence = [_item(EffectiveEchoTime=echo_ms)]
    return groups


def _describe_dimensions(data: Dataset) -> None:
    from pydicom.datadict import tag_for_keyword
    from pydicom.uid import generate_uid

    uid = generate_uid(UID_ROOT, [str(data.SeriesInstanceUID), "dimensions"])
    data.DimensionOrganizationSequence = [_item(DimensionOrganizationUID=uid)]
    pointers = (
        ("InStackPositionNumber", "FrameContentSequence"),
        ("TemporalPositionIndex", "FrameContentSequence"),
        ("EffectiveEchoTime", "MREchoSequence"),
    )
    data.DimensionIndexSequence = [
        _item(
            DimensionOrganizationUID=uid,
            DimensionIndexPointer=tag_for_keyword(keyword),
            FunctionalGroupPointer=tag_for_keyword(group),
        )
        for keyword, group in pointers
    ]


def _item(**values: object) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item
