"""DICOM series written image by image, as each maker writes them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

BEATS_S = np.concatenate([[0.0], np.cumsum(np.tile([0.80, 0.75, 0.95, 0.82], 5))])
"""21 beats of an irregular heart."""


@dataclass
class SeriesWriter:
    """Writes series of one patient and study into folders; `tags(frame, slice)` overrides attributes of each image."""

    patient: str = "P-4711"
    study_uid: str = field(default_factory=generate_uid)
    numbers: int = 0

    def __call__(
        self,
        folder: Path,
        frames: int = 12,
        slices: int = 1,
        rows: int = 16,
        columns: int = 20,
        *,
        series_uid: str = "",
        tags: Callable[[int, int], dict[str, Any]] = lambda frame, slice_: {},
        pixels: Callable[[int, int], Any] = lambda frame, slice_: 100 + 10 * frame + slice_,
        dtype: Any = np.uint16,
        order: Any = None,
        **shared: Any,
    ) -> list[Path]:
        """Write frames x slices images; pixel values show frame and slice. Returns the paths."""
        folder.mkdir(parents=True, exist_ok=True)
        self.numbers += 1
        series_uid = series_uid or generate_uid()
        indices = [(frame, slice_) for frame in range(frames) for slice_ in range(slices)]
        paths = []
        for number, (frame, slice_) in enumerate(indices if order is None else [indices[k] for k in order]):
            values = np.broadcast_to(np.asarray(pixels(frame, slice_)), (rows, columns)).astype(dtype)
            dataset = self.image(values, frame * slices + slice_ + 1, slice_)
            dataset.SeriesInstanceUID = series_uid
            dataset.SeriesNumber = self.numbers
            for keyword, value in {**shared, **tags(frame, slice_)}.items():
                if value is None:
                    del dataset[keyword]
                else:
                    setattr(dataset, keyword, value)
            path = folder / f"{self.numbers:02d}_{number:04d}"
            dataset.save_as(path, enforce_file_format=True)
            paths.append(path)
        return paths

    def image(self, values: np.ndarray, instance: int, slice_: int) -> Dataset:
        """Return one MR image whose clock has to be set by the caller."""
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = MRImageStorage
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
        dataset.Modality = "MR"
        dataset.PatientID = self.patient
        dataset.PatientName = "Hidden^Person"
        dataset.StudyInstanceUID = self.study_uid
        dataset.InstanceNumber = instance
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "M"]
        dataset.ImagePositionPatient = [-30.0, -40.0, 50.0 - 10.0 * slice_]
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing = [2.0, 1.5]
        dataset.SliceThickness = 8
        dataset.RepetitionTime, dataset.EchoTime, dataset.FlipAngle = 2.2, 1.1, 15
        dataset.InversionTime, dataset.MagneticFieldStrength = 100, 1.5
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit, dataset.PixelRepresentation = 15, int(values.dtype.kind == "i")
        dataset.Rows, dataset.Columns = values.shape
        dataset.PixelData = values.tobytes()
        return dataset


class Clocks:
    """How each maker writes the time of an image; every method returns arguments for a `SeriesWriter`."""

    beats_s = BEATS_S

    @staticmethod
    def text(seconds: float) -> str:
        """Return seconds of a day as a DICOM time."""
        seconds %= 86400.0
        return f"{int(seconds // 3600):02d}{int(seconds // 60 % 60):02d}{seconds % 60:09.6f}"

    def siemens(
        self, times_s: np.ndarray = BEATS_S, start_s: float = 36000.0, delay_s: float = 0.15, **more: Any
    ) -> dict[str, Any]:
        """AcquisitionTime of every image; slices one after the other."""
        return {
            "Manufacturer": "SIEMENS",
            "tags": lambda frame, slice_: {"AcquisitionTime": self.text(start_s + times_s[frame] + delay_s * slice_)},
            **more,
        }

    def ge(self, times_s: np.ndarray = BEATS_S, start_s: float = 36000.0, **more: Any) -> dict[str, Any]:
        """Cumulative TriggerTime; AcquisitionTime in whole seconds and the same for many frames."""
        return {
            "Manufacturer": "GE MEDICAL SYSTEMS",
            "tags": lambda frame, slice_: {
                "TriggerTime": round(1000 * (times_s[frame] + 0.15 * slice_ + 0.1), 3),
                "AcquisitionTime": self.text(start_s + frame // 8).split(".")[0],
            },
            **more,
        }

    def philips(self, times_s: np.ndarray = BEATS_S, start_s: float = 36000.0, **more: Any) -> dict[str, Any]:
        """TemporalPositionIdentifier with cumulative TriggerTime; one AcquisitionTime for the whole series."""
        return {
            "Manufacturer": "Philips Medical Systems",
            "tags": lambda frame, slice_: {
                "TemporalPositionIdentifier": frame + 1,
                "TriggerTime": round(1000 * (times_s[frame] + 0.15 * slice_), 3),
                "AcquisitionTime": self.text(start_s),
            },
            **more,
        }


@pytest.fixture
def clocks() -> Clocks:
    """How each maker writes the time of an image."""
    return Clocks()


@pytest.fixture
def write() -> SeriesWriter:
    """A writer of the series of one patient."""
    return SeriesWriter()


@pytest.fixture
def another_patient() -> SeriesWriter:
    """A writer of the series of somebody else."""
    return SeriesWriter(patient="P-0815")


@pytest.fixture
def a_ct_folder(tmp_path: Path, write: SeriesWriter) -> Path:
    """A folder of CT images."""
    for path in write(tmp_path / "ct", frames=3):
        dataset = pydicom.dcmread(path)
        dataset.Modality, dataset.SOPClassUID = "CT", CTImageStorage
        dataset.save_as(path)
    return tmp_path / "ct"
