"""The header that all images of a digital series share, labelled synthetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from QPerfusionLogic.data.contrast_agents import agent_concentration_mmol_ml
from QPerfusionLogic.data.series import PerfusionSeries, SeriesKind
from QPerfusionLogic.phantom.simulation.simulated import SimulatedStudy

from .dicom_pictures import STUDY_START_S

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

STUDY_DATE = "20260102"
SYNTHETIC = "SYNTHETIC: digital patient simulated by QPerfusion, not a human being"
UID_ROOT = "1.2.826.0.1.3680043.8.498."
WEIGHT_KG = 75.0
"""What every digital patient is said to weigh: with the volume it gives the dose, which is all that is asked of it."""
MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4"
_KIND_WORDS = {SeriesKind.AIF: "AIF", SeriesKind.PRE_BOLUS: "prebolus"}


def series_dataset(simulated: SimulatedStudy, series: PerfusionSeries, number: int, vendor: str) -> Dataset:
    """Return the tags that all images of a series share."""
    from pydicom.dataset import Dataset

    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 100"
    data.SOPClassUID = MR_IMAGE_STORAGE
    _identify(data, f"{simulated.seed:06d}", vendor, number)
    data.StudyTime = dicom_time(STUDY_START_S)
    data.SeriesTime = dicom_time(STUDY_START_S + (series.source.acquired_at_s or 0.0))
    data.SeriesDescription = data.ProtocolName = series_description(series)
    _describe_acquisition(data, series)
    data.PixelSpacing = [decimal(value) for value in series.geometry.pixel_spacing_mm]
    data.Rows, data.Columns = series.image_shape[1:]
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    return data


def series_description(series: PerfusionSeries) -> str:
    """Return what a technologist would type."""
    if series.kind is SeriesKind.T1_MAP:
        return "T1map_MOLLI_SA_native"
    return f"{str(series.state).capitalize()}_perf_SA_{_KIND_WORDS.get(series.kind, 'dynamic')}"


def write_place(data: Dataset, series: PerfusionSeries, slice_index: int) -> None:
    """Write where a slice lies."""
    matrix = series.geometry.index_to_lps[slice_index]
    rows, columns = series.geometry.in_plane_axes[slice_index]
    data.ImageOrientationPatient = [decimal(value) for value in (*columns, *rows)]
    data.ImagePositionPatient = [decimal(value) for value in matrix[:3, 3]]
    data.SliceLocation = decimal(float(np.cross(columns, rows) @ matrix[:3, 3]))


def echo_time_ms(series: PerfusionSeries, echo: int) -> Any:
    """Return the echo time of the first or second echo."""
    return milliseconds(series.protocol.second_echo_time_s if echo == 2 else series.protocol.echo_time_s)


def flip_angle_deg(series: PerfusionSeries, proton_density: bool) -> float | None:
    """Return the flip angle of a saturation-recovery or a proton-density image."""
    protocol = series.protocol
    return protocol.proton_density_flip_angle_deg if proton_density else protocol.flip_angle_deg


def decimal(value: float) -> float:
    """Return a number that fits DICOM's 16 characters."""
    return float(f"{value:.9g}")


def milliseconds(seconds: float | None) -> Any:
    """Return milliseconds, or None for an empty element."""
    return None if seconds is None else decimal(seconds * 1e3)


def dicom_time(seconds: float) -> str:
    """Return HHMMSS.ffffff.

    Examples
    --------
    >>> dicom_time(3725.25)
    '010205.250000'
    """
    whole, fraction = divmod(round(seconds * 1e6), 1_000_000)
    return f"{whole // 3600:02d}{whole // 60 % 60:02d}{whole % 60:02d}.{fraction:06d}"


def _identify(data: Dataset, name: str, vendor: str, number: int) -> None:
    from pydicom.uid import generate_uid

    data.StudyInstanceUID = generate_uid(UID_ROOT, ["study", name])
    data.SeriesInstanceUID = generate_uid(UID_ROOT, ["series", name, vendor, str(number)])
    data.FrameOfReferenceUID = generate_uid(UID_ROOT, ["frame", name])
    data.PatientName = f"DIGITAL^PATIENT {name}"
    data.PatientID = f"DIGITAL-{name}"
    data.PatientBirthDate, data.PatientSex = "", "O"
    data.StudyID, data.AccessionNumber, data.ReferringPhysicianName = "1", "", ""
    data.StudyDate = data.SeriesDate = data.AcquisitionDate = data.ContentDate = STUDY_DATE
    data.Modality, data.SeriesNumber, data.PositionReferenceIndicator = "MR", number, ""
    data.StudyDescription = "Digital perfusion patient"
    data.ImageComments, data.QualityControlImage = SYNTHETIC, "YES"


def _describe_acquisition(data: Dataset, series: PerfusionSeries) -> None:
    protocol = series.protocol
    if protocol.agent:
        data.ContrastBolusAgent = protocol.agent
        if protocol.dose_mmol_kg:
            volume = protocol.dose_mmol_kg * WEIGHT_KG / agent_concentration_mmol_ml(protocol.agent)
            data.PatientWeight, data.ContrastBolusVolume = WEIGHT_KG, decimal(volume)
    data.MagneticFieldStrength = protocol.field_strength_t
    data.RepetitionTime = milliseconds(protocol.repetition_time_s)
    data.FlipAngle = protocol.flip_angle_deg
    data.InversionTime = milliseconds(protocol.saturation_time_s)
    data.ScanningSequence, data.SequenceVariant, data.ScanOptions = "GR", ["SP", "MP"], "CG"
    data.MRAcquisitionType, data.NumberOfAverages, data.EchoTrainLength = "2D", 1, 1
    if protocol.heart_rate_bpm:
        data.HeartRate = round(protocol.heart_rate_bpm)
    data.SliceThickness = decimal(float(np.linalg.norm(series.geometry.index_to_lps[0][:3, 2])))
    if series.slices > 1:
        first, second = series.geometry.index_to_lps[:2, :3, 3]
        data.SpacingBetweenSlices = decimal(float(np.linalg.norm(second - first)))
    data.InPlanePhaseEncodingDirection = "COL"
