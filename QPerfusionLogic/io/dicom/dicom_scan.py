"""From a folder or file to the records of all its MR images."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.dicom.header.image_record import ImageRecord, record_of
from QPerfusionLogic.io.dicom.header.tags import Tags, flattened
from QPerfusionLogic.progress import Progress

PREAMBLE_BYTES = 132
MOST_FRAMES = 100_000
MOST_HEADERS = 200
"""So many headers are kept in memory."""


@dataclass(frozen=True)
class Broken:
    """Why a file cannot be used, and the SeriesInstanceUID in it ("" where that is lost too)."""

    reason: str
    series_uid: str


@dataclass(frozen=True)
class Scan:
    """The DICOM content of a path.

    Parameters
    ----------
    records : tuple of ImageRecord
        All MR images.
    headers : dict
        Headers of files (pixels left out): one for each series, as far as they are few.
    broken : dict
        For each DICOM file that cannot be used the reason and, where it is reported, its series.
    other_modalities : dict
        Modality -> number of files, for what is not MR.
    files : int
        Number of files looked at.
    """

    records: tuple[ImageRecord, ...]
    headers: dict[Path, Any]
    broken: dict[Path, Broken]
    other_modalities: dict[str, int]
    files: int

    @property
    def series_uids(self) -> frozenset[str]:
        """Identifiers of all series that an image was read of."""
        return frozenset(record.series_uid for record in self.records)

    def header_of(self, records: Sequence[ImageRecord]) -> Any:
        """Return the header of one of some images, read again where it was not kept."""
        kept = next((self.headers[record.path] for record in records if record.path in self.headers), None)
        return _header_of(records[0].path)[0] if kept is None else kept


def scan(path: Path, progress: Progress) -> Scan:
    """Read the headers of all DICOM files under a path.

    Raises
    ------
    InputError
        When the path does not exist.
    """
    files = _files_under(path)
    content = _Content([], {}, {}, {})
    for number, file in enumerate(files):
        if number % 50 == 0:
            progress.update(number / len(files), "reading headers")
        content.add(file)
    progress.update(1.0, "reading headers")
    return Scan(tuple(content.records), content.headers, content.broken, content.others, len(files))


@dataclass
class _Content:
    """What was found so far."""

    records: list[ImageRecord]
    headers: dict[Path, Any]
    broken: dict[Path, Broken]
    others: dict[str, int]
    names: set[Any] = field(default_factory=set)

    def add(self, file: Path) -> None:
        """Read one file's header and sort it into MR images, other images, and damaged files."""
        marked = _is_marked_as_dicom(file)
        if marked is None:
            return
        try:
            self._sort(file, marked)
        except Exception as error:  # pydicom lets errors of many kinds through from a damaged file
            if marked:
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                self.broken[file] = Broken(reason, "")

    def _sort(self, file: Path, marked: bool) -> None:
        header, pixel_bytes = _header_of(file)
        if not marked and "SOPClassUID" not in header:
            return
        modality = str(header.get("Modality", "") or "unknown")
        reason = _why_broken(header, pixel_bytes)
        if reason and modality in ("MR", "unknown"):
            self.broken[file] = Broken(reason, Tags(header).text("SeriesInstanceUID"))
            return
        if modality == "MR" and int(header.get("SamplesPerPixel", 1) or 1) > 1:
            modality = "colour"
        if modality != "MR" or "Rows" not in header:
            self.others[modality] = self.others.get(modality, 0) + 1
            return
        found = _records_of(file, header)
        self.records.extend(found)
        name = (found[0].series_uid, found[0].series_number)
        if name not in self.names and len(self.names) < MOST_HEADERS:
            self.names.add(name)
            self.headers[file] = header


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


def is_dicom(file: Path) -> bool:
    """Return True for a file with the mark of DICOM."""
    return _is_marked_as_dicom(file) is True


def _is_marked_as_dicom(file: Path) -> bool | None:
    """Return True for a DICM mark, False for an old file that starts right away with group 0002 or 0008, else None."""
    try:
        with file.open("rb") as stream:
            start = stream.read(PREAMBLE_BYTES)
    except OSError as error:
        raise InputError(f"no readable file {file} ({error.strerror or error})") from error
    if start[128:132] == b"DICM":
        return True
    old = len(start) == PREAMBLE_BYTES and struct.unpack("<H", start[:2])[0] in (0x0002, 0x0008)
    return False if old else None


def _header_of(file: Path) -> tuple[Any, int]:
    """Return the header and the number of bytes behind it."""
    import pydicom

    with file.open("rb") as stream:
        header = pydicom.dcmread(stream, stop_before_pixels=True, force=True)
        return header, file.stat().st_size - stream.tell()


def _why_broken(header: Any, pixel_bytes: int) -> str:
    """Return "" for a whole file, else what is missing."""
    given = header.file_meta.get("MediaStorageSOPClassUID") or header.get("SOPClassUID")
    name = getattr(getattr(given, "value", given), "name", "")
    if "SOPClassUID" not in header and "Directory" not in name:
        return "the header ends early"
    if "Image Storage" in name and not ("Rows" in header and "Columns" in header):
        return "the header ends before the image"
    syntax = header.file_meta.get("TransferSyntaxUID")
    frames = int(header.get("NumberOfFrames", 1) or 1)
    if frames > MOST_FRAMES:
        return f"{frames} frames in one file"
    if "Rows" not in header or (syntax is not None and (syntax.is_compressed or syntax.is_deflated)):
        return ""
    bits = frames * header.Rows * header.Columns * int(header.get("BitsAllocated", 16) or 16)
    return "the file ends before its last pixel" if pixel_bytes < bits // 8 else ""


def _records_of(file: Path, header: Any) -> list[ImageRecord]:
    if "PerFrameFunctionalGroupsSequence" not in header:
        frames = int(header.get("NumberOfFrames", 1) or 1)
        return [record_of(file, frame, Tags(header)) for frame in range(frames)]
    shared = flattened(header.get("SharedFunctionalGroupsSequence") or [])
    return [
        record_of(file, frame, Tags(flattened([groups]), shared, header))
        for frame, groups in enumerate(header.PerFrameFunctionalGroupsSequence)
    ]
