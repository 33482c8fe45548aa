"""Writes the series of a digital patient as DICOM, the way each vendor's scanner would, labelled synthetic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.study import FloatArray, PerfusionSeries, SeriesKind

from .simulated import SimulatedStudy

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

VENDORS = ("siemens", "ge", "philips")
STUDY_DATE = "20260102"
STUDY_START_S = 9 * 3600.0
SYNTHETIC = "SYNTHETIC: digital patient simulated by QPerfusion, not a human being"
UID_ROOT = "1.2.826.0.1.3680043.8.498."
MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4"


@dataclass(frozen=True)
class Picture:
    """One image to be written.

    `frame` counts all images of a slice in time, proton-density ones first; `clock_s` is the time of day,
    `since_start_s` the time since the first image of the series.
    """

    pixels: FloatArray
    frame: int
    slice_index: int
    echo: int
    proton_density: bool
    clock_s: float
    since_start_s: float


def write_dicom(
    simulated: SimulatedStudy,
    folder: Path,
    vendor: str = "siemens",
    enhanced: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Write all series of a study below `folder`.

    Parameters
    ----------
    simulated : SimulatedStudy
        What `simulate_patient` returned.
    folder : Path
        Made when absent; one sub-folder per series.
    vendor : str
        "siemens", "ge" or "philips": which tags carry times, scaling and geometry.
    enhanced : bool
        One multi-frame file per series instead of one file per image.

    Returns
    -------
    list of Path
        The series' folders.

    Raises
    ------
    InputError
        When the vendor is unknown.
    """
    if vendor not in VENDORS:
        raise InputError(f"vendor {vendor!r}", expected=f"one of {', '.join(VENDORS)}")
    progress = progress or Progress()
    series = list(_all_series(simulated))
    written = []
    for number, item in enumerate(series):
        target = Path(folder) / f"{number + 1:03d}_{item.state}_{item.kind}"
        target.mkdir(parents=True, exist_ok=True)
        if enhanced:
            from .dicom_enhanced import write_enhanced

            write_enhanced(simulated, item, number + 1, vendor, target / "series.dcm")
        else:
            _write_classic(simulated, item, number + 1, vendor, target)
        written.append(target)
        progress.update((number + 1) / len(series), f"{item.state} {item.kind} written")
    return written


def pictures(series: PerfusionSeries) -> Iterator[Picture]:
    """Yield every image in the order it was taken, the slices of a heart beat together."""
    start = STUDY_START_S + (series.source.acquired_at_s or 0.0)
    density = series.proton_density
    leading = 0 if density is None else density.shape[0]
    beat_s = float(np.median(np.diff(series.time_s[:, 0])))
    for frame in range(leading + series.frames):
        is_density = frame < leading
        for index in range(series.slices):
            source = density if is_density and density is not None else series.signal
            at = frame if is_density else frame - leading
            since = (
                series.time_s[0, index] + frame * beat_s if is_density else series.time_s[at, index] + leading * beat_s
            )
            since -= float(series.time_s[0, 0])
            yield Picture(source[at, index], frame, index, 1, is_density, start + since, since)
            if series.second_echo is not None and not is_density:
                yield Picture(series.second_echo[at, index], frame, index, 2, False, start + since, since)


def series_dataset(simulated: SimulatedStudy, series: PerfusionSeries, number: int, vendor: str) -> Dataset:
    """Return the tags that all images of a series share."""
    from pydicom.dataset import Dataset
    from pydicom.uid import generate_uid

    protocol = series.protocol
    name = f"{simulated.seed:06d}"
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 100"
    data.SOPClassUID = MR_IMAGE_STORAGE
    data.StudyInstanceUID = generate_uid(UID_ROOT, ["study", name])
    data.SeriesInstanceUID = generate_uid(UID_ROOT, ["series", name, vendor, str(number)])
    data.FrameOfReferenceUID = generate_uid(UID_ROOT, ["frame", name])
    data.PatientName = f"DIGITAL^PATIENT {name}"
    data.PatientID = f"DIGITAL-{name}"
    data.PatientBirthDate, data.PatientSex = "", "O"
    data.StudyID, data.AccessionNumber, data.ReferringPhysicianName = "1", "", ""
    data.StudyDate = data.SeriesDate = data.AcquisitionDate = data.ContentDate = STUDY_DATE
    data.StudyTime = dicom_time(STUDY_START_S)
    data.SeriesTime = dicom_time(STUDY_START_S + (series.source.acquired_at_s or 0.0))
    data.Modality, data.SeriesNumber, data.PositionReferenceIndicator = "MR", number, ""
    data.StudyDescription = "Digital perfusion patient"
    data.SeriesDescription = series_description(series)
    data.ProtocolName = data.SeriesDescription
    data.ImageComments, data.QualityControlImage = SYNTHETIC, "YES"
    data.ContrastBolusAgent = protocol.agent
    data.MagneticFieldStrength = protocol.field_strength_t
    data.RepetitionTime = _ms(protocol.repetition_time_s)
    data.FlipAngle = protocol.flip_angle_deg
    data.InversionTime = _ms(protocol.saturation_time_s)
    data.ScanningSequence, data.SequenceVariant, data.ScanOptions = "GR", ["SP", "MP"], "CG"
    data.MRAcquisitionType, data.NumberOfAverages, data.EchoTrainLength = "2D", 1, 1
    data.HeartRate = round(protocol.heart_rate_bpm or 0.0)
    data.SliceThickness = float(np.linalg.norm(series.geometry.index_to_lps[0][:3, 2]))
    if series.slices > 1:
        data.SpacingBetweenSlices = _spacing_mm(series)
    data.PixelSpacing = [decimal(value) for value in series.geometry.pixel_spacing_mm]
    data.Rows, data.Columns = series.image_shape[1:]
    data.InPlanePhaseEncodingDirection = "COL"
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    return data


