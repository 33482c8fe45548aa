"""The DICOM images that exported objects refer to: those a series was read from, or made-up ones for other input.

Patient and study come from the source images, because a DICOM object has to belong to its patient: what an archive
files by, and nothing else. They go nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.io.dicom.header.identity import hashed
from QPerfusionLogic.io.results.provenance import array_hash

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

POSITION_TOLERANCE_MM = 0.1
_HEADER_TAGS = ["StudyInstanceUID", "SeriesInstanceUID", "ImagePositionPatient", "InstanceNumber"]
_TYPE_TWO = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
)
_OF_PERSONS = (0x0008, 0x0010, 0x0012, 0x0032, 0x0038, 0x0040)
"""Groups that describe patient, study, request and visit."""
_KEPT_OF_THEM = frozenset(
    {
        *("SpecificCharacterSet", "ImageType", "SOPClassUID", "SOPInstanceUID", "Modality"),
        *("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "AcquisitionDateTime"),
        *("StudyTime", "SeriesTime", "AcquisitionTime", "ContentTime", "TimezoneOffsetFromUTC"),
        *("AccessionNumber", "StudyID", "Manufacturer", "ManufacturerModelName"),
        *("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex"),
    }
)
"""What an archive files by, and what belongs to the images themselves."""
_FREE_TEXTS = ("DeviceSerialNumber", "DeviceUID", "GantryID", "ProtocolName", "StudyComments", "ImageComments")
"""Free texts and numbers of devices in the other groups."""


@dataclass(frozen=True)
class SourceImages:
    """Images to refer to: one per slice, or one multi-frame image; `made_up` when no DICOM file was found."""

    datasets: tuple[Dataset, ...]
    made_up: bool = False


@dataclass(frozen=True)
class _Header:
    path: Path
    study: str
    series: str
    position: tuple[float, ...]


class SourceFolder:
    """Every DICOM image under some paths, found once and asked for each series.

    Parameters
    ----------
    paths : iterable of Path
        Files and folders; what is not DICOM is passed over.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._headers = [header for path in _files(paths) if (header := _read_header(path)) is not None]
        self._salts = sorted({header.study for header in self._headers})
        self._made_up_study = ""

    def images_of(self, series: PerfusionSeries) -> SourceImages:
        """Return the images that a series was read from; made-up ones where there are none.

        Parameters
        ----------
        series : PerfusionSeries
            Its `source.series_hash` and geometry show which files are meant.
        """
        own = [header for header in self._headers if self._belongs(header, series.source.series_hash)]
        if own and not own[0].position:
            return SourceImages((_completed(_read_whole(own[0].path)),))
        chosen = [_nearest(own, matrix[:3, 3]) for matrix in series.geometry.index_to_lps]
        found = [header for header in chosen if header is not None]
        if len(found) < series.slices:
            return SourceImages(self._stand_ins(series), made_up=True)
        datasets = [_completed(_read_whole(header.path)) for header in found]
        frame_of_reference = datasets[0].FrameOfReferenceUID
        for dataset in datasets:
            dataset.FrameOfReferenceUID = frame_of_reference
        return SourceImages(tuple(datasets))

    def _stand_ins(self, series: PerfusionSeries) -> tuple[Any, ...]:
        """Return a made-up image for every slice; all of one export share one study."""
        self._made_up_study = self._made_up_study or array_hash(series.signal)
        fingerprint = array_hash(series.signal)
        return tuple(_made_up(series, index, fingerprint, self._made_up_study) for index in range(series.slices))

    def _belongs(self, header: _Header, series_hash: str) -> bool:
        return bool(series_hash) and any(hashed(header.series, salt) == series_hash for salt in self._salts)


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        found += sorted(item for item in path.rglob("*") if item.is_file()) if path.is_dir() else [path]
    return list(dict.fromkeys(found))


def _read_header(path: Path) -> _Header | None:
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        data = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_HEADER_TAGS)
    except (InvalidDicomError, OSError, EOFError, AttributeError, ValueError):
        return None
    position = tuple(float(value) for value in data.get("ImagePositionPatient") or ())
    return _Header(path, str(data.get("StudyInstanceUID", "")), str(data.get("SeriesInstanceUID", "")), position)


def _nearest(headers: Sequence[_Header], position_mm: np.ndarray) -> _Header | None:
    """Return the first image that lies at a position, None when there is none."""
    for header in headers:
        if len(header.position) == 3 and np.abs(np.array(header.position) - position_mm).max() < POSITION_TOLERANCE_MM:
            return header
    return None


def _read_whole(path: Path) -> Any:
    import pydicom

    return pydicom.dcmread(path, stop_before_pixels=True)


def _completed(dataset: Any) -> Any:
    """Return the dataset with the attributes that every derived object has to copy, empty where they are absent.

    What else it says of persons and places is taken out, since derived objects copy whole modules.
    """
    from pydicom.uid import generate_uid

    for element in list(dataset):
        of_persons = element.tag.group in _OF_PERSONS and element.keyword not in _KEPT_OF_THEM
        if of_persons or element.tag.is_private or element.keyword in _FREE_TEXTS:
            del dataset[element.tag]
    for name in _TYPE_TWO:
        if name not in dataset:
            setattr(dataset, name, "")
    if "FrameOfReferenceUID" not in dataset:
        dataset.FrameOfReferenceUID = generate_uid(entropy_srcs=[str(dataset.StudyInstanceUID), "frame of reference"])
    return dataset


def _made_up(series: PerfusionSeries, index: int, fingerprint: str, study: str) -> Any:
    """Return a stand-in for an image of a slice of a series that did not come from DICOM, without any patient."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = MRImageStorage
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[fingerprint, "instance", str(index)])
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=[study, "study"])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[fingerprint, "series"])
    dataset.Modality = "MR"
    dataset.InstanceNumber = index + 1
    _, dataset.Rows, dataset.Columns = series.image_shape
    spacing = series.geometry.pixel_spacing_mm
    matrix = series.geometry.index_to_lps[index]
    rows, columns = series.geometry.in_plane_axes[index]
    dataset.PixelSpacing = [round(value, 6) for value in spacing]
    dataset.SliceThickness = round(float(np.linalg.norm(matrix[:3, 2])), 6)
    dataset.ImagePositionPatient = [round(float(value), 6) for value in matrix[:3, 3]]
    dataset.ImageOrientationPatient = [round(float(value), 6) for value in (*columns, *rows)]
    return _completed(dataset)
