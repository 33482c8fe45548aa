"""A small perfusion series as files, for tests of the DICOM plugin."""

from __future__ import annotations

import numpy as np


def write_files(folder, frames=12, slices=2, modality="MR", description="stress perfusion sa"):
    """Write a Siemens-like series, one file per slice and frame, and return its files in no order."""
    import pydicom
    from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

    files = []
    series_uid, study_uid = generate_uid(), generate_uid()
    for frame in range(frames):
        for item in range(slices):
            data = pydicom.Dataset()
            data.file_meta = pydicom.dataset.FileMetaDataset()
            data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = MRImageStorage
            data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
            data.StudyInstanceUID, data.SeriesInstanceUID = study_uid, series_uid
            data.PatientID, data.PatientName = "digital", "Digital^Patient"
            data.Modality, data.Manufacturer, data.SeriesNumber = modality, "SIEMENS", 7
            data.SeriesDescription = description
            data.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
            data.AcquisitionNumber, data.InstanceNumber = frame + 1, frame * slices + item + 1
            seconds = 36000 + frame * 0.8 + item * 0.2
            clock = f"{int(seconds // 3600):02d}{int(seconds % 3600 // 60):02d}{seconds % 60:09.6f}"
            data.AcquisitionTime = data.ContentTime = clock
            data.AcquisitionDate = data.ContentDate = data.StudyDate = "20260101"
            data.StudyTime = data.SeriesTime = "100000"
            data.ImagePositionPatient, data.ImageOrientationPatient = [0, 0, 10.0 * item], [1, 0, 0, 0, 1, 0]
            data.PixelSpacing, data.SliceThickness = [2.0, 2.0], 8
            data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
            data.Rows = data.Columns = 24
            data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
            pixels = np.full((24, 24), 100 + frame, np.uint16)
            data.PixelData = pixels.tobytes()
            path = folder / f"{generate_uid()}.dcm"
            data.save_as(path, enforce_file_format=True)
            files.append(str(path))
    return sorted(files)