def series_description(series: PerfusionSeries) -> str:
    """Return what a technologist would type."""
    words = {SeriesKind.AIF: "AIF", SeriesKind.PRE_BOLUS: "prebolus", SeriesKind.T1_MAP: "T1map MOLLI"}
    state = f"{series.state}".capitalize()
    return f"{state}_perf_SA_{words.get(series.kind, 'dynamic')}"


def decimal(value: float) -> float:
    """Return a number that fits DICOM's 16 characters."""
    return float(f"{value:.9g}")


def dicom_time(seconds: float) -> str:
    """Return HHMMSS.ffffff."""
    micro = round(seconds * 1e6)
    whole, fraction = divmod(micro, 1_000_000)
    return f"{whole // 3600:02d}{whole // 60 % 60:02d}{whole % 60:02d}.{fraction:06d}"


def stored_pixels(pixels: FloatArray, slope: float = 1.0) -> bytes:
    """Return 12-bit little-endian pixels."""
    return np.clip(np.round(pixels / slope), 0, 4095).astype("<u2").tobytes()


def place(data: Dataset, series: PerfusionSeries, slice_index: int) -> None:
    """Write where a slice lies."""
    matrix = series.geometry.index_to_lps[slice_index]
    rows = matrix[:3, 1] / np.linalg.norm(matrix[:3, 1])
    columns = matrix[:3, 0] / np.linalg.norm(matrix[:3, 0])
    data.ImageOrientationPatient = [decimal(value) for value in (*columns, *rows)]
    data.ImagePositionPatient = [decimal(value) for value in matrix[:3, 3]]
    normal = np.cross(columns, rows)
    data.SliceLocation = decimal(float(normal @ matrix[:3, 3]))


def _write_classic(simulated: SimulatedStudy, series: PerfusionSeries, number: int, vendor: str, folder: Path) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    from .dicom_vendors import FILE_NAMES, VENDOR_TAGS

    common = series_dataset(simulated, series, number, vendor)
    tags: Callable[[Dataset, PerfusionSeries, Picture, int], float] = VENDOR_TAGS[vendor]
    for instance, picture in enumerate(pictures(series), start=1):
        data = Dataset()
        data.update(common)
        data.SOPInstanceUID = generate_uid(UID_ROOT, [str(common.SeriesInstanceUID), str(instance)])
        data.InstanceNumber, data.AcquisitionNumber = instance, picture.frame + 1
        data.EchoNumbers = picture.echo
        protocol = series.protocol
        data.EchoTime = _ms(protocol.second_echo_time_s if picture.echo == 2 else protocol.echo_time_s)
        place(data, series, picture.slice_index)
        slope = tags(data, series, picture, instance)
        data.PixelData = stored_pixels(picture.pixels, slope)
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        data.save_as(folder / FILE_NAMES[vendor].format(instance), enforce_file_format=True)


def _all_series(simulated: SimulatedStudy) -> Iterator[PerfusionSeries]:
    acquisitions = [simulated.study.acquisition(state) for state in simulated.study.states]
    acquisitions.sort(key=lambda acquisition: acquisition.tissue.source.acquired_at_s or 0.0)
    for acquisition in acquisitions:
        for series in (acquisition.pre_bolus, acquisition.tissue, acquisition.aif_series):
            if series is not None:
                yield series


def _ms(seconds: float | None) -> Any:
    return None if seconds is None else decimal(seconds * 1e3)


def _spacing_mm(series: PerfusionSeries) -> float:
    first, second = series.geometry.index_to_lps[:2, :3, 3]
    return decimal(float(np.linalg.norm(second - first)))
