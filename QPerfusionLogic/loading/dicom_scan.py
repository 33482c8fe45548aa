"""From a folder or file to the records of all its MR images."""

from __future__ import annotations

import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.progress import Progress

from .image_record import ImageRecord, record_of
from .tags import Tags

PREAMBLE_BYTES = 132


@dataclass(frozen=True)
class Scan:
    """The DICOM content of a path.

    Parameters
    ----------
    records : tuple of ImageRecord
        All MR images.
    headers : dict
        For each SeriesInstanceUID the header of one of its images (pixels left out).
    broken : dict
        Path -> reason, for DICOM files that cannot be used.
    other_modalities : dict
        Modality -> number of files, for what is not MR.
    files : int
        Number of files looked at.
    """

    records: tuple[ImageRecord, ...]
    headers: dict[str, Any]
    broken: dict[Path, str]
    other_modalities: dict[str, int]
    files: int


def scan(path: Path, progress: Progress) -> Scan:
    """Read the headers of all DICOM files under a path.

    Raises
    ------
    InputError
        When the path does not exist.
    """
    files = _files_under(path)
    records: list[ImageRecord] = []
    headers: dict[str, Any] = {}
    broken: dict[Path, str] = {}
    others: dict[str, int] = {}
    for number, file in enumerate(files):
        if number % 50 == 0:
            progress.update(number / len(files), "reading headers")
        if not _looks_like_dicom(file):
            continue
        header, reason = _header_of(file)
        if header is None:
            broken[file] = reason
            continue
        modality = str(header.get("Modality", "") or "no modality")
        if modality != "MR":
            others[modality] = others.get(modality, 0) + 1
            continue
        if "Rows" not in header:
            if "SOPClassUID" not in header or "Image" in getattr(header.SOPClassUID, "name", ""):
                broken[file] = "the header ends before the image"
            continue
        if _ends_early(file, header):
            broken[file] = "the file ends before its last pixel"
            continue
        found = _records_of(file, header)
        records.extend(found)
        headers.setdefault(found[0].series_uid, header)
    progress.update(1.0, "reading headers")
    return Scan(tuple(records), headers, broken, others, len(files))


def _files_under(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"nothing at {path}", expected="a folder or a file", action="check the path")
    return sorted(
        file
        for file in path.rglob("*")
        if file.is_file() and not file.name.startswith(".") and file.name.upper() != "DICOMDIR"
    )


def _looks_like_dicom(file: Path) -> bool:
    """Return True for files with a DICM mark, and for old ones that start right away with group 0002 or 0008."""
    try:
        with file.open("rb") as stream:
            start = stream.read(PREAMBLE_BYTES)
    except OSError as error:
        raise InputError(f"no readable file {file} ({error.strerror or error})") from error
    if start[128:132] == b"DICM":
        return True
    return len(start) == PREAMBLE_BYTES and struct.unpack("<H", start[:2])[0] in (0x0002, 0x0008)


def _header_of(file: Path) -> tuple[Any, str]:
    import pydicom

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pydicom.dcmread(file, stop_before_pixels=True, force=True), ""
    except Exception as error:  # pydicom lets errors of many kinds through from a damaged file
        return None, str(error).splitlines()[0] if str(error) else type(error).__name__


def _ends_early(file: Path, header: Any) -> bool:
    """Return True when an uncompressed file is too small for its pixels."""
    syntax = getattr(header.file_meta, "TransferSyntaxUID", None)
    if syntax is not None and syntax.is_compressed:
        return False
    frames = int(header.get("NumberOfFrames", 1) or 1)
    bits = frames * header.Rows * header.Columns * int(header.get("BitsAllocated", 16) or 16)
    return file.stat().st_size < bits // 8


def _records_of(file: Path, header: Any) -> list[ImageRecord]:
    if "PerFrameFunctionalGroupsSequence" not in header:
        frames = int(header.get("NumberOfFrames", 1) or 1)
        return [record_of(file, frame, Tags(header)) for frame in range(frames)]
    shared = flattened(header.get("SharedFunctionalGroupsSequence") or [])
    return [
        record_of(file, frame, Tags(flattened([groups]), shared, header))
        for frame, groups in enumerate(header.PerFrameFunctionalGroupsSequence)
    ]


def flattened(items: Any) -> dict[Any, Any]:
    """Return the attributes of all functional groups (macros of one item each) in one dictionary by keyword."""
    found: dict[Any, Any] = {}
    for groups in items:
        for group in groups:
            if group.VR != "SQ":
                continue
            for item in group.value:
                for element in item:
                    found.setdefault(element.keyword or element.tag, element.value)
    return found
