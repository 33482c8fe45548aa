"""One image of one slice at one moment, as its DICOM header describes it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .identity import plain_patient
from .private_tags import GE_IMAGE_KIND, PHILIPS_DYNAMIC_TIME_S, PHILIPS_SCALE_SLOPE
from .tags import Tags, instant_of, instant_of_datetime

DATE_TIME_CLOCKS = {
    "FrameAcquisitionDateTime (0018,9074)": "FrameAcquisitionDateTime",
    "FrameReferenceDateTime (0018,9151)": "FrameReferenceDateTime",
    "AcquisitionDateTime (0008,002A)": "AcquisitionDateTime",
}
ACQUISITION_TIME = "AcquisitionTime (0008,0032)"
CONTENT_TIME = "ContentTime (0008,0033)"
TRIGGER_TIME = "TriggerTime (0018,1060)"
TEMPORAL_OFFSET = "TemporalPositionTimeOffset (0020,930D)"
PHILIPS_DYNAMIC_TIME = "Philips dynamic scan begin time (2005,xxA0)"
GE_KINDS = ("MAGNITUDE", "PHASE", "REAL", "IMAGINARY")
WALL_CLOCKS = (*DATE_TIME_CLOCKS, ACQUISITION_TIME, CONTENT_TIME)
"""Clocks that all series of a session share."""


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """What is needed of one image's header to group, order, time, place and scale it.

    `frame` is the index inside a multi-frame file; `clocks` maps the name of a clock to seconds; times of the sequence
    are in milliseconds as DICOM has them.
    """

    path: Path
    frame: int
    patient: str
    study_uid: str
    series_uid: str
    series_number: int | None
    description: str
    sop_uid: str
    instance: int | None
    rows: int
    columns: int
    spacing_mm: tuple[float, float] | None
    position_mm: tuple[float, ...]
    orientation: tuple[float, ...]
    thickness_mm: float | None
    slice_location_mm: float | None
    image_type: tuple[str, ...]
    comments: str
    echo_number: int | None
    echo_time_ms: float | None
    inversion_time_ms: float | None
    flip_angle_deg: float | None
    temporal_position: int | None
    beat_s: float | None
    slope: float
    intercept: float
    philips_scale: float | None
    """Philips' scale slope (2005,xx0E)."""
    real_world: tuple[float, float] | None
    """Slope and intercept of the first linear real-world value map."""
    clocks: dict[str, float]


def record_of(path: Path, frame: int, tags: Tags) -> ImageRecord:
    """Return the record of one image from its attributes."""
    spacing, inversion = tags.numbers("PixelSpacing"), tags.number("InversionTime", "InversionTimes")
    return ImageRecord(
        path=path,
        frame=frame,
        patient=plain_patient(tags.text("PatientID") or tags.text("PatientName")),
        study_uid=tags.text("StudyInstanceUID"),
        series_uid=tags.text("SeriesInstanceUID"),
        series_number=tags.integer("SeriesNumber"),
        description=tags.text("SeriesDescription") or tags.text("ProtocolName"),
        sop_uid=tags.text("SOPInstanceUID"),
        instance=tags.integer("InstanceNumber"),
        rows=tags.integer("Rows") or 0,
        columns=tags.integer("Columns") or 0,
        spacing_mm=(spacing[0], spacing[1]) if len(spacing) == 2 and min(spacing) > 0 else None,
        position_mm=_of_length(tags.numbers("ImagePositionPatient"), 3),
        orientation=_of_length(tags.numbers("ImageOrientationPatient"), 6),
        thickness_mm=tags.number("SliceThickness"),
        slice_location_mm=tags.number("SliceLocation"),
        image_type=(*tags.words("FrameType", "ImageType"), *_component(tags)),
        comments=" ".join(filter(None, (tags.text("ImageComments"), tags.text("FrameComments")))),
        echo_number=tags.integer("EchoNumbers"),
        echo_time_ms=tags.number("EffectiveEchoTime", "EchoTime"),
        inversion_time_ms=inversion if inversion else None,
        flip_angle_deg=tags.number("FlipAngle"),
        temporal_position=tags.integer("TemporalPositionIndex", "TemporalPositionIdentifier"),
        beat_s=_beat_s(tags),
        slope=_or(tags.number("RescaleSlope"), 1.0),
        intercept=_or(tags.number("RescaleIntercept"), 0.0),
        philips_scale=tags.private_number(PHILIPS_SCALE_SLOPE),
        real_world=_real_world(tags),
        clocks=_clocks(tags),
    )


def start_of(records: Sequence[ImageRecord]) -> float:
    """Return the earliest AcquisitionTime of images in seconds, minus infinity where one does not show it."""
    return min((record.clocks.get(ACQUISITION_TIME, -math.inf) for record in records), default=-math.inf)


def _component(tags: Tags) -> tuple[str, ...]:
    """Return which part of the complex image this is where another attribute than the image type says it."""
    component = tags.words("ComplexImageComponent")
    number = tags.private_number(GE_IMAGE_KIND)
    if number is not None and number in range(len(GE_KINDS)):
        component += (GE_KINDS[int(number)],)
    return tuple(word for word in component if word in GE_KINDS[1:])


def _real_world(tags: Tags) -> tuple[float, float] | None:
    slope, intercept = tags.number("RealWorldValueSlope"), tags.number("RealWorldValueIntercept")
    if slope is None:
        items = tags.value("RealWorldValueMappingSequence")
        first = Tags(items[0]) if items else Tags()
        slope, intercept = first.number("RealWorldValueSlope"), first.number("RealWorldValueIntercept")
    return None if not slope else (slope, intercept or 0.0)


def _of_length(values: tuple[float, ...], length: int) -> tuple[float, ...]:
    return values if len(values) == length else ()


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _beat_s(tags: Tags) -> float | None:
    """Return the nominal R-R interval; some scanners write a few ms or 0, which are no heart beats."""
    interval_ms = tags.number("NominalInterval", "RRIntervalTimeNominal")
    if interval_ms is not None and 250.0 <= interval_ms <= 3000.0:
        return interval_ms / 1000.0
    rate = tags.number("HeartRate")
    return 60.0 / rate if rate is not None and 20.0 <= rate <= 240.0 else None


def _clocks(tags: Tags) -> dict[str, float]:
    found: dict[str, Any] = {
        name: instant_of_datetime(tags.text(keyword)) for name, keyword in DATE_TIME_CLOCKS.items()
    }
    found[ACQUISITION_TIME] = instant_of(tags.text("AcquisitionDate"), tags.text("AcquisitionTime"))
    found[CONTENT_TIME] = instant_of(tags.text("ContentDate"), tags.text("ContentTime"))
    found[TRIGGER_TIME] = _in_seconds(tags.number("TriggerTime", "NominalCardiacTriggerDelayTime"))
    found[TEMPORAL_OFFSET] = tags.number("TemporalPositionTimeOffset")
    found[PHILIPS_DYNAMIC_TIME] = tags.private_number(PHILIPS_DYNAMIC_TIME_S)
    return {name: float(value) for name, value in found.items() if value is not None}


def _in_seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000.0
