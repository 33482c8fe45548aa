"""Pixels of DICOM images as numbers, rescaled image by image."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.errors import InputError, MissingPackageError
from QPerfusionLogic.io.dicom.header.image_record import ImageRecord
from QPerfusionLogic.progress import Progress

DECODER_ADVICE = "install its decoders: pip install pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg"


def read_images(records: Sequence[ImageRecord], progress: Progress) -> FloatArray:
    """Return the rescaled images (n, rows, columns) float32 of n records.

    Raises
    ------
    InputError
        When a file is damaged.
    MissingPackageError
        When no decoder for the compression is installed.
    """
    first = records[0]
    images = np.empty((len(records), first.rows, first.columns), dtype=np.float32)
    by_file: dict[Path, list[int]] = defaultdict(list)
    for number, record in enumerate(records):
        by_file[record.path].append(number)
    for done, (path, numbers) in enumerate(by_file.items()):
        if done % 25 == 0:
            progress.update(done / len(by_file), "reading images")
        frames = _frames_of(path)
        for number in numbers:
            record = records[number]
            if record.frame >= len(frames) or frames.shape[1:] != images.shape[1:]:
                raise InputError(f"{path}: pixels that do not fit its header", action="export the file again")
            images[number] = frames[record.frame]
            images[number] *= np.float32(record.slope)
            images[number] += np.float32(record.intercept)
    return images


def _frames_of(path: Path) -> FloatArray:
    """Return the stored values (frames, rows, columns) of one file."""
    import pydicom

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(path, force=True)
            pixels = _decoded(path, dataset)
    except MissingPackageError:
        raise
    except Exception as error:  # decoders raise errors of many kinds on damaged pixels
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: unreadable pixels ({reason})", action="export the file again") from error
    return pixels if pixels.ndim == 3 else pixels[None]


def _decoded(path: Path, dataset: Any) -> FloatArray:
    syntax = dataset.file_meta.get("TransferSyntaxUID") if "TransferSyntaxUID" in dataset.file_meta else None
    if syntax is None:
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2"
    elif syntax.is_compressed and not _has_decoder(syntax):
        return _decoded_by_itk(path, dataset, syntax.name)
    return np.asarray(dataset.pixel_array)


def _has_decoder(syntax: Any) -> bool:
    from pydicom.pixels import get_decoder

    try:
        return bool(get_decoder(syntax).is_available)
    except NotImplementedError:
        return False


def _decoded_by_itk(path: Path, dataset: Any, compression: str) -> FloatArray:
    """Return stored values through SimpleITK's own decoders, which apply the rescale that is undone here."""
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        values = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))).astype(np.float64)
    except RuntimeError as error:
        raise MissingPackageError(
            f"{path}: compression {compression} without a decoder", action=DECODER_ADVICE
        ) from error
    slope, intercept = (
        float(dataset.get(name, default)) for name, default in (("RescaleSlope", 1), ("RescaleIntercept", 0))
    )
    return (values - intercept) / (slope or 1.0)
