"""What differs between vendors in a classic single-frame perfusion image: clock, scaling, names, file names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.phantom.scanner.scanner import MODELS

from .dicom_header import dicom_time
from .dicom_pictures import STUDY_START_S, Picture

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MANUFACTURERS = {"siemens": "SIEMENS", "ge": "GE MEDICAL SYSTEMS", "philips": "Philips Medical Systems"}
GE_START_DELAY_MS = 250.0


def siemens_tags(data: Dataset, series: PerfusionSeries, picture: Picture) -> float:
    """AcquisitionTime is the clock of every image; TriggerTime is the delay after the R wave."""
    data.Manufacturer, data.ManufacturerModelName = MANUFACTURERS["siemens"], MODELS["siemens"]
    data.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "NORM"]
    data.SequenceName = f"*{'tfi' if series.protocol.sequence == 'bssfp' else 'tfl'}2d1_{series.image_shape[1] // 3}"
    data.SequenceVariant = ["SS", "SP"] if series.protocol.sequence == "bssfp" else ["SP", "MP", "OSP"]
    data.AcquisitionTime = data.ContentTime = dicom_time(picture.clock_s)
    data.TriggerTime = round(float(series.time_s[0, picture.slice_index]) * 1e3, 1)
    data.WindowCenter, data.WindowWidth = 250, 500
    return 1.0


def ge_tags(data: Dataset, series: PerfusionSeries, picture: Picture) -> float:
    """TriggerTime runs on from the start of the series; AcquisitionTime is coarse and field strength is in gauss."""
    data.Manufacturer, data.ManufacturerModelName = MANUFACTURERS["ge"], MODELS["ge"]
    data.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
    data.MagneticFieldStrength = round((series.protocol.field_strength_t or 1.5) * 1e4)
    data.SequenceVariant, data.SequenceName = ["SS", "SP"], "fgret"
    start = STUDY_START_S + (series.source.acquired_at_s or 0.0)
    data.AcquisitionTime = data.ContentTime = dicom_time(np.floor(start))
    data.TriggerTime = round(picture.since_start_s * 1e3 + GE_START_DELAY_MS, 1)
    data.ImagesInAcquisition = series.slices * series.frames
    return 1.0


def philips_tags(data: Dataset, series: PerfusionSeries, picture: Picture) -> float:
    """TemporalPositionIdentifier counts the dynamics and TriggerTime runs on; pixels carry a rescale slope."""
    data.Manufacturer, data.ManufacturerModelName = MANUFACTURERS["philips"], MODELS["philips"]
    data.ImageType = ["ORIGINAL", "PRIMARY", "M_FFE", "M", "FFE"]
    data.SequenceVariant, data.PulseSequenceName = ["SS", "SP"], "TFE"
    start = STUDY_START_S + (series.source.acquired_at_s or 0.0)
    data.AcquisitionTime = data.ContentTime = dicom_time(start)
    data.TemporalPositionIdentifier = picture.frame + 1
    leading = 0 if series.proton_density is None else series.proton_density.shape[0]
    data.NumberOfTemporalPositions = series.frames + leading
    data.TriggerTime = round(picture.since_start_s * 1e3, 1)
    slope = 0.5
    data.RescaleSlope, data.RescaleIntercept, data.RescaleType = slope, 0.0, "normalized"
    return slope


VENDOR_TAGS: dict[str, Callable[[Any, PerfusionSeries, Picture], float]] = {
    "siemens": siemens_tags,
    "ge": ge_tags,
    "philips": philips_tags,
}
FILE_NAMES = {"siemens": "{:05d}.dcm", "ge": "I{:04d}", "philips": "IM_{:04d}"}
